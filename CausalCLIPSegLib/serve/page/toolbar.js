// The buttons beside the picture, and the strip above it with what belongs to the chosen tool.

import { element, icon, replaceKeepingFocus } from "./dom.js";
import { number, text } from "./texts.js";

export const TOOLS = ["window", "move", "paint", "erase", "fill"];

/** The groups of the toolbar: [name of the icon, key of the text, key that does the same]. */
const ACTIONS = [
  [["undo", "tool.undo", "Ctrl+Z"], ["redo", "tool.redo", "Ctrl+Y"]],
  [["shown", "tool.hide", "H"], ["invert", "tool.invert", "I"]],
  [["zoom-in", "tool.zoomIn", "+"], ["zoom-out", "tool.zoomOut", "−"], ["fit", "tool.fit", "0"], ["fullscreen", "tool.fullscreen", "U"]],
];

const TOOL_KEYS = { window: "W", move: "M", paint: "P", erase: "E", fill: "F" };

/** Build the toolbar; `actions` holds a function for each icon, and setTool. */
export function buildToolbar(container, stage, actions) {
  const button = (name, label, key, run, pressed) =>
    element(
      "button",
      { class: "tool", type: "button", id: `tool-${name}`, "aria-pressed": pressed, onclick: run,
        data: { label, keys: key } },
      icon(name),
    );
  container.replaceChildren(
    element("div", { class: "group" }, TOOLS.map((tool) =>
      button(tool, `tool.${tool}`, TOOL_KEYS[tool], () => actions.setTool(tool), String(stage.tool === tool)))),
    ...ACTIONS.map((group) => element("div", { class: "group" }, group.map(([name, label, key]) =>
      button(name, label, key, actions[name], name === "shown" || name === "invert" ? "false" : undefined)))),
  );
  makeRoving(container);
}

/** Let arrows move between the buttons of a toolbar, so that Tab needs one step only. */
function makeRoving(container) {
  const buttons = () => [...container.querySelectorAll("button:not(:disabled)")];
  const focusable = (chosen) => {
    for (const button of container.querySelectorAll("button")) button.tabIndex = button === chosen ? 0 : -1;
  };
  focusable(container.querySelector("button"));
  container.addEventListener("focusin", (event) => focusable(event.target.closest("button")));
  container.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = buttons();
    all.at((all.indexOf(document.activeElement) + step) % all.length).focus();
  });
}

/** Show the state of the tools. */
export function updateToolbar(container, stage) {
  const { display, segmentation } = stage;
  const find = (name) => container.querySelector(`#tool-${name}`);
  for (const tool of TOOLS) {
    find(tool).setAttribute("aria-pressed", String(stage.tool === tool));
    find(tool).disabled = !stage.radiograph || (!["window", "move"].includes(tool) && !segmentation);
  }
  for (const name of ["invert", "zoom-in", "zoom-out", "fit"]) find(name).disabled = !stage.radiograph;
  find("undo").disabled = !segmentation?.history.canUndo;
  find("redo").disabled = !segmentation?.history.canRedo;
  find("shown").disabled = !segmentation;
  find("shown").setAttribute("aria-pressed", String(display.hidden));
  find("shown").replaceChildren(icon(display.hidden ? "hidden" : "shown"));
  find("invert").setAttribute("aria-pressed", String(display.inverted));
}

/**
 * Show what belongs to the chosen tool: window presets, or the brush.
 *
 * @param actions {usePreset(name), setBrush(radius), removeIslands()}.
 */
export function showStrip(container, stage, activeName, actions) {
  if (!stage.radiograph) {
    container.replaceChildren();
    return;
  }
  const drawing = ["paint", "erase", "fill"].includes(stage.tool);
  replaceKeepingFocus(container, drawing ? brushStrip(stage, activeName, actions) : presetStrip(stage, actions));
}

function presetStrip(stage, actions) {
  return element(
    "div",
    { class: "presets", role: "group", "aria-label": text("tool.preset") },
    Object.keys(stage.presets).map((name) =>
      element("button", { class: "quiet small", type: "button", "aria-pressed": String(stage.display.preset === name),
        data: { focus: `preset-${name}` }, onclick: () => actions.usePreset(name) }, text(`preset.${name}`)),
    ),
  );
}

function brushStrip(stage, activeName, actions) {
  const size = 2 * stage.brushRadius;
  const slider = element("input", { type: "range", id: "brush", min: 2, max: 200, step: 2, value: size, data: { focus: "brush" } });
  const value = element("output", { for: "brush" }, text("tool.brushValue", { size: number(size) }));
  slider.addEventListener("input", () => {
    actions.setBrush(slider.valueAsNumber / 2);
    value.textContent = text("tool.brushValue", { size: number(slider.valueAsNumber) });
  });
  return element(
    "div",
    { class: "brushes" },
    activeName && element("span", { class: "active-name" }, activeName),
    stage.tool === "fill"
      ? element("span", { class: "facts" }, text("tool.fillHint"))
      : [element("label", { for: "brush" }, text("tool.brush")), slider, value],
    element("button", { class: "quiet small", type: "button", data: { focus: "islands" }, onclick: actions.removeIslands },
      icon("islands"), text("tool.islands")),
  );
}
