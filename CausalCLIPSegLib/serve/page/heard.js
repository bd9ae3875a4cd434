// The words of the note that the network weighs, each marked by its share of the interest.

import { element, replaceKeepingFocus } from "./dom.js";
import { number, text } from "./texts.js";

/**
 * Show the words that the network heard; nothing if it weighs none.
 *
 * A mark has a stronger ground and a thicker line under it for a larger share; its tooltip, and what a screen reader
 * says after the word, is the share itself.
 *
 * @param heard pieces {text, weight, in_note} in the order of reading; a weight of null is the rest of the note.
 * @param laterality whose left and right the prompt means.
 */
export function showHeard(container, heard, laterality) {
  container.hidden = !heard.length;
  const highest = Math.max(...heard.map(({ weight }) => weight ?? 0), Number.MIN_VALUE);
  const show = (piece) => (piece.weight === null ? piece.text : mark(piece, highest));
  const [inNote, added] = [heard.filter((piece) => piece.in_note), heard.filter((piece) => !piece.in_note)];
  replaceKeepingFocus(
    container,
    heard.length && element("h3", { id: "heard-title" }, text("heard.title")),
    inNote.length && element("p", { class: "heard", "aria-labelledby": "heard-title" }, inNote.map(show)),
    added.length && element(
      "p", { class: "heard facts" }, text(`heard.added.${laterality}`), ...added.flatMap((piece) => [" ", show(piece)]),
    ),
    heard.length && element("p", { class: "facts" }, text("heard.worth")),
  );
}

function mark({ text: word, weight }, highest) {
  const share = text("heard.share", { percent: number(100 * weight) });
  const marked = element("mark", { title: share }, word, element("span", { class: "hidden" }, ` (${share})`));
  marked.style.setProperty("--interest", weight / highest);
  return marked;
}
