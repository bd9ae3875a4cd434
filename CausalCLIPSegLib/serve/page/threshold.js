// The pixels of a map that reach a threshold, fast enough for every frame while a slider moves.
//
// The lowest and the highest value of each block of a row are known beforehand. A map is smooth, so almost every block
// lies wholly below or above a threshold, and its pixels need not be looked at.

import { RunBuilder } from "./runs.js";

const BLOCK = 32;

export class Threshold {
  /** @param values Uint8Array, rows x columns. */
  constructor(values, rows, columns) {
    this.values = values;
    this.rows = rows;
    this.columns = columns;
    this.blocks = Math.ceil(columns / BLOCK);
    this.lowest = new Uint8Array(rows * this.blocks).fill(255);
    this.highest = new Uint8Array(rows * this.blocks);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const block = row * this.blocks + Math.floor(column / BLOCK);
        const value = values[row * columns + column];
        if (value < this.lowest[block]) this.lowest[block] = value;
        if (value > this.highest[block]) this.highest[block] = value;
      }
    }
  }

  /** Return the runs of the pixels with at least `level`, none across the end of a row. */
  runs(level) {
    const runs = new RunBuilder();
    for (let row = 0; row < this.rows; row++) {
      const end = (row + 1) * this.columns;
      let start = -1; // of the run that is open
      for (let block = 0; block < this.blocks; block++) {
        const index = row * this.blocks + block;
        const first = row * this.columns + block * BLOCK;
        if (this.lowest[index] >= level) {
          if (start < 0) start = first;
        } else if (this.highest[index] < level) {
          if (start >= 0) runs.addSeparately(start, first);
          start = -1;
        } else {
          const last = Math.min(first + BLOCK, end);
          for (let position = first; position < last; position++) {
            if (this.values[position] >= level === start >= 0) continue;
            if (start >= 0) runs.addSeparately(start, position);
            start = start < 0 ? position : -1;
          }
        }
      }
      if (start >= 0) runs.addSeparately(start, end);
    }
    return runs.build();
  }
}
