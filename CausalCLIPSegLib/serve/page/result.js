// A result as the page shows it: made from the answers of the server.

import { Segmentation } from "./segmentation.js";

/**
 * Load the result of a run: its document, its probability and its masks.
 *
 * @param signal ends waiting for a server that cannot be reached.
 * @returns {{run, document, segmentation, maps: Map}} each map is {name, bytes}.
 */
export async function loadResult(session, run, radiograph, signal) {
  const document = await session.document(run, signal);
  const maps = document.maps.map(({ name }) => [name, { name, bytes: null }]);
  const result = { run, document, segmentation: null, maps: new Map(maps) };
  const probability = (await loadMap(session, result, "probability", signal)).bytes;
  const segmentation = new Segmentation(radiograph, probability, document.threshold);
  const found = new Set(document.segments.map(({ id }) => id));
  for (const segment of document.segments) {
    segmentation.load(properties(segment, !segment.candidate), await session.mask(run, segment.id, signal));
  }
  for (const segment of document.possible) {
    if (!found.has(segment.id)) segmentation.load(properties(segment, true), null);
  }
  result.segmentation = segmentation;
  return result;
}

/** Load a map, unless it is there already. The server scales each map to its own range, so 0 to 255 is all of it. */
export async function loadMap(session, result, name, signal) {
  const map = result.maps.get(name);
  map.bytes ??= await session.map(result.run, name, signal);
  return map;
}

function properties(segment, automatic) {
  return {
    ...segment,
    sideViewer: segment.side_viewer,
    candidate: segment.candidate ?? false,
    automatic,
    zones: segment.zones ?? [],
  };
}
