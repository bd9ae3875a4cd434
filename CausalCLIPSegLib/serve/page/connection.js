// Waits for a server that cannot be reached.

const SECONDS = 2;

export class Connection {
  #timer = null;

  /**
   * @param check resolves if the server answers, and rejects if not.
   * @param onLost, onBack called once each time the server is lost and back.
   */
  constructor(check, onLost, onBack) {
    this.check = check;
    this.onLost = onLost;
    this.onBack = onBack;
    addEventListener("online", () => this.#timer && this.#try());
    addEventListener("offline", () => this.lost());
  }

  /** Say that the server could not be reached: it is tried again until it answers. */
  lost() {
    if (this.#timer) return;
    this.onLost();
    this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#try(), 1000 * SECONDS);
  }

  async #try() {
    try {
      await this.check();
    } catch (error) {
      if (error.status === 0) return this.#wait();
    }
    clearTimeout(this.#timer);
    this.#timer = null;
    this.onBack();
  }
}
