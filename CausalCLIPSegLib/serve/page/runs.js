// Sets of pixels as runs: an Int32Array [start, end, start, end, ...] of positions (row x columns + column), sorted and
// disjoint, with each end excluded. All tools, the history and the threshold work on runs.

/** A list of runs that grows. */
export class RunBuilder {
  #values = new Int32Array(1024);
  #length = 0;

  /** Append a run; one that begins where the last run ends continues it. */
  add(start, end) {
    if (this.#length && this.#values[this.#length - 1] === start) {
      this.#values[this.#length - 1] = end;
      return;
    }
    this.addSeparately(start, end);
  }

  /** Append a run, even if it begins where the last run ends. */
  addSeparately(start, end) {
    if (this.#length + 2 > this.#values.length) {
      const larger = new Int32Array(2 * this.#values.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = start;
    this.#values[this.#length++] = end;
  }

  build() {
    return this.#values.slice(0, this.#length);
  }
}

/**
 * Return the runs of the pixels with (value & mask) >= level, none across the end of a row.
 *
 * With mask = level = a bit, these are the pixels of a segment.
 */
export function runsWhere(values, mask, level, columns) {
  const runs = new RunBuilder();
  for (let end = columns, position = 0; end <= values.length; end += columns) {
    while (position < end) {
      while (position < end && (values[position] & mask) < level) position++;
      if (position === end) break;
      const start = position;
      while (position < end && (values[position] & mask) >= level) position++;
      runs.addSeparately(start, position);
    }
  }
  return runs.build();
}

/** Return the runs of the pixels that are not in `runs`; neither cross the end of a row. */
export function complement(runs, rows, columns) {
  const gaps = new RunBuilder();
  let next = 0;
  let position = 0;
  for (let end = columns; end <= rows * columns; end += columns) {
    for (; next < runs.length && runs[next] < end; next += 2) {
      if (runs[next] > position) gaps.addSeparately(position, runs[next]);
      position = runs[next + 1];
    }
    if (position < end) gaps.addSeparately(position, end);
    position = end;
  }
  return gaps.build();
}

/** Return the pixels that are in exactly one of two sets: what must be toggled to turn one into the other. */
export function difference(first, second) {
  const result = new RunBuilder();
  let open = -1;
  let i = 0;
  let j = 0;
  while (i < first.length || j < second.length) {
    const a = i < first.length ? first[i] : Infinity;
    const b = j < second.length ? second[j] : Infinity;
    if (a <= b) i++;
    if (b <= a) j++;
    if (a === b) continue; // both begin or end here: nothing changes
    const position = Math.min(a, b);
    if (open < 0) open = position;
    else {
      result.add(open, position);
      open = -1;
    }
  }
  return result.build();
}

/** Return several sets as one; they must be disjoint. */
export function union(sets) {
  const starts = [];
  for (const runs of sets) for (let index = 0; index < runs.length; index += 2) starts.push([runs[index], runs[index + 1]]);
  starts.sort((a, b) => a[0] - b[0]);
  const result = new RunBuilder();
  for (const [start, end] of starts) result.add(start, end);
  return result.build();
}

/**
 * Label connected runs; runs must not cross the end of a row.
 *
 * @param diagonal whether pixels that touch at a corner are connected.
 * @returns {{labels: Int32Array, count: number}} a label from 0 for each run.
 */
export function connect(runs, columns, diagonal) {
  const count = runs.length / 2;
  const parent = new Int32Array(count);
  const find = (run) => {
    while (parent[run] !== run) {
      parent[run] = parent[parent[run]];
      run = parent[run];
    }
    return run;
  };
  const reach = diagonal ? 1 : 0;
  let above = 0; // the first run of the row above that can still touch
  for (let run = 0; run < count; run++) {
    parent[run] = run;
    const start = runs[2 * run] - columns - reach;
    const end = runs[2 * run + 1] - columns + reach;
    const rowAbove = (Math.floor(runs[2 * run] / columns) - 1) * columns;
    while (above < run && (runs[2 * above] < rowAbove || runs[2 * above + 1] <= start)) above++;
    for (let other = above; other < run && runs[2 * other] < end; other++) {
      if (runs[2 * other] >= rowAbove + columns) break; // the row of the run itself
      parent[find(run)] = find(other);
    }
  }
  const labels = new Int32Array(count);
  const labelOf = new Map();
  for (let run = 0; run < count; run++) {
    const root = find(run);
    if (!labelOf.has(root)) labelOf.set(root, labelOf.size);
    labels[run] = labelOf.get(root);
  }
  return { labels, count: labelOf.size };
}

/** Return the runs for which `keep` returns true, given the index of the run. */
export function select(runs, keep) {
  const result = new RunBuilder();
  for (let run = 0; run < runs.length / 2; run++) {
    if (keep(run)) result.addSeparately(runs[2 * run], runs[2 * run + 1]);
  }
  return result.build();
}
