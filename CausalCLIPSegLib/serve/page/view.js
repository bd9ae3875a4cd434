// The view of an image: screen = image x scale + offset, in CSS pixels. Each function returns a new view.

export const MAX_SCALE = 32;

/** Return the view that shows the whole image, centered. */
export function fit(image, screen) {
  const scale = Math.min(screen.width / image.columns, screen.height / image.rows);
  return {
    scale,
    x: (screen.width - image.columns * scale) / 2,
    y: (screen.height - image.rows * scale) / 2,
  };
}

/** Zoom by a factor; the point of the image under `point` stays where it is. */
export function zoomAt(view, factor, point, smallest) {
  const scale = Math.min(MAX_SCALE, Math.max(smallest, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * ratio, y: point.y - (point.y - view.y) * ratio };
}

/** Move the image by (dx, dy) on the screen, but never out of sight: a part of `margin` pixels stays visible. */
export function pan(view, dx, dy, image, screen, margin = 64) {
  const keep = (offset, extent, space) => Math.min(space - margin, Math.max(margin - extent, offset));
  return {
    scale: view.scale,
    x: keep(view.x + dx, image.columns * view.scale, screen.width),
    y: keep(view.y + dy, image.rows * view.scale, screen.height),
  };
}

/** Return the point of the image under a point of the screen. */
export function toImage(view, point) {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

/** Return the point of the screen over a point of the image. */
export function toScreen(view, point) {
  return { x: point.x * view.scale + view.x, y: point.y * view.scale + view.y };
}

/** Return the same view of the image after the screen has changed its size: its center stays in the center. */
export function resize(view, before, after) {
  const center = toImage(view, { x: before.width / 2, y: before.height / 2 });
  return { scale: view.scale, x: after.width / 2 - center.x * view.scale, y: after.height / 2 - center.y * view.scale };
}
