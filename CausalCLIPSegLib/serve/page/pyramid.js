// A 16-bit image in smaller and smaller copies, so that a picture of any zoom needs about as many pixels as the screen.

const SMALLEST_SIDE = 256;

/** Return [{values, rows, columns, step}], each level half as large as the one before. */
export function buildPyramid(values, rows, columns) {
  const levels = [{ values, rows, columns, step: 1 }];
  for (let last = levels[0]; Math.min(last.rows, last.columns) >= 2 * SMALLEST_SIDE; last = levels.at(-1)) {
    levels.push(halve(last));
  }
  return levels;
}

/** Return the smallest level that still has a pixel for every pixel of the screen. */
export function levelFor(levels, scale) {
  return levels.findLast((level) => level.step * scale <= 1) ?? levels[0];
}

/** Average 2 x 2 pixels; an odd last row or column is dropped. */
function halve({ values, rows, columns, step }) {
  const half = { rows: rows >> 1, columns: columns >> 1, step: 2 * step };
  half.values = new Uint16Array(half.rows * half.columns);
  for (let row = 0; row < half.rows; row++) {
    let source = 2 * row * columns;
    let target = row * half.columns;
    for (let column = 0; column < half.columns; column++, source += 2) {
      const sum = values[source] + values[source + 1] + values[source + columns] + values[source + columns + 1];
      half.values[target++] = sum >> 2;
    }
  }
  return half;
}
