// The workflow: open a radiograph, write a note, run, correct, compare, export. The panel and the keys call this.

import { ApiError } from "./api.js";
import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { STYLES } from "./display.js";
import { ask, hideMessage, showBusy, showMessage } from "./messages.js";
import { loadMap, loadResult } from "./result.js";
import { Session } from "./session.js";
import { said, text } from "./texts.js";

const THRESHOLDS = { min: 0.05, max: 0.95 };

export class App extends EventTarget {
  server = null;
  radiograph = null;
  result = null;
  understood = null;
  side = null;
  /** {fraction, sentence} while a run goes on. */
  progress = null;
  #abort = null;
  #unsaved = false;
  #asking = null;

  /** @param api see api.js; @param stage see stage.js; @param saveToken keeps a key that a person has entered. */
  constructor(api, stage, saveToken) {
    super();
    this.api = api;
    this.stage = stage;
    this.saveToken = saveToken;
    this.session = new Session(api, () => showBusy(text("network.restoring")));
    this.connection = new Connection(
      () => api.json("GET", "server"),
      () => showMessage(text("network.lost"), "error"),
      () => {
        showMessage(text("network.back"));
        if (!this.server) this.start();
      },
    );
    stage.onEdit = () => this.edited();
    stage.onNotice = (key) => showMessage(text(key));
  }

  get display() {
    return this.stage.display;
  }

  get segmentation() {
    return this.result?.segmentation ?? null;
  }

  /** Whether corrections or a note would be lost if the page were closed. */
  get unsaved() {
    return this.#unsaved;
  }

  /** Tell the panel that something has changed. */
  update() {
    this.dispatchEvent(new Event("update"));
  }

  /** Do something that may fail; a failure is shown as one sentence, and returns undefined. */
  async attempt(action) {
    try {
      return await action();
    } catch (error) {
      await this.#report(error);
      return undefined;
    } finally {
      showBusy(null);
    }
  }

  async #report(error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ApiError)) {
      console.error(error);
      showMessage(text("error.page"), "error");
    } else if (error.status === 0) this.connection.lost();
    else if (error.status === 401) await this.#askKey();
    else showMessage(error.sentence, "error");
  }

  /** Ask for a key, once at a time, and start again with it. */
  #askKey() {
    this.#asking ??= (async () => {
      const answers = [{ label: text("key.use"), value: true, primary: true }];
      const answer = await ask(text("key.title"), text("key.text"), answers, text("key.label"));
      this.#asking = null;
      if (answer?.entered) this.useToken(answer.entered);
    })();
    return this.#asking;
  }

  useToken(token) {
    this.api.token = token;
    this.saveToken(token);
    return this.start();
  }

  start() {
    return this.attempt(async () => {
      this.server = await this.api.json("GET", "server");
      hideMessage();
      this.update();
    });
  }

  // -- radiograph ------------------------------------------------------------------------------------------------

  chooseFile() {
    byId("file").click();
  }

  /** Open a radiograph; see Session.open. */
  async open(source) {
    if (this.#unsaved && !(await this.#mayDiscard())) return;
    this.cancel();
    await this.attempt(async () => {
      this.#checkSize(source.file);
      try {
        await this.#show(source);
      } catch (error) {
        if (error.id !== "radiograph.mirrored") throw error;
        await this.#askMirrored(source);
      }
      await this.understand();
    });
  }

  /** Open a radiograph at the server, and show it. */
  async #show(source) {
    showBusy(text("radiograph.opening"));
    const { radiograph, pixels } = await this.session.open(source);
    this.radiograph = {
      ...radiograph,
      spacing: radiograph.spacing_mm,
      patientLeft: radiograph.patient_left,
      stored: storedWindow(radiograph),
      mirrored: source.mirrored,
    };
    this.result = null;
    this.#unsaved = false;
    hideMessage();
    showBusy(null);
    this.stage.open(this.radiograph, pixels);
    if (radiograph.note && !byId("note").value.trim()) byId("note").value = radiograph.note;
    this.update();
  }

  /** The header says that the radiograph is mirrored: show it so, and let a person look before anything else. */
  async #askMirrored(source) {
    await this.#show({ ...source, mirrored: true });
    const mirrored = await ask(text("question.mirrored"), text("question.mirroredText"), [
      { label: text("question.mirroredYes"), value: true },
      { label: text("question.mirroredNo"), value: false },
    ]);
    if (mirrored === null) this.#close();
    else if (!mirrored) await this.#show({ ...source, mirrored: false });
  }

  #close() {
    this.session.close();
    this.radiograph = null;
    this.stage.close();
    this.update();
  }

  #checkSize(file) {
    const limit = this.server?.limits?.bytes;
    if (!file || !limit || file.size <= limit) return;
    const megabytes = Math.floor(limit / 1e6);
    throw new ApiError(413, "tooLarge", text("error.tooLarge", { megabytes }));
  }

  #mayDiscard() {
    const answers = [{ label: text("radiograph.discardYes"), value: true, primary: true }];
    return ask(text("radiograph.discard"), text("radiograph.discardText"), answers);
  }

  // -- note and run ----------------------------------------------------------------------------------------------

  focusNote() {
    byId("note").focus();
  }

  /** Ask the server what is understood of the note; an older question is forgotten. */
  async understand() {
    this.#understanding?.abort();
    const abort = (this.#understanding = new AbortController());
    const note = byId("note").value;
    if (!note.trim()) {
      this.understood = null;
      this.update();
      return;
    }
    try {
      const understood = await this.session.understand(note, this.side, this.radiograph?.mirrored, abort.signal);
      if (abort.signal.aborted) return;
      this.understood = understood;
      this.update();
    } catch (error) {
      if (error.id !== "note.empty") await this.#report(error);
    }
  }

  #understanding = null;

  /** Take the side that a person has chosen, because the note contradicts itself. */
  chooseSide(side) {
    this.side = side;
    this.update();
  }

  /** A person has changed the note. */
  noteChanged() {
    this.side = null;
    return this.understand();
  }

  async run() {
    const note = byId("note").value;
    if (!this.radiograph || this.progress || !note.trim()) return;
    this.#abort = new AbortController();
    this.#showProgress(0, text("run.starting"));
    hideMessage();
    await this.attempt(async () => {
      try {
        const request = { note, side: this.side };
        const run = await this.session.run(request, (event, data) => this.#follow(event, data), this.#abort.signal);
        if (!run) {
          showMessage(text("run.cancelled"));
          return;
        }
        this.#showProgress(1, text("result.loading"));
        this.#showResult(await loadResult(this.session, run, this.radiograph));
      } finally {
        this.#abort = null;
        this.progress = null;
        this.update();
      }
    });
  }

  cancel() {
    this.#abort?.abort();
  }

  #showProgress(fraction, sentence) {
    this.progress = { fraction, sentence };
    this.update();
  }

  #follow(event, data) {
    if (event === "queued") this.#showProgress(0, text("run.queued", { position: data.position }));
    if (event === "progress") {
      this.#showProgress(data.fraction, data.stage ? said(data.stage, data.text) : text("run.starting"));
    }
    if (event === "warning") showMessage(said(data.message, data.text));
  }

  #showResult(result) {
    this.result = result;
    this.#unsaved = false;
    this.stage.showResult(result);
    this.display.set({
      active: result.segmentation.accepted[0]?.id ?? null, hidden: false, hiddenSegments: new Set(), map: "",
    });
  }

  // -- segments --------------------------------------------------------------------------------------------------

  /** Something was corrected. */
  edited() {
    this.#unsaved = true;
    if (!this.segmentation.accepted.some(({ id }) => id === this.display.active)) {
      this.display.set({ active: this.segmentation.accepted[0]?.id ?? null });
    }
    this.stage.redrawOutlines();
    this.update();
  }

  chooseSegment(id) {
    const hiddenSegments = new Set(this.display.hiddenSegments);
    hiddenSegments.delete(id);
    this.display.set({ active: id, hiddenSegments, hidden: false });
    this.update();
  }

  chooseNumber(number) {
    const segment = this.segmentation?.accepted[number - 1];
    if (segment) this.chooseSegment(segment.id);
  }

  toggleSegment(id) {
    const hiddenSegments = new Set(this.display.hiddenSegments);
    if (!hiddenSegments.delete(id)) hiddenSegments.add(id);
    this.display.set({ hiddenSegments });
    this.update();
  }

  addSegment() {
    const segment = this.segmentation.addSegment(text("tool.segment"));
    if (!segment) {
      showMessage(text("segments.full"));
      return;
    }
    this.display.set({ active: segment.id });
    this.setTool("paint");
    this.edited();
  }

  removeSegment(id) {
    this.segmentation.remove(id);
    this.edited();
  }

  accept(id) {
    this.segmentation.accept(id);
    this.display.set({ active: id });
    this.edited();
  }

  acceptFirst() {
    const first = this.segmentation?.candidates[0];
    if (first) this.accept(first.id);
  }

  previewThreshold(value) {
    this.segmentation.previewThreshold(value);
    this.stage.redrawOutlines();
  }

  commitThreshold() {
    this.segmentation?.commitThreshold();
    if (this.segmentation) this.edited();
  }

  thresholdBy(step) {
    if (!this.segmentation) return;
    const value = Math.round(100 * (this.segmentation.threshold + step)) / 100;
    this.previewThreshold(Math.min(THRESHOLDS.max, Math.max(THRESHOLDS.min, value)));
    this.commitThreshold();
  }

  undo() {
    this.#replayed("undone", this.segmentation?.undo());
  }

  redo() {
    this.#replayed("redone", this.segmentation?.redo());
  }

  #replayed(key, step) {
    if (!step) return;
    showMessage(text(key, { step: text(`step.${step}`) }));
    this.edited();
  }

  // -- display ---------------------------------------------------------------------------------------------------

  setTool(tool) {
    if (!this.radiograph || (!["window", "move"].includes(tool) && !this.segmentation)) return;
    this.stage.setTool(tool);
    this.update();
  }

  brushBy(factor) {
    const radius = this.stage.brushRadius * factor;
    this.stage.setBrush(factor > 1 ? Math.ceil(radius) : Math.floor(radius));
    this.update();
  }

  invert() {
    this.display.set({ inverted: !this.display.inverted });
    this.update();
  }

  hide() {
    this.display.set({ hidden: !this.display.hidden });
    this.update();
  }

  setStyle(style) {
    this.display.set({ style });
    this.update();
  }

  nextStyle() {
    this.setStyle(STYLES[(STYLES.indexOf(this.display.style) + 1) % STYLES.length]);
  }

  usePreset(name) {
    this.stage.usePreset(name);
    this.update();
  }

  /** Shift and an arrow: brightness and contrast, or the brush by one pixel. */
  shiftArrow(dx, dy) {
    if (["paint", "erase", "fill"].includes(this.stage.tool)) this.stage.arrow(dx, dy, true);
    else if (this.radiograph) this.stage.windowBy(dx * 0.05, dy * 0.05);
    this.update();
  }

  setMap(name) {
    if (!this.result) return undefined;
    return this.attempt(async () => {
      if (name) {
        const shown = [this.result, this.stage.kept.result].filter((result) => result?.maps.has(name));
        await Promise.all(shown.map((result) => loadMap(this.session, result, name)));
      }
      this.display.set({ map: name });
      this.update();
    });
  }

  nextMap() {
    if (!this.result) return;
    const names = ["", ...this.result.maps.keys()];
    this.setMap(names[(names.indexOf(this.display.map) + 1) % names.length]);
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else byId("stage").requestFullscreen().catch(() => {});
  }

  showHelp() {
    byId("help-dialog").showModal();
  }

  // -- comparison and export -------------------------------------------------------------------------------------

  /** Keep the result in a picture of its own, or end that. */
  compare() {
    if (this.stage.comparing) this.stage.endComparison();
    else if (this.result) {
      this.stage.compare();
      showMessage(text("compare.hint"));
      this.focusNote();
      byId("note").select();
    }
    this.update();
  }

  export(name) {
    if (!this.result) return undefined;
    return this.attempt(async () => {
      showBusy(text("export.preparing", { name: text(`export.${name}`) }));
      const blob = await this.session.export(this.result.run, this.segmentation, name);
      download(blob, name);
      this.#unsaved = false;
      showMessage(text("export.done", { name }));
    });
  }

  store(archive) {
    return this.attempt(async () => {
      showBusy(text("export.preparing", { name: "DICOM-SEG" }));
      await this.session.store(this.result.run, this.segmentation, archive);
      this.#unsaved = false;
      showMessage(text("export.stored", { archive }));
    });
  }

  search(archive, query) {
    return this.attempt(() => this.session.search(archive, query));
  }
}

/** Return the window of the file as shares of its range. */
function storedWindow({ window, range }) {
  const extent = range.high - range.low || 1;
  return { center: (window.center - range.low) / extent, width: window.width / extent };
}

/** Let the browser save a file. */
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
