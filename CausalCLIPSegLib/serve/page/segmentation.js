// The segments of one result: their pixels, their properties and their history. Knows no page and no server.

import { changesInto, holeAt, islands } from "./corrections.js";
import { History } from "./history.js";
import { difference, runsWhere, union } from "./runs.js";
import { splitAtMidline } from "./sides.js";
import { Threshold } from "./threshold.js";

const MAX_SEGMENTS = 16; // a bit of a Uint16 for each
const NEW_COLORS = [
  [0, 158, 115],
  [204, 121, 167],
  [0, 114, 178],
  [213, 94, 0],
];

/**
 * The segments of one result.
 *
 * A segment is an immutable object {id, name, kind, side, sideViewer, color, bit, candidate, automatic, corrected,
 * removed, ...}. `candidate`: it is not in the note, and no person has accepted it. `automatic`: the threshold makes
 * it, as long as it is not corrected. Each bit of `plane` is the mask of a segment, so segments can overlap.
 */
export class Segmentation {
  #pixels = new Map();
  #revisions = new Map();
  #loaded = new Map();
  #drag = null;
  #stroke = null;

  /**
   * @param grid {rows, columns, spacing: [row, column] in mm or null}.
   * @param probability Uint8Array, 255 is 1.
   */
  constructor(grid, probability, threshold) {
    this.grid = grid;
    this.plane = new Uint16Array(grid.rows * grid.columns);
    this.probability = probability;
    this.state = { threshold, segments: [] };
    this.loadedThreshold = threshold;
    this.history = new History(50);
    this.levels = new Threshold(probability, grid.rows, grid.columns);
  }

  get threshold() {
    return this.state.threshold;
  }

  /** All segments that a person sees in the list: not removed, and not an empty one that the threshold did not reach. */
  get segments() {
    return this.state.segments.filter(
      (segment) => !segment.removed && (!segment.automatic || segment.corrected || this.pixels(segment) > 0),
    );
  }

  /** Whether the segments are no longer those that the network found. */
  get isChanged() {
    const isOther = (segment) => segment.corrected || segment.fromCandidate || (segment.removed && !segment.candidate);
    return this.threshold !== this.loadedThreshold || this.state.segments.some(isOther);
  }

  get candidates() {
    return this.segments.filter((segment) => segment.candidate);
  }

  get accepted() {
    return this.segments.filter((segment) => !segment.candidate);
  }

  find(id) {
    return this.state.segments.find((segment) => segment.id === id);
  }

  /** Number of pixels of a segment. */
  pixels(segment) {
    return this.#pixels.get(segment.bit);
  }

  /** A number that changes whenever the pixels or the properties of a segment change. */
  revision(id) {
    return this.#revisions.get(id);
  }

  /** The revision of a segment when the result was loaded. */
  initialRevision(id) {
    return this.#loaded.get(id);
  }

  /** Area in cm2, or null if the radiograph is not calibrated. */
  area(segment) {
    const { spacing } = this.grid;
    return spacing && (this.pixels(segment) * spacing[0] * spacing[1]) / 100;
  }

  /** Add a segment of the result; `mask` is a Uint8Array of 0 and 1, or null. */
  load(properties, mask) {
    const segment = this.#append({ corrected: false, removed: false, ...properties });
    if (mask) this.#toggle(segment.bit, runsWhere(mask, 1, 1, this.grid.columns));
    this.#loaded.set(segment.id, this.revision(segment.id));
    return segment;
  }

  /** The mask of a segment as bytes, 0 and 1. */
  mask(id) {
    const { bit } = this.find(id);
    const bytes = new Uint8Array(this.plane.length);
    for (let position = 0; position < bytes.length; position++) bytes[position] = this.plane[position] & bit ? 1 : 0;
    return bytes;
  }

  // -- changes, each one step of the history ---------------------------------------------------------------------

  /** Add an empty segment that a person draws; null if there are too many. */
  addSegment(name) {
    if (this.state.segments.length >= MAX_SEGMENTS) return null;
    const before = this.state;
    const number = before.segments.filter((segment) => segment.added).length + 1;
    const color = NEW_COLORS[(number - 1) % NEW_COLORS.length];
    const segment = this.#append({
      id: `added_${number}`, name: `${name} ${number}`, kind: "infection", side: null, color, candidate: false,
      automatic: false, corrected: true, removed: false, added: true,
    });
    this.#push("add", [], before);
    return segment;
  }

  /** Make a candidate a segment. */
  accept(id) {
    this.#setProperties("accept", id, { candidate: false, fromCandidate: true });
  }

  /** Take a segment or a candidate away. */
  remove(id) {
    this.#setProperties("remove", id, { removed: true });
  }

  beginStroke(id, paints) {
    this.#stroke = { id, paints, parts: [] };
  }

  /** Paint or erase pixels of the segment of the stroke. */
  continueStroke(runs) {
    const { id, paints, parts } = this.#stroke;
    const { bit } = this.find(id);
    const changes = changesInto(this.plane, bit, runs, paints);
    this.#toggle(bit, changes);
    parts.push(changes);
  }

  endStroke() {
    const { id, paints, parts } = this.#stroke;
    this.#stroke = null;
    return this.#correct(paints ? "paint" : "erase", id, union(parts), true);
  }

  /** Take back what the stroke has changed so far. */
  cancelStroke() {
    const { id, parts } = this.#stroke;
    this.#stroke = null;
    this.#toggle(this.find(id).bit, union(parts));
  }

  /** Fill the hole around a pixel; return false if the pixel is in no hole. */
  fill(id, position) {
    const hole = holeAt(this.plane, this.find(id).bit, this.grid.rows, this.grid.columns, position);
    return hole !== null && this.#correct("fill", id, hole);
  }

  /** Keep only the largest area of a segment; false if it has only one. */
  removeIslands(id) {
    return this.#correct("islands", id, islands(this.plane, this.find(id).bit, this.grid.columns));
  }

  /** Show the automatic segments at another threshold; `commitThreshold` makes it a step. */
  previewThreshold(threshold) {
    const { columns } = this.grid;
    this.#drag ??= {
      before: this.state,
      driven: this.state.segments
        .filter((segment) => segment.automatic && !segment.corrected && !segment.removed)
        .map((segment) => {
          const runs = runsWhere(this.plane, segment.bit, segment.bit, columns);
          return { segment, start: runs, now: runs };
        }),
    };
    const level = Math.max(1, Math.ceil(threshold * 255 - 1e-9));
    const halves = splitAtMidline(this.levels.runs(level), columns);
    for (const each of this.#drag.driven) {
      const runs = each.segment.sideViewer === "left" ? halves.viewerLeft : halves.viewerRight;
      this.#toggle(each.segment.bit, difference(each.now, runs));
      each.now = runs;
    }
    this.state = { ...this.state, threshold };
  }

  commitThreshold() {
    if (!this.#drag) return;
    const { before, driven } = this.#drag;
    this.#drag = null;
    const changes = driven.map(({ segment, start, now }) => ({ bit: segment.bit, runs: difference(start, now) }));
    this.#push("threshold", changes, before);
  }

  undo() {
    this.commitThreshold();
    return this.#replay(this.history.undo(), "before");
  }

  redo() {
    return this.#replay(this.history.redo(), "after");
  }

  // -- inside ----------------------------------------------------------------------------------------------------

  #append(properties) {
    const segment = Object.freeze({ ...properties, bit: 1 << this.state.segments.length });
    this.state = { ...this.state, segments: [...this.state.segments, segment] };
    this.#pixels.set(segment.bit, this.#pixels.get(segment.bit) ?? 0);
    this.#revisions.set(segment.id, (this.#revisions.get(segment.id) ?? 0) + 1);
    return segment;
  }

  #replay(step, side) {
    if (!step) return null;
    for (const { bit, runs } of step.changes) this.#toggle(bit, runs);
    this.state = step[side];
    for (const segment of this.state.segments) this.#touch(segment);
    return step.label;
  }

  #correct(label, id, runs, applied = false) {
    if (!runs.length) return false;
    const { bit } = this.find(id);
    const before = this.state;
    if (!applied) this.#toggle(bit, runs);
    this.#replace(id, { corrected: true });
    this.#push(label, [{ bit, runs }], before);
    return true;
  }

  #setProperties(label, id, properties) {
    const before = this.state;
    this.#replace(id, properties);
    this.#push(label, [], before);
  }

  #replace(id, properties) {
    const segments = this.state.segments.map((segment) =>
      segment.id === id ? Object.freeze({ ...segment, ...properties }) : segment,
    );
    this.state = { ...this.state, segments };
    this.#touch(this.find(id));
  }

  #push(label, changes, before) {
    this.history.push({ label, changes, before, after: this.state });
  }

  #touch(segment) {
    this.#revisions.set(segment.id, this.#revisions.get(segment.id) + 1);
  }

  /** Toggle pixels of a segment, and count them. */
  #toggle(bit, runs) {
    const { plane } = this;
    let change = 0;
    for (let index = 0; index < runs.length; index += 2) {
      for (let position = runs[index]; position < runs[index + 1]; position++) {
        change += plane[position] & bit ? -1 : 1;
        plane[position] ^= bit;
      }
    }
    this.#pixels.set(bit, this.#pixels.get(bit) + change);
    const segment = runs.length && this.state.segments.find((each) => each.bit === bit);
    if (segment) this.#touch(segment);
  }
}
