// Tests of the page's modules that need no browser. test_units.py runs this file.

import assert from "node:assert/strict";
import { test } from "node:test";

const page = new URL(process.env.PAGE, "file://");
const { strokeRuns } = await import(new URL("brush.js", page));
const { changesInto, holeAt, islands } = await import(new URL("corrections.js", page));
const { parseEvent, readEvents } = await import(new URL("event_stream.js", page));
const { History } = await import(new URL("history.js", page));
const { keyOf } = await import(new URL("keyboard.js", page));
const { drawOverlay, OverlayStyle, pixelOf } = await import(new URL("overlay.js", page));
const { buildPyramid, levelFor } = await import(new URL("pyramid.js", page));
const { rampTable } = await import(new URL("ramp.js", page));
const { complement, connect, difference, runsWhere, union } = await import(new URL("runs.js", page));
const { Segmentation } = await import(new URL("segmentation.js", page));
const { Threshold } = await import(new URL("threshold.js", page));
const { fit, pan, resize, toImage, toScreen, zoomAt } = await import(new URL("view.js", page));
const { dragWindow, grayTable, limited, percentileWindow } = await import(new URL("window.js", page));

/** Return a function that gives the same numbers in [0, 1) every time. */
function numbers(seed) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

/** Call `check` with many random masks of different sizes and densities. */
function forMasks(check) {
  for (let seed = 1; seed <= 60; seed++) {
    const next = numbers(seed);
    const rows = 1 + Math.floor(next() * 14);
    const columns = 1 + Math.floor(next() * 14);
    const density = next();
    const mask = Uint8Array.from({ length: rows * columns }, () => (next() < density ? 1 : 0));
    check({ mask, rows, columns, next });
  }
}

const runsOf = (mask, columns) => runsWhere(mask, 1, 1, columns);

function maskOf(runs, length) {
  const mask = new Uint8Array(length);
  for (let index = 0; index < runs.length; index += 2) mask.fill(1, runs[index], runs[index + 1]);
  return mask;
}

/** Label pixels one by one, the slow and obvious way. */
function floodLabels(mask, rows, columns, diagonal) {
  const labels = new Int32Array(mask.length).fill(-1);
  let count = 0;
  for (let seed = 0; seed < mask.length; seed++) {
    if (!mask[seed] || labels[seed] >= 0) continue;
    const waiting = [seed];
    labels[seed] = count;
    while (waiting.length) {
      const position = waiting.pop();
      const row = Math.floor(position / columns);
      const column = position % columns;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          if ((!diagonal && dx && dy) || row + dy < 0 || row + dy >= rows || column + dx < 0 || column + dx >= columns) continue;
          const neighbor = position + dy * columns + dx;
          if (!mask[neighbor] || labels[neighbor] >= 0) continue;
          labels[neighbor] = count;
          waiting.push(neighbor);
        }
      }
    }
    count++;
  }
  return { labels, count };
}

test("runs hold exactly the pixels of a mask, and the complement the others", () => {
  forMasks(({ mask, rows, columns }) => {
    const runs = runsOf(mask, columns);
    assert.deepEqual(maskOf(runs, mask.length), mask);
    const others = complement(runs, rows, columns);
    assert.deepEqual(maskOf(others, mask.length), mask.map((value) => 1 - value));
  });
});

test("the difference of two sets turns one into the other, and union joins disjoint sets", () => {
  forMasks(({ mask, rows, columns, next }) => {
    const other = mask.map(() => (next() < 0.5 ? 1 : 0));
    const changed = difference(runsOf(mask, columns), runsOf(other, columns));
    assert.deepEqual(maskOf(changed, mask.length), mask.map((value, index) => value ^ other[index]));
    const rest = other.map((value, index) => (value && !mask[index] ? 1 : 0));
    const joined = union([runsOf(mask, columns), runsOf(rest, columns)]);
    assert.deepEqual(maskOf(joined, mask.length), mask.map((value, index) => value | rest[index]));
  });
});

for (const diagonal of [true, false]) {
  test(`runs are connected as a flood fill connects pixels, ${diagonal ? "with" : "without"} corners`, () => {
    forMasks(({ mask, rows, columns }) => {
      const runs = runsOf(mask, columns);
      const { labels, count } = connect(runs, columns, diagonal);
      const flood = floodLabels(mask, rows, columns, diagonal);
      assert.equal(count, flood.count);
      const pairs = new Set(Array.from(labels, (label, run) => `${label} ${flood.labels[runs[2 * run]]}`));
      assert.equal(pairs.size, count);
    });
  });
}

test("a stroke holds the pixels whose centers lie within the radius of the line", () => {
  const next = numbers(7);
  for (let round = 0; round < 80; round++) {
    const [rows, columns] = [20, 25];
    const from = { x: next() * 30 - 3, y: next() * 26 - 3 };
    const to = round % 4 ? { x: next() * 30 - 3, y: next() * 26 - 3 } : from;
    const radius = 0.5 + next() * 6;
    const drawn = maskOf(strokeRuns(from, to, radius, rows, columns), rows * columns);
    for (let position = 0; position < drawn.length; position++) {
      const point = { x: (position % columns) + 0.5, y: Math.floor(position / columns) + 0.5 };
      const length = (to.x - from.x) ** 2 + (to.y - from.y) ** 2;
      const share = length ? ((point.x - from.x) * (to.x - from.x) + (point.y - from.y) * (to.y - from.y)) / length : 0;
      const along = Math.min(1, Math.max(0, share));
      const distance = Math.hypot(point.x - from.x - along * (to.x - from.x), point.y - from.y - along * (to.y - from.y));
      if (Math.abs(distance - radius) < 1e-9) continue;
      assert.equal(drawn[position], distance < radius ? 1 : 0);
    }
  }
});

test("a brush beyond the border draws nothing", () => {
  assert.equal(strokeRuns({ x: -50, y: 5 }, { x: -40, y: 5 }, 4, 10, 10).length, 0);
  assert.equal(strokeRuns({ x: 5, y: 90 }, { x: 5, y: 99 }, 4, 10, 10).length, 0);
});

test("changes are the pixels that are not yet as wanted, in the segment's own bit", () => {
  forMasks(({ mask, rows, columns, next }) => {
    const plane = Uint16Array.from(mask, (value) => (value ? 4 : 0) | (next() < 0.5 ? 3 : 0));
    const all = Int32Array.of(0, mask.length);
    assert.deepEqual(maskOf(changesInto(plane, 4, all, true), mask.length), mask.map((value) => 1 - value));
    assert.deepEqual(maskOf(changesInto(plane, 4, all, false), mask.length), mask);
  });
});

test("a hole is what a flood fill reaches, unless that reaches the border", () => {
  forMasks(({ mask, rows, columns }) => {
    const plane = Uint16Array.from(mask, (value) => value * 8);
    const { labels } = floodLabels(mask.map((value) => 1 - value), rows, columns, false);
    const onBorder = (position) =>
      position < columns || position >= (rows - 1) * columns || position % columns === 0 || position % columns === columns - 1;
    const open = new Set(Array.from(labels).filter((label, position) => label >= 0 && onBorder(position)));
    for (let position = 0; position < mask.length; position++) {
      const hole = holeAt(plane, 8, rows, columns, position);
      if (mask[position] || open.has(labels[position])) assert.equal(hole, null);
      else assert.deepEqual(maskOf(hole, mask.length), mask.map((_, each) => (labels[each] === labels[position] ? 1 : 0)));
    }
  });
});

test("islands are all areas but one of the largest", () => {
  forMasks(({ mask, rows, columns }) => {
    const { labels, count } = floodLabels(mask, rows, columns, true);
    const sizes = Array.from({ length: count }, (_, label) => labels.filter((each) => each === label).length);
    const removed = maskOf(islands(Uint16Array.from(mask), 1, columns), mask.length);
    const kept = new Set(Array.from(labels).filter((label, position) => label >= 0 && !removed[position]));
    assert.equal(kept.size, Math.min(1, count));
    for (const label of kept) assert.equal(sizes[label], Math.max(...sizes));
  });
});

test("the history keeps 50 steps, and a new step ends redoing", () => {
  const history = new History(50);
  for (let step = 1; step <= 60; step++) history.push(step);
  const undone = [];
  while (history.canUndo) undone.push(history.undo());
  assert.deepEqual(undone, Array.from({ length: 50 }, (_, index) => 60 - index));
  assert.equal(history.undo(), undefined);
  assert.equal(history.redo(), 11);
  history.push("new");
  assert.equal(history.canRedo, false);
  assert.equal(history.undo(), "new");
});

test("a threshold finds every pixel that reaches it, in smooth and in rough maps", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const next = numbers(seed);
    const [rows, columns] = [1 + Math.floor(next() * 5), 1 + Math.floor(next() * 150)];
    const rough = seed % 2;
    const values = Uint8Array.from({ length: rows * columns }, (_, position) =>
      rough ? next() * 256 : 128 + 127 * Math.sin((position % columns) / 20 + seed));
    const threshold = new Threshold(values, rows, columns);
    for (const level of [1, 60, 128, 200, 255]) {
      const runs = threshold.runs(level);
      assert.deepEqual(maskOf(runs, values.length), values.map((value) => (value >= level ? 1 : 0)));
      for (let index = 0; index < runs.length; index += 2) {
        assert.equal(Math.floor(runs[index] / columns), Math.floor((runs[index + 1] - 1) / columns));
      }
    }
  }
});

/** A segmentation with a left and a right segment that the threshold makes, and a candidate. */
function segmentation(rows, columns, next) {
  const probability = Uint8Array.from({ length: rows * columns }, () => Math.floor(next() * 256));
  const made = new Segmentation({ rows, columns, spacing: [0.5, 0.25] }, probability, 0.5);
  const half = Math.floor(columns / 2);
  const base = { kind: "opacity", color: [230, 159, 0], candidate: false, automatic: true };
  const part = (keep) => Uint8Array.from(probability, (value, position) => (value >= 128 && keep(position % columns) ? 1 : 0));
  made.load({ ...base, id: "right", name: "right", side: "right", sideViewer: "left" }, part((column) => column < half));
  made.load({ ...base, id: "left", name: "left", side: "left", sideViewer: "right" }, part((column) => column >= half));
  made.load({ ...base, id: "other", name: "other", side: "left", sideViewer: "right", candidate: true, automatic: false },
    Uint8Array.from(probability, () => (next() < 0.2 ? 1 : 0)));
  return made;
}

const copyOf = (made) => ({
  plane: made.plane.slice(),
  state: made.state,
  pixels: made.state.segments.map((segment) => made.pixels(segment)),
});

test("undo and redo restore every pixel and property after any sequence of corrections", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const next = numbers(seed);
    const [rows, columns] = [16, 18];
    const made = segmentation(rows, columns, next);
    const before = [copyOf(made)];
    const at = () => ({ x: next() * columns, y: next() * rows });
    const actions = [
      () => {
        made.beginStroke(next() < 0.5 ? "right" : "left", next() < 0.5);
        let last = at();
        for (let part = 0; part < 3; part++) {
          const to = at();
          made.continueStroke(strokeRuns(last, to, 1 + next() * 3, rows, columns));
          last = to;
        }
        return made.endStroke();
      },
      () => made.fill("right", Math.floor(next() * rows * columns)),
      () => made.removeIslands("left"),
      () => {
        for (let part = 0; part < 3; part++) made.previewThreshold(0.05 + 0.9 * next());
        made.commitThreshold();
        return true;
      },
      () => made.addSegment("drawn") !== null,
      () => {
        if (!made.find("other").candidate) return false;
        made.accept("other");
        return true;
      },
      () => {
        if (made.find("left").removed) return false;
        made.remove("left");
        return true;
      },
    ];
    while (before.length <= 50) {
      if (actions[Math.floor(next() * actions.length)]()) before.push(copyOf(made));
    }
    for (let step = before.length - 2; step >= 0; step--) {
      made.undo();
      assert.deepEqual(copyOf(made), before[step]);
    }
    assert.equal(made.undo(), null);
    for (let step = 1; step < before.length; step++) {
      made.redo();
      assert.deepEqual(copyOf(made), before[step]);
    }
    assert.equal(made.redo(), null);
  }
});

test("segments are changed by a person, and no longer after undo", () => {
  const changes = {
    paint: (made) => {
      made.beginStroke("right", true);
      made.continueStroke(Int32Array.of(0, 144));
      made.endStroke();
    },
    threshold: (made) => {
      made.previewThreshold(0.8);
      made.commitThreshold();
    },
    accept: (made) => made.accept("other"),
    remove: (made) => made.remove("left"),
    add: (made) => made.addSegment("drawn"),
  };
  for (const [name, change] of Object.entries(changes)) {
    const made = segmentation(12, 12, numbers(4));
    assert.equal(made.isChanged, false);
    change(made);
    assert.equal(made.isChanged, true, name);
    made.undo();
    assert.equal(made.isChanged, false, name);
  }
  const made = segmentation(12, 12, numbers(4));
  made.remove("other");
  assert.equal(made.isChanged, false, "a candidate that is dismissed was no segment");
});

test("pixels are counted, and areas are in square centimeters", () => {
  const made = segmentation(12, 12, numbers(3));
  for (const segment of made.state.segments) {
    const count = made.mask(segment.id).reduce((sum, value) => sum + value, 0);
    assert.equal(made.pixels(segment), count);
    assert.equal(made.area(segment), (count * 0.5 * 0.25) / 100);
  }
});

test("the threshold moves automatic segments only, and a canceled stroke changes nothing", () => {
  const made = segmentation(12, 12, numbers(5));
  const before = copyOf(made);
  made.beginStroke("right", true);
  made.continueStroke(strokeRuns({ x: 2, y: 2 }, { x: 9, y: 9 }, 2, 12, 12));
  made.cancelStroke();
  assert.deepEqual(copyOf(made), before);
  made.beginStroke("right", true);
  made.continueStroke(Int32Array.of(0, 144));
  made.endStroke();
  made.previewThreshold(0.9);
  made.commitThreshold();
  assert.equal(made.pixels(made.find("right")), 144);
  const left = Array.from(made.probability, (value) => (value >= 230 ? 1 : 0));
  assert.ok(made.mask("left").every((value, position) => !value || left[position]));
  assert.deepEqual(made.mask("other"), maskOf(runsWhere(before.plane, 4, 4, 12), 144));
});

test("changed segments have another revision, unchanged ones the same", () => {
  const made = segmentation(12, 12, numbers(9));
  const [right, left] = ["right", "left"].map((id) => made.revision(id));
  assert.equal(made.initialRevision("right"), right);
  made.beginStroke("right", true);
  made.continueStroke(Int32Array.of(0, 144));
  made.endStroke();
  assert.notEqual(made.revision("right"), right);
  assert.equal(made.revision("left"), left);
});

test("a view turns points of the image into points of the screen and back", () => {
  const next = numbers(11);
  for (let round = 0; round < 50; round++) {
    const image = { rows: 10 + next() * 4000, columns: 10 + next() * 4000 };
    const screen = { width: 100 + next() * 2000, height: 100 + next() * 1000 };
    const whole = fit(image, screen);
    const corner = toScreen(whole, { x: image.columns, y: image.rows });
    assert.ok(whole.x > -1e-9 && whole.y > -1e-9 && corner.x < screen.width + 1e-6 && corner.y < screen.height + 1e-6);
    const point = { x: next() * screen.width, y: next() * screen.height };
    const zoomed = zoomAt(whole, 0.3 + 3 * next(), point, 0);
    const [old, now] = [toImage(whole, point), toImage(zoomed, point)];
    assert.ok(Math.hypot(old.x - now.x, old.y - now.y) < 1e-6);
    const moved = pan(zoomed, 1e5, -1e5, image, screen);
    assert.ok(moved.x <= screen.width - 64 && moved.y + image.rows * moved.scale >= 64 - 1e-6);
    const larger = { width: screen.width * 2, height: screen.height + 50 };
    const kept = toImage(resize(zoomed, screen, larger), { x: larger.width / 2, y: larger.height / 2 });
    const center = toImage(zoomed, { x: screen.width / 2, y: screen.height / 2 });
    assert.ok(Math.hypot(kept.x - center.x, kept.y - center.y) < 1e-6);
  }
});

test("a window maps its ends to black and white, and inverting swaps them", () => {
  const gray = (table, value) => table[value] & 255;
  for (const inverted of [false, true]) {
    const table = grayTable({ center: 0.5, width: 0.5 }, inverted);
    const [black, white] = inverted ? [255, 0] : [0, 255];
    assert.deepEqual([gray(table, 0), gray(table, 16383), gray(table, 49152), gray(table, 65535)], [black, black, white, white]);
    assert.ok(Math.abs(gray(table, 32768) - 127.5) <= 0.5);
    assert.equal(table[0] >>> 24, 255);
  }
  assert.deepEqual(dragWindow({ center: 0.5, width: 1 }, 0, 0), { center: 0.5, width: 1 });
  assert.equal(limited({ center: 9, width: 0 }).center, 1);
  const values = Uint16Array.from({ length: 1000 }, (_, index) => index * 65);
  const { center, width } = percentileWindow(values, 0.1, 0.9);
  assert.ok(Math.abs(center - 0.496) < 0.01 && Math.abs(width - 0.794) < 0.01);
});

test("a level of the pyramid averages pixels, and has a pixel for each pixel of the screen", () => {
  const next = numbers(13);
  const [rows, columns] = [1030, 1029];
  const values = Uint16Array.from({ length: rows * columns }, () => next() * 65536);
  const levels = buildPyramid(values, rows, columns);
  assert.deepEqual(levels.map((level) => level.step), [1, 2, 4]);
  const half = levels[1];
  assert.equal(half.values[half.columns + 1], (values[2 * columns + 2] + values[2 * columns + 3] + values[3 * columns + 2] + values[3 * columns + 3]) >> 2);
  for (const [scale, step] of [[2, 1], [1, 1], [0.51, 1], [0.5, 2], [0.3, 2], [0.25, 4], [0.01, 4]]) {
    assert.equal(levelFor(levels, scale).step, step);
  }
});

test("an outline is the edge of a segment, of the same width at any zoom; a fill lies inside", () => {
  const [rows, columns] = [10, 10];
  const plane = new Uint16Array(100);
  for (let row = 2; row < 8; row++) plane.fill(1, row * 10 + 2, row * 10 + 8);
  const color = [10, 20, 30];
  const edge = pixelOf(color, 255);
  for (const scale of [4, 8]) {
    const size = 10 * scale;
    const style = new OverlayStyle([{ bit: 1, color, dashed: false }], { outlines: true, fill: 0.5, thickness: 2 });
    const pixels = new Uint32Array(size * size);
    drawOverlay(pixels, { plane, rows, columns }, { scale, x: 0, y: 0 }, style, { x: 0, y: 0, width: size, height: size });
    const [first, last] = [2 * scale, 8 * scale];
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const depth = Math.min(x - first, y - first, last - 1 - x, last - 1 - y);
        assert.equal(pixels[y * size + x], depth < 0 ? 0 : depth < 2 ? edge : pixelOf(color, 128));
      }
    }
    const area = { x: first - 3, y: first - 3, width: 9, height: 7 };
    const part = new Uint32Array(63);
    drawOverlay(part, { plane, rows, columns }, { scale, x: 0, y: 0 }, style, area);
    part.forEach((value, index) =>
      assert.equal(value, pixels[(area.y + Math.floor(index / 9)) * size + area.x + (index % 9)]));
  }
});

test("a candidate is dashed and never filled; the topmost segment gives the color of an edge", () => {
  const plane = new Uint16Array(400).fill(3);
  const draw = (segments) => {
    const style = new OverlayStyle(segments, { outlines: true, fill: 1, thickness: 1 });
    const pixels = new Uint32Array(1600);
    drawOverlay(pixels, { plane, rows: 20, columns: 20 }, { scale: 2, x: 0, y: 0 }, style, { x: 0, y: 0, width: 40, height: 40 });
    return pixels;
  };
  const dashed = draw([{ bit: 1, color: [1, 1, 1], dashed: true }]);
  const border = [...dashed.slice(0, 40)];
  assert.ok(border.some((pixel) => pixel) && border.some((pixel) => !pixel));
  assert.ok(dashed.slice(41, 79).every((pixel) => pixel === 0));
  const both = draw([{ bit: 2, color: [5, 5, 5], dashed: false }, { bit: 1, color: [1, 1, 1], dashed: false }]);
  assert.equal(both[0], pixelOf([5, 5, 5], 255));
  assert.equal(both[20 * 40 + 20], pixelOf([3, 3, 3], 255));
});

test("the colors of a map are graded, from transparent to opaque", () => {
  const table = rampTable();
  assert.equal(table[0] >>> 24, 0);
  for (let value = 1; value < 256; value++) assert.ok(table[value] >>> 24 >= table[value - 1] >>> 24);
  assert.ok(new Set(table).size > 200);
});

test("events are read however the stream is cut, and comments are skipped", async () => {
  const text = 'event: progress\ndata: {"stage": "größer"}\n\n: comment\n\nevent: done\r\ndata: {}\r\n\r\n';
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size < bytes.length; size += 3) {
    const stream = new ReadableStream({
      start(controller) {
        for (let start = 0; start < bytes.length; start += size) controller.enqueue(bytes.slice(start, start + size));
        controller.close();
      },
    });
    const events = [];
    for await (const event of readEvents(new Response(stream))) events.push(event);
    assert.deepEqual(events, [{ event: "progress", data: { stage: "größer" } }, { event: "done", data: {} }]);
  }
  assert.equal(parseEvent(": only a comment"), null);
});

test("keys have the same name on every keyboard", () => {
  const key = (name, held = {}) => keyOf({ key: name, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held });
  assert.equal(key("Z", { ctrlKey: true, shiftKey: true }), "Ctrl+Shift+z");
  assert.equal(key("z", { metaKey: true }), "Ctrl+z");
  assert.equal(key("?", { shiftKey: true }), "?");
  assert.equal(key("P"), "p");
  assert.equal(key("ArrowUp", { shiftKey: true }), "Shift+ArrowUp");
  assert.equal(key(" "), "Space");
});
