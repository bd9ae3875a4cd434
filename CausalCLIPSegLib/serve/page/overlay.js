// Outlines and fills of segments, drawn for the pixels of the screen, so that lines are equally thin at any zoom.

/** Return the color of a canvas pixel: red, green, blue, opacity, each 0 to 255. */
export function pixelOf([red, green, blue], opacity) {
  return ((opacity << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * The look of the segments.
 *
 * @param segments [{bit, color: [r, g, b], dashed}], the topmost first.
 * @param fill opacity of the fill, 0 to 1; dashed segments are never filled.
 */
export class OverlayStyle {
  #edges = new Uint32Array(65536);
  #fills = new Uint32Array(65536);

  constructor(segments, { outlines, fill, thickness }) {
    this.segments = segments;
    this.visible = segments.reduce((bits, segment) => bits | segment.bit, 0);
    this.dashed = segments.reduce((bits, segment) => bits | (segment.dashed ? segment.bit : 0), 0);
    this.thickness = Math.max(1, Math.round(thickness));
    this.outlined = outlines ? this.visible : this.dashed;
    this.opacity = Math.round(255 * fill);
  }

  /** The color of an edge of some segments: that of the topmost. */
  edge(bits) {
    return (this.#edges[bits] ||= pixelOf(this.segments.find((segment) => segment.bit & bits).color, 255));
  }

  /** The color inside some segments: the mean of their colors; 0 if nothing is filled. */
  fill(bits) {
    const solid = bits & ~this.dashed;
    if (!solid || !this.opacity) return 0;
    if (this.#fills[bits]) return this.#fills[bits];
    const filled = this.segments.filter((segment) => segment.bit & solid);
    const mean = [0, 1, 2].map((channel) =>
      Math.round(filled.reduce((sum, segment) => sum + segment.color[channel], 0) / filled.length),
    );
    return (this.#fills[bits] = pixelOf(mean, this.opacity));
  }
}

/**
 * Draw a part of the screen.
 *
 * @param pixels Uint32Array that receives area.width x area.height colors.
 * @param source {plane: Uint16Array with a bit for each segment, rows, columns}.
 * @param view see view.js, in pixels of the screen.
 * @param area {x, y, width, height}: the part of the screen.
 */
export function drawOverlay(pixels, source, view, style, area) {
  const reach = style.thickness;
  const stride = area.width + 2 * reach;
  const bits = sampleBits(source, view, style.visible, area, reach, stride);
  const dash = 3 * reach;
  const { dashed, outlined } = style;
  let target = 0;
  for (let y = 0; y < area.height; y++) {
    let index = (y + reach) * stride + reach;
    for (let x = 0; x < area.width; x++, index++, target++) {
      const here = bits[index];
      if (here === 0) {
        pixels[target] = 0;
        continue;
      }
      const beside = bits[index - reach] & bits[index + reach];
      const above = bits[index - reach * stride] & bits[index + reach * stride];
      let edge = here & ~(beside & above) & outlined;
      // Along a horizontal line the dashes follow x, along a vertical one y.
      if (edge & dashed && ((edge & dashed & ~above ? x + area.x : y + area.y) / dash) & 1) edge &= ~dashed;
      pixels[target] = edge ? style.edge(edge) : style.fill(here);
    }
  }
}

/** Return the bits under each pixel of the area and of a border of `reach` pixels around it. */
function sampleBits({ plane, rows, columns }, view, visible, area, reach, stride) {
  const bits = new Uint16Array(stride * (area.height + 2 * reach));
  const columnOf = new Int32Array(stride);
  let first = stride;
  let last = -1;
  for (let x = 0; x < stride; x++) {
    columnOf[x] = Math.floor((x - reach + area.x + 0.5 - view.x) / view.scale);
    if (columnOf[x] < 0 || columnOf[x] >= columns) continue;
    first = Math.min(first, x);
    last = x;
  }
  for (let y = 0; y < area.height + 2 * reach; y++) {
    const row = Math.floor((y - reach + area.y + 0.5 - view.y) / view.scale);
    if (row < 0 || row >= rows) continue;
    const start = row * columns;
    for (let x = first; x <= last; x++) bits[y * stride + x] = plane[start + columnOf[x]] & visible;
  }
  return bits;
}
