// The session at the server: one radiograph and its runs. If the server has forgotten it, everything is sent again.

import { ApiError, networkError } from "./api.js";
import { readEvents } from "./event_stream.js";

const RETRY_MILLISECONDS = 2000;
const FORGOTTEN = new Set(["session.unknown", "run.unknown"]);
const MAX_RESTORED = 2; // for one action

/** What a run found: the answer of the server, and the note it was made for. */
export class Run {
  /** The revision of each segment that the server has, by the identifier on this page. */
  sent = new Map();
  /** The server's identifiers of the segments that a person has added. */
  added = new Map();

  constructor(id, request) {
    this.id = id;
    this.request = request;
  }
}

export class Session {
  #id = null;
  #source = null;
  #runs = new Set();

  /**
   * @param onRestore called when the work is sent again after the server has forgotten it.
   * @param onLost called if the server cannot be reached while a run goes on; it is tried again.
   */
  constructor(api, onRestore, onLost) {
    this.api = api;
    this.onRestore = onRestore;
    this.onLost = onLost;
  }

  /**
   * Open a radiograph in a new session.
   *
   * @param source {file: File}, {sample: true} or {pacs: {...}}, optionally with mirrored: true or false.
   * @returns {{radiograph, pixels: Uint16Array}}
   */
  async open(source) {
    const { session } = await this.api.json("POST", "sessions");
    try {
      const radiograph = await this.#upload(session, source);
      const pixels = new Uint16Array(await this.api.bytes(`sessions/${session}/radiograph/pixels`));
      this.close();
      this.#id = session;
      this.#source = source;
      return { radiograph, pixels };
    } catch (error) {
      this.#delete(session);
      throw error;
    }
  }

  /** End the session, because the page is left: the server deletes all of its files. It is restored when needed. */
  leave() {
    if (this.#id) this.#delete(this.#id);
    this.#id = null;
  }

  /** End the session, and forget what it held. */
  close() {
    this.leave();
    this.#source = null;
    this.#runs.clear();
  }

  /**
   * Return what is understood of a note.
   *
   * @param request {note, side, mirrored, checkpoint}.
   */
  understand(request, signal) {
    return this.api.json("POST", "notes", { json: request, signal });
  }

  /** Return {images, more}: the radiographs of an archive that match, and whether there are more. */
  search(archive, query) {
    return this.api.json("POST", `pacs/${encodeURIComponent(archive)}/images`, { json: query });
  }

  /**
   * Run the network, and wait for its end.
   *
   * @param request {note, side, threshold, checkpoint}.
   * @param onEvent called with "queued" and "progress" events.
   * @param signal aborting it cancels the run.
   * @returns {Run | null} null if it was canceled.
   */
  run(request, onEvent, signal) {
    return this.#lasting(async (session) => {
      const { run } = await this.api.json("POST", `sessions/${session}/runs`, { json: request });
      const cancel = () => this.api.send("POST", `sessions/${session}/runs/${run}/cancel`).catch(() => {});
      signal.addEventListener("abort", cancel);
      if (signal.aborted) cancel();
      try {
        return (await this.#finish(session, run, onEvent, signal)) ? this.#remember(new Run(run, request)) : null;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    }, signal);
  }

  /** Forget the other runs: they are not made again if the server has forgotten them. */
  keepOnly(runs) {
    this.#runs = new Set(runs);
  }

  /** Return the document of a run; for `signal` see #lasting. */
  document(run, signal) {
    return this.#ofRun(run, (path) => this.api.json("GET", path), signal);
  }

  async map(run, name, signal) {
    return new Uint8Array(await this.#ofRun(run, (path) => this.api.bytes(`${path}/maps/${name}`), signal));
  }

  async mask(run, id, signal) {
    const part = `masks/${encodeURIComponent(id)}`;
    return new Uint8Array(await this.#ofRun(run, (path) => this.api.bytes(`${path}/${part}`), signal));
  }

  /** Send what a person has changed, and return a file with it. */
  export(run, segmentation, name) {
    return this.#ofRun(run, async (path) => {
      await this.#send(path, run, segmentation);
      return this.api.blob(`${path}/export/${name}`);
    });
  }

  /** Send what a person has changed, and store the DICOM-SEG in an archive. */
  store(run, segmentation, archive) {
    return this.#ofRun(run, async (path) => {
      await this.#send(path, run, segmentation);
      const { stored } = await this.api.json("POST", `${path}/pacs`, { json: { archive } });
      const failed = stored.find(({ status }) => status === "failed");
      if (failed) throw new ApiError(200, "pacs.failed", failed.reason);
    });
  }

  #remember(run) {
    this.#runs.add(run);
    return run;
  }

  async #upload(session, source) {
    const path = `sessions/${session}/radiograph`;
    if (!source.file) return this.api.json("POST", path, { json: source });
    const body = new FormData();
    if (source.mirrored !== undefined) body.append("mirrored", source.mirrored); // the server reads it before the file
    body.append("file", source.file, source.file.name);
    return this.api.json("POST", path, { body });
  }

  /** Return whether the run was done; false if it was canceled. With a signal, a cut connection is waited for. */
  async #finish(session, run, onEvent, signal) {
    for (;;) {
      try {
        return await this.#follow(session, run, onEvent);
      } catch (error) {
        if (error.status !== 0 || !signal) throw error;
        await this.#wait(signal);
      }
    }
  }

  /** Read the events of a run, which the server sends from the first one. */
  async #follow(session, run, onEvent) {
    const response = await this.api.send("GET", `sessions/${session}/runs/${run}/events`);
    try {
      for await (const { event, data } of readEvents(response)) {
        if (event === "done") return true;
        if (event === "cancelled") return false;
        if (event === "failed") throw ApiError.from(200, data.error);
        onEvent?.(event, data);
      }
    } catch (error) {
      throw error instanceof ApiError ? error : networkError(error);
    }
    throw networkError(new Error("the stream of events ended early"));
  }

  /** Send each segment that changed since it was sent last, and take away each that no longer exists. */
  async #send(path, run, segmentation) {
    const wanted = new Map(
      segmentation.state.segments
        .filter((segment) => !segment.removed && !segment.candidate)
        .map((segment) => [segment.id, segment]),
    );
    const known = new Set([...segmentation.state.segments.map(({ id }) => id), ...run.sent.keys()]);
    for (const id of known) {
      const revision = wanted.has(id) ? segmentation.revision(id) : "removed";
      if ((run.sent.get(id) ?? initialRevision(segmentation, id)) === revision) continue;
      if (wanted.get(id)?.added && !run.added.has(id)) run.added.set(id, await this.#add(path, wanted.get(id)));
      const url = `${path}/masks/${encodeURIComponent(run.added.get(id) ?? id)}`;
      if (revision === "removed") await this.api.send("DELETE", url);
      else await this.#put(url, wanted.get(id), segmentation);
      run.sent.set(id, revision);
    }
  }

  /** Make a segment of a person known to the server; returns its identifier there. */
  async #add(path, { name, color, kind }) {
    return (await this.api.json("POST", `${path}/segments`, { json: { name, color, kind } })).id;
  }

  async #put(url, segment, segmentation) {
    const packed = new Blob([segmentation.mask(segment.id)]).stream().pipeThrough(new CompressionStream("gzip"));
    const query = { corrected: segment.corrected ? 1 : 0, threshold: segmentation.threshold };
    const body = await new Response(packed).blob();
    await this.api.send("PUT", url, { body, type: "application/octet-stream", query, encoding: "gzip" });
  }

  #ofRun(run, action, signal) {
    return this.#lasting((session) => action(`sessions/${session}/runs/${run.id}`), signal);
  }

  /**
   * Call `action` with the session. If the server has forgotten the session, restore it, and call again.
   *
   * @param signal with it, a server that cannot be reached is waited for, until the signal.
   */
  async #lasting(action, signal) {
    let forgotten = false;
    for (let restored = 0; ; ) {
      try {
        if (forgotten) await this.#restore(signal);
        forgotten = false;
        return await action(this.#id);
      } catch (error) {
        if (FORGOTTEN.has(error.id) && this.#source && restored++ < MAX_RESTORED) forgotten = true;
        else if (error.status === 0 && signal) await this.#wait(signal);
        else throw error;
      }
    }
  }

  /** Wait a little for a server that cannot be reached. */
  async #wait(signal) {
    this.onLost();
    await pause(RETRY_MILLISECONDS, signal);
    signal.throwIfAborted();
  }

  async #restore(signal) {
    this.onRestore();
    const { session } = await this.api.json("POST", "sessions");
    await this.#upload(session, this.#source);
    for (const run of this.#runs) {
      const answer = await this.api.json("POST", `sessions/${session}/runs`, { json: run.request });
      await this.#finish(session, answer.run, null, signal);
      run.id = answer.run;
      run.sent.clear();
      run.added.clear();
    }
    this.#id = session;
  }

  #delete(session) {
    this.api.send("DELETE", `sessions/${session}`, { keepalive: true }).catch(() => {});
  }
}

/** What the server has of a segment before anything was sent. */
function initialRevision(segmentation, id) {
  const segment = segmentation.find(id);
  if (!segment || segment.added || segment.candidate || segment.fromCandidate) return "removed";
  return segmentation.initialRevision(id);
}

/** Wait, but not longer than until the signal. */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", resolve, { once: true });
  });
}
