// What the correction tools change: each function returns the pixels to toggle in a segment.

import { complement, connect, RunBuilder, runsWhere, select } from "./runs.js";

/** Return the pixels among `runs` that must be toggled so that all of them are in (or out of) the segment. */
export function changesInto(plane, bit, runs, inside) {
  const wanted = inside ? bit : 0;
  const changes = new RunBuilder();
  for (let index = 0; index < runs.length; index += 2) {
    const end = runs[index + 1];
    let position = runs[index];
    while (position < end) {
      while (position < end && (plane[position] & bit) === wanted) position++;
      const start = position;
      while (position < end && (plane[position] & bit) !== wanted) position++;
      if (position > start) changes.add(start, position);
    }
  }
  return changes.build();
}

/**
 * Return the hole of a segment around a pixel.
 *
 * @returns an Int32Array of runs, or null if the pixel is in the segment or its surroundings reach the border.
 */
export function holeAt(plane, bit, rows, columns, position) {
  if (plane[position] & bit) return null;
  const outside = complement(runsWhere(plane, bit, bit, columns), rows, columns);
  const { labels } = connect(outside, columns, false);
  let label = -1;
  for (let run = 0; run < labels.length; run++) {
    if (outside[2 * run] <= position && position < outside[2 * run + 1]) label = labels[run];
  }
  const touchesBorder = (start, end) =>
    start < columns || end > (rows - 1) * columns || start % columns === 0 || end % columns === 0;
  for (let run = 0; run < labels.length; run++) {
    if (labels[run] === label && touchesBorder(outside[2 * run], outside[2 * run + 1])) return null;
  }
  return select(outside, (run) => labels[run] === label);
}

/** Return all areas of a segment but the largest. */
export function islands(plane, bit, columns) {
  const runs = runsWhere(plane, bit, bit, columns);
  const { labels, count } = connect(runs, columns, true);
  const pixels = new Float64Array(count);
  for (let run = 0; run < labels.length; run++) pixels[labels[run]] += runs[2 * run + 1] - runs[2 * run];
  const largest = pixels.indexOf(Math.max(...pixels));
  return select(runs, (run) => labels[run] !== largest);
}

