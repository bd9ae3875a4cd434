// One line for what went wrong or was done, and a dialog for what only a person can answer.

import { byId, element } from "./dom.js";
import { text } from "./texts.js";

const SECONDS = 6;
let timer;

/**
 * Show a sentence above the picture.
 *
 * @param kind "error" stays until it is closed; "note" goes by itself.
 * @param action {label, run}: a button beside it.
 */
export function showMessage(sentence, kind = "note", action = null) {
  clearTimeout(timer);
  const box = byId("message");
  box.className = `message ${kind}`;
  box.setAttribute("role", kind === "error" ? "alert" : "status");
  byId("message-text").textContent = sentence;
  byId("message-action").hidden = !action;
  if (action) {
    byId("message-action").textContent = action.label;
    byId("message-action").onclick = action.run;
  }
  box.hidden = false;
  if (kind !== "error") timer = setTimeout(hideMessage, 1000 * SECONDS);
}

export function hideMessage() {
  byId("message").hidden = true;
}

/** Show that something is going on over the picture; null ends it. */
export function showBusy(sentence) {
  byId("busy").hidden = !sentence;
  byId("busy-text").textContent = sentence ?? "";
}

/**
 * Ask a question; resolves to the value of the chosen answer, or null.
 *
 * @param answers [{label, value, primary}]
 * @param field label of a text to enter; the answer is then {value, entered}.
 */
export function ask(title, sentence, answers, field = null) {
  const dialog = byId("question");
  byId("question-title").textContent = title;
  byId("question-text").textContent = sentence;
  byId("question-field").hidden = !field;
  byId("question-label").textContent = field ?? "";
  byId("question-input").value = "";
  return new Promise((resolve) => {
    let chosen = null;
    const buttons = answers.map(({ label, value, primary }) =>
      element("button", { type: "submit", class: primary ? "primary" : "", onclick: () => (chosen = value) }, label),
    );
    buttons.push(element("button", { type: "submit", class: "quiet", onclick: () => (chosen = null) }, text("question.cancel")));
    byId("question-answers").replaceChildren(...buttons);
    dialog.addEventListener(
      "close",
      () => resolve(field && chosen !== null ? { value: chosen, entered: byId("question-input").value.trim() } : chosen),
      { once: true },
    );
    dialog.showModal();
  });
}
