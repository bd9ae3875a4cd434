// The pixels under a round brush that moves from one point to another.

import { RunBuilder } from "./runs.js";

/**
 * Return the pixels whose centers lie within `radius` of the line from `from` to `to`.
 *
 * @param from, to {x, y} in pixels of the image; the center of pixel (row, column) is (column + 0.5, row + 0.5).
 */
export function strokeRuns(from, to, radius, rows, columns) {
  const runs = new RunBuilder();
  const top = Math.max(0, Math.ceil(Math.min(from.y, to.y) - radius - 0.5));
  const bottom = Math.min(rows - 1, Math.floor(Math.max(from.y, to.y) + radius - 0.5));
  for (let row = top; row <= bottom; row++) {
    const span = spanOfRow(from, to, radius, row + 0.5);
    if (!span) continue;
    const left = Math.max(0, Math.ceil(span[0] - 0.5));
    const right = Math.min(columns - 1, Math.floor(span[1] - 0.5));
    if (left <= right) runs.addSeparately(row * columns + left, row * columns + right + 1);
  }
  return runs.build();
}

/** Return [left, right] of the capsule around a line at the height y, or null: a capsule is convex, so one interval. */
function spanOfRow(from, to, radius, y) {
  let left = Infinity;
  let right = -Infinity;
  const include = (x) => {
    left = Math.min(left, x);
    right = Math.max(right, x);
  };
  for (const end of [from, to]) {
    const height = radius * radius - (y - end.y) ** 2;
    if (height < 0) continue;
    include(end.x - Math.sqrt(height));
    include(end.x + Math.sqrt(height));
  }
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy);
  if (length > 0 && dy !== 0) {
    // The two straight sides of the capsule, each parallel to the line at the distance `radius`.
    for (const side of [-1, 1]) {
      const x = from.x - (side * radius * dy) / length;
      const share = (y - (from.y + (side * radius * dx) / length)) / dy;
      if (share >= 0 && share <= 1) include(x + share * dx);
    }
  }
  return left <= right ? [left, right] : null;
}
