// Undo and redo: a bounded list of steps, of whatever kind.

export class History {
  #done = [];
  #undone = [];

  constructor(limit = 50) {
    this.limit = limit;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Add a step that was just done; what was undone before can no longer be redone. */
  push(step) {
    this.#done.push(step);
    if (this.#done.length > this.limit) this.#done.shift();
    this.#undone = [];
  }

  /** Return the step to revert, or undefined. */
  undo() {
    const step = this.#done.pop();
    if (step) this.#undone.push(step);
    return step;
  }

  /** Return the step to do again, or undefined. */
  redo() {
    const step = this.#undone.pop();
    if (step) this.#done.push(step);
    return step;
  }
}
