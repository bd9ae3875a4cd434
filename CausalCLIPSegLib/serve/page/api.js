// Requests to the server. Every failure is an ApiError with an identifier and one sentence.

import { said, text } from "./texts.js";

/** A request that failed. `status` is 0 if the server cannot be reached. */
export class ApiError extends Error {
  /** @param known the sentence by its id and arguments, see texts.js; undefined if `message` is in the page's language. */
  constructor(status, id, message, known) {
    super(message);
    this.status = status;
    this.id = id;
    this.known = known;
  }

  /** Return the error of an answer: {id, message, arguments, text}. */
  static from(status, { id, message, arguments: values, text: known }) {
    return new ApiError(status, id, message, known ?? { id: `error.${id}`, arguments: values ?? {} });
  }

  /** The sentence in the language of the page, or, if it is not known there, the server's. */
  get sentence() {
    return said(this.message, this.known);
  }
}

/** The server's API below `base`. */
export class Api {
  constructor(base, token) {
    this.base = base;
    this.token = token;
  }

  /**
   * Send a request.
   *
   * @param options {json, body, type, encoding, query, signal, keepalive}
   * @throws ApiError
   */
  async send(method, path, { json, body, type, encoding, query, signal, keepalive } = {}) {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== null) url.searchParams.set(name, value);
    }
    const headers = { Authorization: `Bearer ${this.token}` };
    if (json !== undefined) headers["Content-Type"] = "application/json";
    if (type) headers["Content-Type"] = type;
    if (encoding) headers["Content-Encoding"] = encoding;
    let response;
    try {
      response = await fetch(url, {
        method, headers, signal, keepalive, body: json === undefined ? body : JSON.stringify(json),
        credentials: "omit", cache: "no-store", redirect: "error",
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw networkError(error);
    }
    if (!response.ok) throw await readError(response);
    return response;
  }

  async json(method, path, options) {
    return this.#read(await this.send(method, path, options), (response) => response.json());
  }

  async bytes(path, options) {
    return this.#read(await this.send("GET", path, options), (response) => response.arrayBuffer());
  }

  async blob(path, options) {
    return this.#read(await this.send("GET", path, options), (response) => response.blob());
  }

  async #read(response, reader) {
    try {
      return await reader(response);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (error instanceof SyntaxError) throw new ApiError(response.status, "unreadable", text("error.unreadable"));
      throw networkError(error);
    }
  }
}

/** Return the error of a server that cannot be reached, or whose answer broke off. */
export function networkError(cause) {
  return Object.assign(new ApiError(0, "network", text("error.network")), { cause });
}

async function readError(response) {
  try {
    return ApiError.from(response.status, (await response.json()).error);
  } catch {
    return new ApiError(response.status, "unreadable", text("error.unreadable"));
  }
}
