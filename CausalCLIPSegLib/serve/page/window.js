// Window and level: which of the 16-bit values are black, gray and white. Values are shares of the full range, 0 to 1.

export const FULL_RANGE = { center: 0.5, width: 1 };

const SMALLEST_WIDTH = 0.004;

/** Return the window moved by a drag, as a share of the picture's size: right widens, down darkens. */
export function dragWindow(window, right, down) {
  return limited({ center: window.center + down * window.width, width: window.width * 2 ** (2 * right) });
}

/** Return the window with center and width inside their limits. */
export function limited({ center, width }) {
  return {
    center: Math.min(1, Math.max(0, center)),
    width: Math.min(2, Math.max(SMALLEST_WIDTH, width)),
  };
}

/** Return the window between two percentiles of the values, for instance 0.005 and 0.995. */
export function percentileWindow(values, low, high) {
  const counts = new Uint32Array(65536);
  for (let index = 0; index < values.length; index++) counts[values[index]]++;
  const valueAt = (share) => {
    let left = share * values.length;
    for (let value = 0; value < 65536; value++) {
      left -= counts[value];
      if (left < 0) return value;
    }
    return 65535;
  };
  const bottom = valueAt(low) / 65535;
  const top = valueAt(high) / 65535;
  return limited({ center: (bottom + top) / 2, width: top - bottom });
}

/** Return the opaque gray (as a pixel of a canvas) of each 16-bit value. */
export function grayTable({ center, width }, inverted) {
  const table = new Uint32Array(65536);
  const bottom = center - width / 2;
  for (let value = 0; value < 65536; value++) {
    const share = Math.min(1, Math.max(0, (value / 65535 - bottom) / width));
    const gray = Math.round(255 * (inverted ? 1 - share : share));
    table[value] = 0xff000000 | (gray << 16) | (gray << 8) | gray;
  }
  return table;
}
