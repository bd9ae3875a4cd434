// Starts the page: finds the key of the server, builds the controls, and connects them with the workflow.

import { Api } from "./api.js";
import { App } from "./app.js";
import { setUpArchive } from "./archive.js";
import { Display, STYLES } from "./display.js";
import { byId, debounced, element, icon, oncePerFrame } from "./dom.js";
import { showHeard } from "./heard.js";
import { listenToKeys } from "./keyboard.js";
import { hideMessage, showMessage } from "./messages.js";
import { segmentName, showSegments, showStatements, showWarnings } from "./result_panel.js";
import { showKeys, shortcuts } from "./shortcuts.js";
import { Stage } from "./stage.js";
import { language, loadTexts, number, said, setLanguage, text, writeTexts } from "./texts.js";
import { buildToolbar, showStrip, updateToolbar } from "./toolbar.js";
import { showUnderstood } from "./understood.js";

const TOKEN = "causalclipseg.token";
const CONTRAST = "causalclipseg.contrast";
const LETTERS = "causalclipseg.letters";
const EXPORTS = ["segmentation.dcm", "segmentation.seg.nrrd", "overlay.png", "result.json"];
const TYPING_MILLISECONDS = 300;

const display = new Display();
const stage = new Stage(byId("viewports"), display);
export const app = new App(new Api(new URL("api/v1/", document.baseURI), takeToken()), stage, (token) =>
  sessionStorage.setItem(TOKEN, token),
);
const keys = shortcuts(app);

/** Return the key in the address, and remove it from there; otherwise the one of this tab. */
function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    sessionStorage.setItem(TOKEN, token);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return token ?? sessionStorage.getItem(TOKEN) ?? "";
}

// -- what is written by the state --------------------------------------------------------------------------------

function update() {
  const { radiograph, result, progress } = app;
  byId("drop").hidden = Boolean(radiograph);
  byId("radiograph-name").textContent = radiograph?.name ?? "";
  byId("radiograph-facts").textContent = radiograph ? facts(radiograph) : text("radiograph.none");
  showWarnings(byId("radiograph-warnings"), result ? null : radiograph);
  showUnderstood(byId("understood"), app.understood, app.side, (side) => app.chooseSide(side));
  byId("run").disabled = !radiograph || !byId("note").value.trim();
  byId("run").hidden = Boolean(progress);
  byId("cancel").hidden = !progress;
  byId("compare").disabled = !result || Boolean(progress);
  byId("compare").textContent = text(stage.comparing ? "compare.end" : "compare.start");
  byId("progress").hidden = !progress;
  byId("progress-bar").value = progress?.fraction ?? 0;
  byId("progress-text").textContent = progress?.sentence ?? "";
  for (const id of ["result", "display", "export"]) byId(id).hidden = !result;
  updateCheckpoint();
  if (result) updateResult(result);
  updateCaptions();
  updateToolbar(byId("toolbar"), stage);
  const active = app.segmentation?.find(display.active);
  showStrip(byId("strip"), stage, active ? segmentName(active) : "", {
    usePreset: (name) => app.appearance.usePreset(name),
    setBrush: (radius) => stage.setBrush(radius),
    removeIslands: () => stage.removeIslands(),
  });
  updateReadout(null);
}

/** Offer the checkpoints of the server, if there are several. */
function updateCheckpoint() {
  byId("checkpoint-field").hidden = app.checkpoints.length < 2;
  byId("checkpoint").disabled = Boolean(app.progress);
  byId("checkpoint").value = app.checkpoint ?? "";
  byId("checkpoint-summary").textContent = app.checkpoints.find(({ name }) => name === app.checkpoint)?.summary ?? "";
}

/** Return the title of the checkpoint that made a result, and its version. */
function madeBy(result) {
  const { name, version } = result.document.result.checkpoint;
  const title = app.checkpoints.find((each) => each.name === (result.run.request.checkpoint ?? name))?.title ?? name;
  return title === name ? `${name} ${version}` : `${title} (${name} ${version})`;
}

function facts({ rows, columns, spacing }) {
  const size = text("radiograph.size", { rows: number(rows), columns: number(columns) });
  return `${size} · ${text(spacing ? "radiograph.calibrated" : "radiograph.uncalibrated")}`;
}

function updateResult(result) {
  byId("outlined-by").textContent = text("result.by", { checkpoint: madeBy(result) });
  showStatements(byId("statements"), result);
  showSegments(byId("segments"), result.segmentation, display, {
    choose: (id) => app.editing.chooseSegment(id),
    toggle: (id) => app.editing.toggleSegment(id),
    remove: (id) => app.editing.removeSegment(id),
    accept: (id) => app.editing.accept(id),
    add: () => app.editing.addSegment(),
  });
  showHeard(byId("heard"), result.document.heard ?? [], result.document.understood.prompt_laterality);
  updateThreshold();
  updateDisplay(result);
}

function updateThreshold() {
  byId("threshold").value = app.segmentation.threshold;
  byId("threshold-value").textContent = number(app.segmentation.threshold, 2);
}

function updateDisplay(result) {
  for (const radio of document.querySelectorAll("#style input")) radio.checked = radio.value === display.style;
  byId("fill").value = display.fill;
  byId("fill").disabled = display.style === "outline";
  byId("fill-value").textContent = `${number(100 * display.fill)} %`;
  byId("map-opacity").value = display.mapOpacity;
  byId("map-opacity").disabled = !display.map;
  byId("map-opacity-value").textContent = `${number(100 * display.mapOpacity)} %`;
  const { maps } = result.document;
  byId("map").replaceChildren(
    element("option", { value: "" }, text("display.noMap")),
    ...maps.map((map) => element("option", { value: map.name, title: worthOf(map) }, said(map.title, map.texts?.title))),
  );
  byId("map").value = display.map;
  const shown = maps.find(({ name }) => name === display.map);
  byId("legend").hidden = !shown;
  byId("map-worth").textContent = byId("map").title = shown ? worthOf(shown) : "";
  if (shown) {
    byId("legend").replaceChildren(
      element("span", {}, number(shown.low, 2)), element("span", { class: "ramp", "aria-hidden": "true" }), element("span", {}, number(shown.high, 2)),
    );
  }
}

/** Return what a map shows and what not. */
function worthOf({ worth, texts }) {
  return said(worth ?? "", texts?.worth);
}

function updateCaptions() {
  const captions = stage.comparing ? [[stage.kept, "compare.kept"], [stage.main, "compare.current"]] : [];
  stage.main.caption.hidden = true;
  for (const [viewport, label] of captions) {
    viewport.caption.hidden = false;
    const { result } = viewport;
    const by = result?.document.result && app.checkpoints.length > 1 ? ` · ${madeBy(result)}` : "";
    viewport.caption.replaceChildren(
      element("strong", {}, text(label)), ` ${result?.document.result?.note ?? result?.run.request.note ?? ""}${by}`,
    );
  }
}

function updateReadout(point) {
  if (!app.radiograph) {
    byId("readout").textContent = "";
    return;
  }
  const { rows, columns } = app.radiograph;
  const parts = [
    text("readout.window", { center: number(100 * display.window.center), width: number(100 * display.window.width) }),
    text("readout.zoom", { zoom: number(100 * display.view.scale) }),
  ];
  if (point && point.x >= 0 && point.y >= 0 && point.x < columns && point.y < rows) {
    const column = Math.floor(point.x);
    const row = Math.floor(point.y);
    parts.push(`x ${column} y ${row}`);
    if (app.segmentation) {
      parts.push(text("readout.probability", { value: number(app.segmentation.probability[row * columns + column] / 255, 2) }));
    }
  }
  if (display.hidden && app.segmentation) parts.push(text("display.hiddenOutlines"));
  byId("readout").textContent = parts.join("  ·  ");
}

/** Write all texts, at the start and in another language. */
function writeAll() {
  document.title = "CausalCLIPSeg";
  byId("language").value = language();
  byId("style").replaceChildren(...STYLES.map((style) =>
    element("label", {}, element("input", { type: "radio", name: "style", value: style, onchange: () => app.appearance.setStyle(style) }),
      element("span", {}, text(`display.${style}`)))));
  byId("exports").replaceChildren(...EXPORTS.map((name) =>
    element("button", { type: "button", onclick: () => app.export(name), data: { export: name } }, icon("download"), text(`export.${name}`))));
  byId("stores").replaceChildren(...(app.server?.pacs ?? []).map((archive) =>
    element("button", { type: "button", onclick: () => app.store(archive) }, text("export.store", { archive }))));
  byId("checkpoint").replaceChildren(...app.checkpoints.map(({ name, title, summary }) =>
    element("option", { value: name, title: summary }, title || name)));
  if (app.server) {
    const { checkpoint, version } = app.server;
    byId("about").textContent = text("help.about", { version, checkpoint: `${checkpoint.name} ${checkpoint.version}`, licence: checkpoint.licence });
  }
  showKeys(byId("keys"), keys);
  writeTexts();
  stage.writeTexts();
  update();
}

// -- what a person does ------------------------------------------------------------------------------------------

function connect() {
  const click = (id, action) => byId(id).addEventListener("click", action);
  for (const svg of document.querySelectorAll("[data-icon]")) svg.append(icon(svg.dataset.icon));
  for (const id of ["choose", "drop-choose"]) click(id, () => app.chooseFile());
  for (const id of ["sample", "drop-sample"]) click(id, () => app.open({ sample: true }));
  click("run", () => app.run());
  click("cancel", () => app.cancel());
  click("compare", () => app.compare());
  click("help", () => app.showHelp());
  click("message-close", hideMessage);
  click("contrast", () => setContrast(byId("contrast").getAttribute("aria-pressed") !== "true"));
  byId("file").addEventListener("change", () => {
    const [file] = byId("file").files;
    byId("file").value = "";
    if (file) app.open({ file });
  });
  byId("language").addEventListener("change", () => {
    setLanguage(byId("language").value);
    writeAll();
  });
  byId("checkpoint").addEventListener("change", () => app.chooseCheckpoint(byId("checkpoint").value));
  const understand = debounced(() => app.noteChanged(), TYPING_MILLISECONDS);
  byId("note").addEventListener("input", () => {
    byId("run").disabled = !app.radiograph || !byId("note").value.trim();
    understand();
  });
  connectSliders();
  connectDrops();
  buildToolbar(byId("toolbar"), stage, {
    setTool: (tool) => app.appearance.setTool(tool),
    undo: () => app.editing.undo(),
    redo: () => app.editing.redo(),
    shown: () => app.appearance.hide(),
    invert: () => app.appearance.invert(),
    "zoom-in": () => stage.zoomBy(1.25),
    "zoom-out": () => stage.zoomBy(0.8),
    fit: () => stage.fit(),
    fullscreen: () => app.appearance.fullscreen(),
  });
  listenToKeys(keys, () => byId("letters").checked);
  byId("letters").checked = localStorage.getItem(LETTERS) !== "off";
  byId("letters").addEventListener("change", () => localStorage.setItem(LETTERS, byId("letters").checked ? "on" : "off"));
  addEventListener("hashchange", () => {
    const token = takeToken();
    if (token !== app.api.token) app.useToken(token);
  });
  addEventListener("beforeunload", (event) => app.unsaved && event.preventDefault());
  addEventListener("pagehide", () => app.session.leave());
}

function connectSliders() {
  const threshold = byId("threshold");
  threshold.addEventListener("input", () => {
    app.editing.previewThreshold(threshold.valueAsNumber);
    byId("threshold-value").textContent = number(app.segmentation.threshold, 2);
  });
  threshold.addEventListener("change", () => {
    app.editing.previewThreshold(threshold.valueAsNumber);
    app.editing.commitThreshold();
  });
  byId("fill").addEventListener("input", () => {
    display.set({ fill: byId("fill").valueAsNumber });
    byId("fill-value").textContent = `${number(100 * display.fill)} %`;
  });
  byId("map-opacity").addEventListener("input", () => {
    display.set({ mapOpacity: byId("map-opacity").valueAsNumber });
    byId("map-opacity-value").textContent = `${number(100 * display.mapOpacity)} %`;
  });
  byId("map").addEventListener("change", () => app.appearance.setMap(byId("map").value));
}

/** Take files that are dropped anywhere on the page. */
function connectDrops() {
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && document.body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!holdsFiles(event)) return;
    event.preventDefault();
    const { files } = event.dataTransfer;
    if (files.length === 1) app.open({ file: files[0] });
    else showMessage(text("error.oneFile"), "error");
  });
}

function setContrast(high) {
  document.documentElement.classList.toggle("contrast", high);
  byId("contrast").setAttribute("aria-pressed", String(high));
  localStorage.setItem(CONTRAST, high ? "high" : "normal");
}

await loadTexts();
connect();
setContrast(localStorage.getItem(CONTRAST) === "high");
app.addEventListener("update", update);
const hover = oncePerFrame(updateReadout);
stage.onHover = hover;
display.addEventListener("change", () => hover(null));
display.addEventListener("change", (event) => event.detail.includes("preset") && update());
app.addEventListener("server", () => {
  setUpArchive(app.server.pacs, (archive, query) => app.search(archive, query), (pacs) => app.open({ pacs }));
  writeAll();
});
writeAll();
app.start();
