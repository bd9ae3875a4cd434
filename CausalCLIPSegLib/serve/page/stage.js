// The pictures, and what pointers and keys do on them.

import { strokeRuns } from "./brush.js";
import { moveGesture, pinchGesture, strokeGesture, windowGesture } from "./gestures.js";
import { RadiographLayer } from "./layers.js";
import { fit, pan, resize, toImage, toScreen, zoomAt } from "./view.js";
import { Viewport } from "./viewport.js";
import { dragWindow, limited, percentileWindow } from "./window.js";

const SMALLEST_ZOOM = 0.5; // of the size at which the image fits
const BRUSHES = 80; // the longer side of a radiograph in brushes, at the start
const LINE = 16; // CSS pixels of a line of a wheel
const DRAWING = new Set(["paint", "erase", "fill"]);

export class Stage {
  tool = "window";
  brushRadius = 24;
  /** Called after a person has corrected a segment. */
  onEdit = () => {};
  /** Called with a key of texts.json if a tool cannot do what was asked. */
  onNotice = () => {};
  /** Called with the point of the image under the pointer, or null. */
  onHover = () => {};

  #pointers = new Map();
  #gesture = null;
  #pinch = null;
  #screen = null;
  #cursor = null; // the brush when it is moved with keys, a point of the image
  #spaceHeld = false;

  constructor(container, display) {
    this.container = container;
    this.display = display;
    this.main = new Viewport(display);
    this.kept = new Viewport(display);
    container.append(this.kept.element, this.main.element);
    for (const viewport of [this.kept, this.main]) this.#listen(viewport);
    new ResizeObserver(() => this.#resize()).observe(container);
    addEventListener("keydown", (event) => {
      if (event.code !== "Space") return;
      this.#spaceHeld = true;
      if (container.contains(event.target)) event.preventDefault(); // it would scroll the page
    });
    addEventListener("keyup", (event) => event.code === "Space" && (this.#spaceHeld = false));
    addEventListener("blur", () => (this.#spaceHeld = false));
  }

  get radiograph() {
    return this.main.radiograph;
  }

  get segmentation() {
    return this.main.result?.segmentation;
  }

  get comparing() {
    return !this.kept.element.hidden;
  }

  /** Show a radiograph: {name, rows, columns, patientLeft, stored: window}, and its values. */
  open(radiograph, values) {
    this.endComparison();
    const { rows, columns } = radiograph;
    this.main.radiograph = { ...radiograph, layer: new RadiographLayer(values, rows, columns) };
    const levels = this.main.radiograph.layer.levels;
    const small = (levels[1] ?? levels[0]).values;
    this.presets = {
      stored: radiograph.stored,
      full: { center: 0.5, width: 1 },
      automatic: percentileWindow(small, 0.01, 0.99),
      lungs: percentileWindow(small, 0.02, 0.65),
      dense: percentileWindow(small, 0.45, 0.998),
    };
    this.#cursor = null;
    this.brushRadius = Math.max(2, Math.round(Math.max(rows, columns) / BRUSHES));
    this.display.set({ window: radiograph.stored, preset: "stored", inverted: false, map: "" });
    this.#screen = null;
    this.#resize();
  }

  /** Show nothing. */
  close() {
    this.endComparison();
    this.main.radiograph = null;
  }

  showResult(result) {
    this.main.result = result;
  }

  /** Keep the current result in a second picture, on the left. */
  compare() {
    this.kept.radiograph = this.main.radiograph;
    this.kept.result = this.main.result;
    this.container.classList.add("two");
    this.#resize();
  }

  endComparison() {
    this.kept.radiograph = null;
    this.container.classList.remove("two");
    this.#resize();
  }

  writeTexts() {
    for (const viewport of [this.kept, this.main]) viewport.writeTexts();
  }

  /** Draw the outlines again, after segments have changed. */
  redrawOutlines() {
    for (const viewport of [this.kept, this.main]) if (viewport.radiograph) viewport.redrawOutlines();
  }

  // -- view and window -------------------------------------------------------------------------------------------

  fit() {
    if (this.radiograph) this.display.set({ view: fit(this.radiograph, this.main.screen) });
  }

  /** Zoom around a point of the screen; around the center if it is not given. */
  zoomBy(factor, point) {
    if (!this.radiograph) return;
    const { width, height } = this.main.screen;
    const smallest = SMALLEST_ZOOM * fit(this.radiograph, this.main.screen).scale;
    const view = zoomAt(this.display.view, factor, point ?? { x: width / 2, y: height / 2 }, smallest);
    this.display.set({ view: pan(view, 0, 0, this.radiograph, this.main.screen) });
    this.#showBrush(this.#cursor && toScreen(this.display.view, this.#cursor));
  }

  panBy(dx, dy) {
    if (!this.radiograph) return;
    this.display.set({ view: pan(this.display.view, dx, dy, this.radiograph, this.main.screen) });
  }

  windowBy(right, down) {
    this.display.set({ window: dragWindow(this.display.window, right, down), preset: "own" });
  }

  usePreset(name) {
    if (name in (this.presets ?? {})) this.display.set({ window: limited(this.presets[name]), preset: name });
  }

  // -- tools -----------------------------------------------------------------------------------------------------

  setTool(tool) {
    this.tool = tool;
    this.container.dataset.tool = tool;
    if (!DRAWING.has(tool)) this.#cursor = null;
    this.#showBrush(null);
  }

  setBrush(radius) {
    this.brushRadius = Math.min(400, Math.max(1, radius));
    this.#showBrush(this.#cursor && toScreen(this.display.view, this.#cursor));
  }

  /** An arrow key: moves the brush while a drawing tool is chosen, otherwise the picture. */
  arrow(dx, dy, exact) {
    if (!this.radiograph) return;
    if (!DRAWING.has(this.tool)) {
      this.panBy(-40 * dx, -40 * dy);
      return;
    }
    const { rows, columns } = this.radiograph;
    const step = exact ? 1 : Math.max(1, Math.round(this.brushRadius / 2));
    const from = this.#cursor ?? this.#centerOfScreen();
    this.#cursor = {
      x: Math.min(columns, Math.max(0, from.x + dx * step)),
      y: Math.min(rows, Math.max(0, from.y + dy * step)),
    };
    this.#showBrush(toScreen(this.display.view, this.#cursor));
    this.onHover(this.#cursor);
  }

  /** Use the tool where the brush is. */
  stamp() {
    if (!DRAWING.has(this.tool) || !this.#canDraw()) return;
    this.#cursor ??= this.#centerOfScreen();
    this.#showBrush(toScreen(this.display.view, this.#cursor));
    if (this.tool === "fill") {
      this.#fillAt(this.#cursor);
      return;
    }
    const { rows, columns } = this.radiograph;
    this.segmentation.beginStroke(this.display.active, this.tool === "paint");
    this.segmentation.continueStroke(strokeRuns(this.#cursor, this.#cursor, this.brushRadius, rows, columns));
    this.segmentation.endStroke();
    this.onEdit();
  }

  removeIslands() {
    if (!this.#canDraw()) return;
    if (this.segmentation.removeIslands(this.display.active)) this.onEdit();
    else this.onNotice("tool.noIslands");
  }

  #fillAt({ x, y }) {
    const { rows, columns } = this.radiograph;
    const row = Math.floor(y);
    const column = Math.floor(x);
    if (row < 0 || row >= rows || column < 0 || column >= columns) return;
    if (this.segmentation.fill(this.display.active, row * columns + column)) this.onEdit();
    else this.onNotice("tool.noHole");
  }

  #canDraw() {
    const segment = this.segmentation?.find(this.display.active);
    const can = segment && !segment.removed && !segment.candidate;
    if (!can) this.onNotice("tool.noSegment");
    return Boolean(can);
  }

  #centerOfScreen() {
    const { width, height } = this.main.screen;
    return toImage(this.display.view, { x: width / 2, y: height / 2 });
  }

  // -- pointers --------------------------------------------------------------------------------------------------

  #listen(viewport) {
    const { element } = viewport;
    const on = (name, listener) => element.addEventListener(name, listener, { passive: false });
    on("pointerdown", (event) => this.#down(viewport, event));
    on("pointermove", (event) => this.#move(viewport, event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event, true));
    on("pointerleave", () => this.#leave());
    on("contextmenu", (event) => event.preventDefault());
    on("dblclick", () => !DRAWING.has(this.tool) && this.fit());
    on("wheel", (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
      this.zoomBy(Math.exp((-event.deltaY * lines) / (event.ctrlKey ? 120 : 480)), pointOf(element, event));
    });
  }

  #down(viewport, event) {
    if (!this.radiograph) return;
    event.preventDefault();
    viewport.element.focus({ preventScroll: true });
    viewport.element.setPointerCapture(event.pointerId);
    const point = pointOf(viewport.element, event);
    this.#pointers.set(event.pointerId, point);
    if (this.#pointers.size === 2) {
      this.#gesture?.cancel();
      this.#gesture = null;
      this.#pinch = pinchGesture(this, ...this.#pointers.values());
    } else if (this.#pointers.size === 1) {
      this.#gesture = this.#begin(viewport, event, point);
    }
  }

  #begin(viewport, event, point) {
    if (event.button === 1 || this.#spaceHeld) return moveGesture(this, viewport, point);
    if (event.button === 2) return windowGesture(this, viewport, point);
    const drawing = DRAWING.has(this.tool);
    if (this.tool === "window") return windowGesture(this, viewport, point);
    if (!drawing || viewport !== this.main) return moveGesture(this, viewport, point);
    if (!this.#canDraw()) return null;
    this.#cursor = null;
    if (this.tool !== "fill") return strokeGesture(this, viewport, point, this.tool === "paint");
    this.#fillAt(toImage(this.display.view, point));
    return null;
  }

  #move(viewport, event) {
    const point = pointOf(viewport.element, event);
    if (this.#pointers.has(event.pointerId)) this.#pointers.set(event.pointerId, point);
    if (this.#pinch) this.#pinch.move(...this.#pointers.values());
    else if (this.#gesture) {
      const all = event.getCoalescedEvents?.() ?? [];
      this.#gesture.move(all.length ? all.map((each) => pointOf(viewport.element, each)) : [point]);
    }
    if (!this.radiograph) return;
    if (DRAWING.has(this.tool) && viewport === this.main && event.pointerType !== "touch") this.#showBrush(point);
    this.onHover(toImage(this.display.view, point));
  }

  #up(event, canceled = false) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#pinch) {
      if (this.#pointers.size < 2) this.#pinch = null;
      return;
    }
    if (canceled) this.#gesture?.cancel();
    else this.#gesture?.end();
    this.#gesture = null;
  }

  #leave() {
    if (!this.#cursor) this.#showBrush(null);
    this.onHover(null);
  }

  #showBrush(point) {
    this.main.showBrush(point, this.tool === "fill" ? 2 : this.brushRadius);
  }

  #resize() {
    if (!this.radiograph) return;
    const before = this.#screen;
    const screen = this.main.screen;
    if (!screen.width || !screen.height) return;
    this.#screen = screen;
    for (const viewport of [this.kept, this.main]) if (viewport.radiograph) viewport.resize();
    const wasFitted = before && this.display.view.scale <= fit(this.radiograph, before).scale * 1.01;
    if (!before || wasFitted) this.fit();
    else this.display.set({ view: resize(this.display.view, before, screen) });
  }
}

/** Return the place of an event in an element, in CSS pixels. */
function pointOf(element, event) {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
