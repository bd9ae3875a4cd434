// What a person does with the segments of the result: choose, hide, correct, accept, threshold, undo.

import { showMessage } from "./messages.js";
import { text } from "./texts.js";

const THRESHOLDS = { min: 0.05, max: 0.95 };

export class Editing {
  /** @param app see app.js. */
  constructor(app) {
    this.app = app;
  }

  /** Something was corrected. */
  edited() {
    this.app.markUnsaved();
    if (!this.app.segmentation.accepted.some(({ id }) => id === this.app.display.active)) {
      this.app.display.set({ active: this.app.segmentation.accepted[0]?.id ?? null });
    }
    this.app.stage.redrawOutlines();
    this.app.update();
  }

  chooseSegment(id) {
    const hiddenSegments = new Set(this.app.display.hiddenSegments);
    hiddenSegments.delete(id);
    this.app.display.set({ active: id, hiddenSegments, hidden: false });
    this.app.update();
  }

  chooseNumber(number) {
    const segment = this.app.segmentation?.accepted[number - 1];
    if (segment) this.chooseSegment(segment.id);
  }

  toggleSegment(id) {
    const hiddenSegments = new Set(this.app.display.hiddenSegments);
    if (!hiddenSegments.delete(id)) hiddenSegments.add(id);
    this.app.display.set({ hiddenSegments });
    this.app.update();
  }

  addSegment() {
    const segment = this.app.segmentation.addSegment(text("tool.segment"));
    if (!segment) {
      showMessage(text("segments.full"));
      return;
    }
    this.app.display.set({ active: segment.id });
    this.app.appearance.setTool("paint");
    this.edited();
  }

  removeSegment(id) {
    this.app.segmentation.remove(id);
    this.edited();
  }

  accept(id) {
    this.app.segmentation.accept(id);
    this.app.display.set({ active: id });
    this.edited();
  }

  acceptFirst() {
    const first = this.app.segmentation?.candidates[0];
    if (first) this.accept(first.id);
  }

  previewThreshold(value) {
    this.app.segmentation.previewThreshold(value);
    this.app.stage.redrawOutlines();
  }

  commitThreshold() {
    this.app.segmentation?.commitThreshold();
    if (this.app.segmentation) this.edited();
  }

  thresholdBy(step) {
    if (!this.app.segmentation) return;
    const value = Math.round(100 * (this.app.segmentation.threshold + step)) / 100;
    this.previewThreshold(Math.min(THRESHOLDS.max, Math.max(THRESHOLDS.min, value)));
    this.commitThreshold();
  }

  undo() {
    this.#replayed("undone", this.app.segmentation?.undo());
  }

  redo() {
    this.#replayed("redone", this.app.segmentation?.redo());
  }

  #replayed(key, step) {
    if (!step) return;
    showMessage(text(key, { step: text(`step.${step}`) }));
    this.edited();
  }
}
