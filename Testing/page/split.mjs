// Read masks from standard input, split them as the page does, and write the halves.

import { readFileSync } from "node:fs";

const page = new URL(process.env.PAGE, "file://");
const { runsWhere } = await import(new URL("runs.js", page));
const { splitAtMidline } = await import(new URL("sides.js", page));

const masks = JSON.parse(readFileSync(0, "utf8"));
const halves = masks.map((mask) => {
  const columns = mask[0].length;
  const runs = runsWhere(Uint8Array.from(mask.flat()), 1, 1, columns);
  const { viewerLeft, viewerRight } = splitAtMidline(runs, columns);
  return [viewerLeft, viewerRight].map((half) => Array.from(half));
});
process.stdout.write(JSON.stringify(halves));
