// One picture: radiograph, map and segments on two canvases, with side markers and a caption.

import { element } from "./dom.js";
import { MapLayer, OverlayLayer } from "./layers.js";
import { OverlayStyle } from "./overlay.js";
import { rampTable } from "./ramp.js";
import { text } from "./texts.js";
import { toScreen } from "./view.js";

const REST_MILLISECONDS = 140; // without a change for so long, the outlines are drawn finely
const LINE_WIDTH = 1.75; // CSS pixels
const RAMP = rampTable();
const BASE_ONLY = new Set(["window", "inverted", "map", "mapOpacity"]); // what does not change the outlines

export class Viewport {
  #context;
  #overlayContext;
  #overlay = new OverlayLayer();
  #maps = new Map();
  #radiograph = null;
  #result = null;
  #frame = 0;
  #rest = 0;
  #base = false;
  #area = undefined; // undefined: the outlines need no drawing; null: all of them

  /** @param display see display.js. */
  constructor(display) {
    this.display = display;
    this.base = element("canvas", { class: "layer", "aria-hidden": "true" });
    this.outlines = element("canvas", { class: "layer outlines", "aria-hidden": "true" });
    this.brush = element("div", { class: "brush", "aria-hidden": "true", hidden: true });
    this.viewerLeft = element("span", { class: "marker marker-left", role: "img" });
    this.viewerRight = element("span", { class: "marker marker-right", role: "img" });
    this.caption = element("p", { class: "caption", hidden: true });
    this.element = element(
      "div",
      { class: "viewport", role: "application", tabindex: "0", hidden: true },
      this.base, this.outlines, this.brush, this.viewerLeft, this.viewerRight, this.caption,
    );
    this.#context = this.base.getContext("2d", { alpha: false });
    this.#overlayContext = this.outlines.getContext("2d");
    display.addEventListener("change", (event) => this.#onChange(event.detail));
  }

  get radiograph() {
    return this.#radiograph;
  }

  /** @param radiograph {layer, rows, columns, name, patientLeft}, or null. */
  set radiograph(radiograph) {
    this.#radiograph = radiograph;
    this.element.hidden = !radiograph;
    this.result = null;
    this.writeTexts();
  }

  get result() {
    return this.#result;
  }

  /** @param result {segmentation, maps: Map of {bytes}}, or null. */
  set result(result) {
    this.#result = result;
    this.#maps.clear();
    this.redraw();
  }

  /** Size in CSS pixels. */
  get screen() {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  writeTexts() {
    if (!this.#radiograph) return;
    const left = this.#radiograph.patientLeft === "viewer_left" ? "left" : "right";
    const right = left === "left" ? "right" : "left";
    for (const [marker, side] of [[this.viewerLeft, left], [this.viewerRight, right]]) {
      marker.textContent = side === "left" ? "L" : "R";
      marker.setAttribute("aria-label", text(`marker.${side}Name`));
    }
    this.element.setAttribute("aria-label", text("radiograph.canvas", { name: this.#radiograph.name }));
  }

  /** Draw everything in the next frame. */
  redraw() {
    this.#base = true;
    this.redrawOutlines();
  }

  /** Draw the outlines in the next frame: all, or those in a box of the image {left, top, right, bottom}. */
  redrawOutlines(box = null) {
    if (box === null || this.#area === null) this.#area = null;
    else this.#area = joined(this.#area, this.#toArea(box));
    this.#requestFrame();
  }

  /** Show the brush around a point of the screen, or hide it. */
  showBrush(point, radius = 0) {
    this.brush.hidden = !point;
    if (!point) return;
    const size = Math.max(4, 2 * radius * this.display.view.scale);
    this.brush.style.width = this.brush.style.height = `${size}px`;
    this.brush.style.transform = `translate(${point.x - size / 2}px, ${point.y - size / 2}px)`;
  }

  /** Adapt the canvases to the size of the element. */
  resize() {
    const ratio = window.devicePixelRatio;
    const width = Math.max(1, Math.round(this.screen.width * ratio));
    const height = Math.max(1, Math.round(this.screen.height * ratio));
    for (const canvas of [this.base, this.outlines]) {
      if (canvas.width === width && canvas.height === height) continue;
      canvas.width = width;
      canvas.height = height;
    }
    this.redraw();
  }

  #onChange(names) {
    if (names.some((name) => name === "view" || BASE_ONLY.has(name))) this.#base = true;
    if (!names.every((name) => BASE_ONLY.has(name))) this.#area = null;
    this.#requestFrame();
  }

  #requestFrame() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    if (!this.#radiograph) return;
    const view = this.#deviceView();
    if (this.#base) this.#drawBase(view);
    this.#base = false;
    const area = this.#area;
    this.#area = undefined;
    if (area === undefined) return;
    this.#drawOutlines(view, area, 1);
    clearTimeout(this.#rest);
    if (window.devicePixelRatio >= 2) return;
    this.#rest = setTimeout(() => this.#radiograph && this.#drawOutlines(this.#deviceView(), null, 2), REST_MILLISECONDS);
  }

  #drawBase(view) {
    this.#radiograph.layer.draw(this.#context, view, this.display.table);
    const map = this.#result?.maps.get(this.display.map);
    if (!map) return;
    if (!this.#maps.has(map)) {
      const { rows, columns } = this.#radiograph;
      this.#maps.set(map, new MapLayer(map.bytes, rows, columns, RAMP));
    }
    this.#maps.get(map).draw(this.#context, view, this.display.mapOpacity);
  }

  #drawOutlines(view, area, fine) {
    const { display } = this;
    if (!this.#result || display.hidden) {
      this.#overlayContext.clearRect(0, 0, this.outlines.width, this.outlines.height);
      return;
    }
    const { segmentation } = this.#result;
    const visible = segmentation.segments.filter((segment) => !display.hiddenSegments.has(segment.id));
    visible.sort((first, second) => (second.id === display.active) - (first.id === display.active));
    const segments = visible.map((segment) => ({ ...segment, dashed: segment.candidate }));
    const style = new OverlayStyle(segments, {
      outlines: display.style !== "area",
      fill: display.style === "outline" ? 0 : display.fill,
      thickness: LINE_WIDTH * window.devicePixelRatio * fine,
    });
    const source = { plane: segmentation.plane, ...segmentation.grid };
    this.#overlay.draw(this.#overlayContext, source, view, style, area, fine);
  }

  #deviceView() {
    const ratio = window.devicePixelRatio;
    const { scale, x, y } = this.display.view;
    return { scale: scale * ratio, x: x * ratio, y: y * ratio };
  }

  /** Return the pixels of the canvas that show a box of the image, with the lines around it. */
  #toArea({ left, top, right, bottom }) {
    const view = this.#deviceView();
    const border = 2 * LINE_WIDTH * window.devicePixelRatio + 2;
    const first = toScreen(view, { x: left, y: top });
    const last = toScreen(view, { x: right, y: bottom });
    return {
      x: first.x - border,
      y: first.y - border,
      width: last.x - first.x + 2 * border,
      height: last.y - first.y + 2 * border,
    };
  }
}

/** Return the smallest area that holds two; either may be undefined. */
function joined(first, second) {
  if (!first || !second) return first ?? second;
  const x = Math.min(first.x, second.x);
  const y = Math.min(first.y, second.y);
  return {
    x,
    y,
    width: Math.max(first.x + first.width, second.x + second.width) - x,
    height: Math.max(first.y + first.height, second.y + second.height) - y,
  };
}
