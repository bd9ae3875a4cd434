// The colors of a map over the radiograph: from transparent through dark red and orange to yellow.

import { pixelOf } from "./overlay.js";

const STOPS = [
  [0, [70, 0, 20], 0],
  [0.15, [110, 10, 25], 110],
  [0.5, [213, 94, 0], 190],
  [0.8, [245, 170, 30], 220],
  [1, [255, 240, 120], 235],
];

/** Return the color of a share between 0 and 1 as a pixel of a canvas. */
export function colorAt(share) {
  const next = Math.max(1, STOPS.findIndex(([stop]) => stop >= share));
  const [low, lowColor, lowOpacity] = STOPS[next - 1];
  const [high, highColor, highOpacity] = STOPS[next];
  const part = (share - low) / (high - low);
  const between = (a, b) => Math.round(a + part * (b - a));
  return pixelOf(
    lowColor.map((value, channel) => between(value, highColor[channel])),
    between(lowOpacity, highOpacity),
  );
}

/** Return the colors of the 256 values of a map. */
export function rampTable() {
  return Uint32Array.from({ length: 256 }, (_, value) => colorAt(value / 255));
}
