// The table of keys: what each does, and how the help sheet names it.

import { element } from "./dom.js";
import { text, textOr } from "./texts.js";

/**
 * Return the table of keys.
 *
 * @param app the actions of the page, see app.js.
 * @returns [{group, label, keys, run, whileTyping, shown}]; `shown` replaces `keys` on the help sheet.
 */
export function shortcuts(app) {
  const { stage } = app;
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const direction = (key) => arrows[key.split("+").at(-1)];
  const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
  return [
    { group: "work", label: "key.note", keys: ["n"], run: () => app.focusNote() },
    { group: "work", label: "run.start", keys: ["Ctrl+Enter"], run: () => app.run(), whileTyping: true },
    { group: "work", label: "run.cancel", keys: ["Escape"], run: () => app.cancel(), whileTyping: true },
    { group: "work", label: "radiograph.choose", keys: ["Ctrl+o"], run: () => app.chooseFile(), whileTyping: true },
    { group: "work", label: "compare.start", keys: ["c"], run: () => app.compare() },
    { group: "work", label: "key.dicom", keys: ["Ctrl+s"], run: () => app.export("segmentation.dcm"), whileTyping: true },
    { group: "work", label: "help", keys: ["?"], run: () => app.showHelp() },

    { group: "picture", label: "tool.window", keys: ["w"], run: () => app.appearance.setTool("window") },
    { group: "picture", label: "key.windowing", keys: Object.keys(arrows).map((key) => `Shift+${key}`), shown: ["Shift+arrows"],
      run: (key) => app.appearance.shiftArrow(...direction(key)) },
    { group: "picture", label: "tool.invert", keys: ["i"], run: () => app.appearance.invert() },
    { group: "picture", label: "tool.move", keys: ["m"], run: () => app.appearance.setTool("move") },
    { group: "picture", label: "key.pan", keys: Object.keys(arrows), shown: ["arrows"], run: (key) => stage.arrow(...direction(key), false) },
    { group: "picture", label: "tool.zoomIn", keys: ["+", "="], shown: ["+"], run: () => stage.zoomBy(1.25) },
    { group: "picture", label: "tool.zoomOut", keys: ["-"], shown: ["−"], run: () => stage.zoomBy(0.8) },
    { group: "picture", label: "tool.fit", keys: ["0"], run: () => stage.fit() },
    { group: "picture", label: "tool.fullscreen", keys: ["u"], run: () => app.appearance.fullscreen() },
    { group: "picture", label: "key.map", keys: ["g"], run: () => app.appearance.nextMap() },

    { group: "segments", label: "tool.hide", keys: ["h"], run: () => app.appearance.hide() },
    { group: "segments", label: "key.style", keys: ["o"], run: () => app.appearance.nextStyle() },
    { group: "segments", label: "key.segment", keys: digits, shown: ["1", "9"], run: (key) => app.editing.chooseNumber(Number(key)) },
    { group: "segments", label: "key.accept", keys: ["a"], run: () => app.editing.acceptFirst() },
    { group: "segments", label: "key.thresholdDown", keys: [","], run: () => app.editing.thresholdBy(-0.01) },
    { group: "segments", label: "key.thresholdUp", keys: ["."], run: () => app.editing.thresholdBy(0.01) },

    { group: "correct", label: "tool.paint", keys: ["p"], run: () => app.appearance.setTool("paint") },
    { group: "correct", label: "tool.erase", keys: ["e"], run: () => app.appearance.setTool("erase") },
    { group: "correct", label: "tool.fill", keys: ["f"], run: () => app.appearance.setTool("fill") },
    { group: "correct", label: "key.stamp", keys: ["Enter"], run: () => stage.stamp() },
    { group: "correct", label: "tool.islands", keys: ["k"], run: () => stage.removeIslands() },
    { group: "correct", label: "key.brushDown", keys: ["["], run: () => app.appearance.brushBy(0.8) },
    { group: "correct", label: "key.brushUp", keys: ["]"], run: () => app.appearance.brushBy(1.25) },
    { group: "correct", label: "tool.undo", keys: ["Ctrl+z"], run: () => app.editing.undo() },
    { group: "correct", label: "tool.redo", keys: ["Ctrl+y", "Ctrl+Shift+z"], shown: ["Ctrl+y"], run: () => app.editing.redo() },
  ];
}

const POINTER = [
  ["help.wheel", "help.wheelText"],
  ["help.rightDrag", "tool.window"],
  ["help.middleDrag", "tool.move"],
];

/** Write the help sheet. */
export function showKeys(container, table) {
  const groups = ["work", "picture", "segments", "correct"].map((group) => [
    text(`help.${group}`),
    table.filter((entry) => entry.group === group).map((entry) => [keyCaps(entry.shown ?? entry.keys), text(entry.label)]),
  ]);
  const pointer = POINTER.map(([how, what]) => [element("span", {}, text(how)), text(what)]);
  container.replaceChildren(
    ...[...groups, [text("help.pointer"), pointer]].map(([title, rows]) =>
      element("section", {}, element("h3", {}, title), element("dl", {}, rows.map(([keys, label]) =>
        element("div", {}, element("dt", {}, keys), element("dd", {}, label))))),
    ),
  );
}

function keyCaps(keys) {
  const range = keys.length === 2 && keys[0] === "1";
  return keys.flatMap((key, index) => [
    index > 0 ? (range ? " – " : " ") : "",
    ...(key === "+" ? ["+"] : key.split("+")).map((part) => element("kbd", {}, keyName(part))),
  ]);
}

/** Return the name on a key: "Strg" for Ctrl in German. */
function keyName(part) {
  return textOr(`keyname.${part}`, part.length === 1 ? part.toUpperCase() : part);
}
