// The mask of a threshold, split into the patient's two lungs, as CausalCLIPSegLib/mask/sides.py does it.

import { connect, RunBuilder } from "./runs.js";

const MIN_SHARE_TO_CUT = 0.1; // a component is cut at the midline if each half of the image holds this share of it

/**
 * Split runs at the midline; a component that extends only slightly across it is not cut.
 *
 * @param runs none across the end of a row.
 * @returns {{viewerLeft: Int32Array, viewerRight: Int32Array}} the halves as the viewer sees them.
 */
export function splitAtMidline(runs, columns) {
  const half = Math.floor(columns / 2);
  const { labels, count } = connect(runs, columns, true);
  const pixels = new Float64Array(count);
  const pixelsOnLeft = new Float64Array(count);
  for (let run = 0; run < labels.length; run++) {
    const start = runs[2 * run];
    const length = runs[2 * run + 1] - start;
    pixels[labels[run]] += length;
    pixelsOnLeft[labels[run]] += Math.min(length, Math.max(0, half - (start % columns)));
  }
  const viewerLeft = new RunBuilder();
  const viewerRight = new RunBuilder();
  for (let run = 0; run < labels.length; run++) {
    const start = runs[2 * run];
    const end = runs[2 * run + 1];
    const share = pixelsOnLeft[labels[run]] / pixels[labels[run]];
    const middle = start - (start % columns) + half;
    if (share > 1 - MIN_SHARE_TO_CUT) viewerLeft.addSeparately(start, end);
    else if (share < MIN_SHARE_TO_CUT) viewerRight.addSeparately(start, end);
    else {
      if (start < middle) viewerLeft.addSeparately(start, Math.min(end, middle));
      if (end > middle) viewerRight.addSeparately(Math.max(start, middle), end);
    }
  }
  return { viewerLeft: viewerLeft.build(), viewerRight: viewerRight.build() };
}
