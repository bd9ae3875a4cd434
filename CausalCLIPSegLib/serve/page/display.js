// How pictures are shown: shared by both pictures of a comparison, so that they zoom and change together.

import { FULL_RANGE, grayTable } from "./window.js";

export const STYLES = ["outline", "both", "area"];

export class Display extends EventTarget {
  view = { scale: 1, x: 0, y: 0 };
  window = FULL_RANGE;
  inverted = false;
  style = "outline";
  fill = 0.3;
  map = "";
  mapOpacity = 0.6;
  /** Whether all segments are hidden, with one key. */
  hidden = false;
  /** Identifiers of the segments that are hidden one by one. */
  hiddenSegments = new Set();
  /** The segment that the tools change. */
  active = null;
  #table = null;

  /** Set properties, and tell the pictures which of them changed. */
  set(properties) {
    Object.assign(this, properties);
    if ("window" in properties || "inverted" in properties) this.#table = null;
    this.dispatchEvent(new CustomEvent("change", { detail: Object.keys(properties) }));
  }

  get table() {
    return (this.#table ??= grayTable(this.window, this.inverted));
  }
}
