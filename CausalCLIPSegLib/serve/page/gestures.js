// What a pointer does while it is pressed: each gesture has move(points), end() and cancel().

import { strokeRuns } from "./brush.js";
import { toImage } from "./view.js";
import { dragWindow } from "./window.js";

/** Change brightness and contrast: right widens the window, down darkens. */
export function windowGesture(stage, viewport, start) {
  const before = stage.display.window;
  return {
    move(points) {
      const { width, height } = viewport.screen;
      const point = points.at(-1);
      const window = dragWindow(before, (point.x - start.x) / width, (point.y - start.y) / height);
      stage.display.set({ window, preset: "own" });
    },
    end() {},
    cancel: () => stage.display.set({ window: before }),
  };
}

/** Move the picture. */
export function moveGesture(stage, viewport, start) {
  let last = start;
  return {
    move(points) {
      const point = points.at(-1);
      stage.panBy(point.x - last.x, point.y - last.y);
      last = point;
    },
    end() {},
    cancel() {},
  };
}

/** Paint or erase pixels of the active segment. */
export function strokeGesture(stage, viewport, start, paints) {
  const { segmentation } = viewport.result;
  const { rows, columns } = segmentation.grid;
  const radius = stage.brushRadius;
  let last = toImage(stage.display.view, start);
  const draw = (to) => {
    segmentation.continueStroke(strokeRuns(last, to, radius, rows, columns));
    viewport.redrawOutlines({
      left: Math.min(last.x, to.x) - radius, right: Math.max(last.x, to.x) + radius,
      top: Math.min(last.y, to.y) - radius, bottom: Math.max(last.y, to.y) + radius,
    });
    last = to;
  };
  segmentation.beginStroke(stage.display.active, paints);
  draw(last);
  return {
    move(points) {
      for (const point of points) draw(toImage(stage.display.view, point));
    },
    end() {
      segmentation.endStroke();
      stage.onEdit();
    },
    cancel() {
      segmentation.cancelStroke();
      viewport.redrawOutlines();
    },
  };
}

/** Two fingers: zoom by their distance, and move by their center. */
export function pinchGesture(stage, first, second) {
  let center = middle(first, second);
  let distance = gap(first, second);
  return {
    move(one, other) {
      const now = middle(one, other);
      stage.panBy(now.x - center.x, now.y - center.y);
      stage.zoomBy(gap(one, other) / distance, now);
      center = now;
      distance = gap(one, other);
    },
  };
}

function middle(first, second) {
  return { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 };
}

function gap(first, second) {
  return Math.max(1, Math.hypot(first.x - second.x, first.y - second.y));
}
