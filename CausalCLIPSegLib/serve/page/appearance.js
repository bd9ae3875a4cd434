// How the picture is shown, and with which tool a pointer works on it.

import { STYLES } from "./display.js";
import { byId } from "./dom.js";
import { loadMap } from "./result.js";

const DRAWING = ["paint", "erase", "fill"];

export class Appearance {
  /** @param app see app.js. */
  constructor(app) {
    this.app = app;
  }

  setTool(tool) {
    if (!this.app.radiograph || (DRAWING.includes(tool) && !this.app.segmentation)) return;
    this.app.stage.setTool(tool);
    this.app.update();
  }

  brushBy(factor) {
    const radius = this.app.stage.brushRadius * factor;
    this.app.stage.setBrush(factor > 1 ? Math.ceil(radius) : Math.floor(radius));
    this.app.update();
  }

  invert() {
    this.app.display.set({ inverted: !this.app.display.inverted });
    this.app.update();
  }

  hide() {
    this.app.display.set({ hidden: !this.app.display.hidden });
    this.app.update();
  }

  setStyle(style) {
    this.app.display.set({ style });
    this.app.update();
  }

  nextStyle() {
    this.setStyle(STYLES[(STYLES.indexOf(this.app.display.style) + 1) % STYLES.length]);
  }

  usePreset(name) {
    this.app.stage.usePreset(name);
    this.app.update();
  }

  /** Shift and an arrow: brightness and contrast, or the brush by one pixel. */
  shiftArrow(dx, dy) {
    if (DRAWING.includes(this.app.stage.tool)) this.app.stage.arrow(dx, dy, true);
    else if (this.app.radiograph) this.app.stage.windowBy(dx * 0.05, dy * 0.05);
    this.app.update();
  }

  setMap(name) {
    if (!this.app.result) return undefined;
    return this.app.attempt(async () => {
      if (name) {
        const shown = [this.app.result, this.app.stage.kept.result].filter((result) => result?.maps.has(name));
        await Promise.all(shown.map((result) => loadMap(this.app.session, result, name)));
      }
      this.app.display.set({ map: name });
      this.app.update();
    });
  }

  nextMap() {
    if (!this.app.result) return;
    const names = ["", ...this.app.result.maps.keys()];
    this.setMap(names[(names.indexOf(this.app.display.map) + 1) % names.length]);
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else byId("stage").requestFullscreen().catch(() => {});
  }
}
