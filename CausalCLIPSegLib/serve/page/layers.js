// The layers of a picture, each drawn on a canvas of the screen's pixels: radiograph, map, outlines.

import { drawOverlay } from "./overlay.js";
import { buildPyramid, levelFor } from "./pyramid.js";

const LARGEST_MAP_SIDE = 1024;

function scratch(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  return { canvas, context, image, pixels: new Uint32Array(image.data.buffer) };
}

/** The gray values; only the part on the screen is windowed, in the level of the pyramid that fits the zoom. */
export class RadiographLayer {
  #drawn = null;

  constructor(values, rows, columns) {
    this.levels = buildPyramid(values, rows, columns);
  }

  /** @param view in pixels of the screen. */
  draw(context, view, table) {
    const { width, height } = context.canvas;
    const level = levelFor(this.levels, view.scale);
    const scale = view.scale * level.step;
    const left = clamp(Math.floor(-view.x / scale) - 1, level.columns);
    const right = clamp(Math.ceil((width - view.x) / scale) + 1, level.columns);
    const top = clamp(Math.floor(-view.y / scale) - 1, level.rows);
    const bottom = clamp(Math.ceil((height - view.y) / scale) + 1, level.rows);
    context.clearRect(0, 0, width, height);
    if (right <= left || bottom <= top) return;
    const canvas = this.#windowed(level, { left, right, top, bottom }, table);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(
      canvas, view.x + left * scale, view.y + top * scale, (right - left) * scale, (bottom - top) * scale,
    );
  }

  #windowed(level, part, table) {
    const key = [level.step, part.left, part.right, part.top, part.bottom].join();
    if (this.#drawn?.key === key && this.#drawn.table === table) return this.#drawn.canvas;
    const columns = part.right - part.left;
    const rows = part.bottom - part.top;
    const same = this.#drawn?.canvas.width === columns && this.#drawn.canvas.height === rows;
    const target = same ? this.#drawn : scratch(columns, rows);
    let index = 0;
    for (let row = part.top; row < part.bottom; row++) {
      const end = row * level.columns + part.right;
      for (let source = row * level.columns + part.left; source < end; source++) {
        target.pixels[index++] = table[level.values[source]];
      }
    }
    target.context.putImageData(target.image, 0, 0);
    this.#drawn = { ...target, key, table };
    return target.canvas;
  }
}

/** A map of the network, over the whole radiograph. Maps are smooth, so a smaller copy shows all of them. */
export class MapLayer {
  constructor(bytes, rows, columns, table) {
    this.rows = rows;
    this.columns = columns;
    const step = Math.max(1, Math.ceil(Math.max(rows, columns) / LARGEST_MAP_SIDE));
    const target = scratch(Math.ceil(columns / step), Math.ceil(rows / step));
    let index = 0;
    for (let row = 0; row < rows; row += step) {
      for (let column = 0; column < columns; column += step) target.pixels[index++] = table[bytes[row * columns + column]];
    }
    target.context.putImageData(target.image, 0, 0);
    this.canvas = target.canvas;
    this.step = step;
  }

  draw(context, view, opacity) {
    const scale = view.scale * this.step;
    context.globalAlpha = opacity;
    context.drawImage(this.canvas, view.x, view.y, this.canvas.width * scale, this.canvas.height * scale);
    context.globalAlpha = 1;
  }
}

/** The segments. While something moves they are drawn once per pixel; at rest finer, which smooths the lines. */
export class OverlayLayer {
  #scratch = null;

  /**
   * @param area part of the canvas to draw, {x, y, width, height}; null for all of it.
   * @param fine points per pixel of the screen and direction.
   */
  draw(context, source, view, style, area, fine) {
    const { width, height } = context.canvas;
    const part = area ? cropped(area, width, height) : { x: 0, y: 0, width, height };
    if (part.width <= 0 || part.height <= 0) return;
    const scaled = { x: part.x * fine, y: part.y * fine, width: part.width * fine, height: part.height * fine };
    const same = this.#scratch?.canvas.width === scaled.width && this.#scratch.canvas.height === scaled.height;
    const target = same ? this.#scratch : (this.#scratch = scratch(scaled.width, scaled.height));
    drawOverlay(target.pixels, source, { scale: view.scale * fine, x: view.x * fine, y: view.y * fine }, style, scaled);
    if (fine === 1) {
      context.putImageData(target.image, part.x, part.y);
      return;
    }
    target.context.putImageData(target.image, 0, 0);
    context.clearRect(part.x, part.y, part.width, part.height);
    context.imageSmoothingEnabled = true;
    context.drawImage(target.canvas, part.x, part.y, part.width, part.height);
  }
}

function clamp(value, largest) {
  return Math.min(largest, Math.max(0, value));
}

function cropped({ x, y, width, height }, screenWidth, screenHeight) {
  const left = Math.max(0, Math.floor(x));
  const top = Math.max(0, Math.floor(y));
  return {
    x: left,
    y: top,
    width: Math.min(screenWidth, Math.ceil(x + width)) - left,
    height: Math.min(screenHeight, Math.ceil(y + height)) - top,
  };
}
