// The workflow: open a radiograph, write a note, run, compare, export. The panel and the keys call this.

import { ApiError } from "./api.js";
import { Appearance } from "./appearance.js";
import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { Editing } from "./editing.js";
import { ask, hideMessage, showBusy, showMessage } from "./messages.js";
import { loadResult } from "./result.js";
import { Session } from "./session.js";
import { said, text } from "./texts.js";

export class App extends EventTarget {
  server = null;
  radiograph = null;
  result = null;
  understood = null;
  side = null;
  /** The name of the checkpoint that a person has chosen; null is that of the server. */
  #chosen = null;
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
    this.editing = new Editing(this);
    this.appearance = new Appearance(this);
    this.session = new Session(api, () => showBusy(text("network.restoring")), () => this.connection.lost());
    this.connection = new Connection(
      () => api.json("GET", "server"),
      () => showMessage(text("network.lost"), "error"),
      () => {
        showMessage(text("network.back"));
        if (!this.server) this.start();
      },
    );
    stage.onEdit = () => this.editing.edited();
    stage.onNotice = (key) => showMessage(text(key));
  }

  get display() {
    return this.stage.display;
  }

  get segmentation() {
    return this.result?.segmentation ?? null;
  }

  /** What the server can segment with; an older server offers one. */
  get checkpoints() {
    return this.server?.checkpoints ?? (this.server ? [this.server.checkpoint] : []);
  }

  /** The name of the checkpoint for the next run. */
  get checkpoint() {
    const names = this.checkpoints.map(({ name }) => name);
    return names.includes(this.#chosen) ? this.#chosen : (names[0] ?? null);
  }

  /** Choose the checkpoint for the next run; it may give the note another prompt. */
  chooseCheckpoint(name) {
    this.#chosen = name;
    this.update();
    return this.understand();
  }

  /** The fields of a request that name the checkpoint; none if the server offers only one. */
  get #checkpointField() {
    return this.checkpoints.length > 1 ? { checkpoint: this.checkpoint } : {};
  }

  /** Whether corrections would be lost if the page were closed. */
  get unsaved() {
    return this.#unsaved;
  }

  markUnsaved() {
    this.#unsaved = true;
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

  /** Ask the server what it is; the event "server" follows. */
  start() {
    return this.attempt(async () => {
      this.server = await this.api.json("GET", "server");
      hideMessage();
      this.dispatchEvent(new Event("server"));
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
      const request = { note, side: this.side, mirrored: this.radiograph?.mirrored, ...this.#checkpointField };
      const understood = await this.session.understand(request, abort.signal);
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
        const request = { note, side: this.side, ...this.#checkpointField };
        const result = await this.#runAndLoad(request, this.#abort.signal);
        if (result) this.#showResult(result);
        else showMessage(text("run.cancelled"));
      } finally {
        this.#abort = null;
        this.progress = null;
        this.update();
      }
    });
  }

  /** Return the result of a run, or null if it was canceled. */
  async #runAndLoad(request, signal) {
    try {
      const run = await this.session.run(request, (event, data) => this.#follow(event, data), signal);
      if (!run) return null;
      this.#showProgress(1, text("result.loading"));
      return await loadResult(this.session, run, this.radiograph, signal);
    } catch (error) {
      if (error.name === "AbortError") return null;
      throw error;
    }
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
    this.session.keepOnly([result, this.stage.kept.result].filter(Boolean).map(({ run }) => run));
    this.display.set({
      active: result.segmentation.accepted[0]?.id ?? null, hidden: false, hiddenSegments: new Set(), map: "",
    });
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
