// What is understood of a note, in words: which side of the patient, which zones, and what is not used.

import { element, replaceKeepingFocus } from "./dom.js";
import { language, list, said, text, textOr } from "./texts.js";

const SIDES = ["right", "left"];

/**
 * Show what is understood of a note.
 *
 * @param understood the server's answer, or null for an empty note.
 * @param side the side that a person has chosen, or null.
 * @param onSide called with the side that a person chooses.
 */
export function showUnderstood(container, understood, side, onSide) {
  if (!understood) {
    container.replaceChildren();
    return;
  }
  const { sides, weak, details } = understood;
  replaceKeepingFocus(
    container,
    sides.map((each, index) => sideRow(understood, each, understood.sides_viewer[index])),
    !sides.length && element("p", { class: "nothing" }, text("note.nothing")),
    sides.length && weak && element("p", { class: "hint" }, text(details?.poorly_understood ? "note.poorly" : "note.noSide")),
    understood.questions.map((question, index) => questionRow(said(question, understood.texts?.questions?.[index]), side, onSide)),
    notUsed(understood),
    details?.language && element("p", { class: "facts" }, text("note.language", { language: languageName(details.language) })),
  );
}

/** Return the name of a language in the language of the page. */
function languageName(code) {
  try {
    return new Intl.DisplayNames(language(), { type: "language" }).of(code);
  } catch {
    return code;
  }
}

function sideRow(understood, side, inPicture) {
  const zones = understood.zones[side] ?? [];
  const whole = understood.whole.includes(side) || !zones.length;
  const places = whole ? [text("note.wholeLung")] : zones.map((zone) => text(`note.${zone}`));
  const kinds = understood.findings
    .filter((finding) => !finding.negated && !finding.historical && (!finding.sides.length || finding.sides.includes(side)))
    .map((finding) => textOr(`finding.${finding.kind}`, finding.kind));
  return element(
    "p",
    { class: `side side-${side}` },
    element("span", { class: "side-name" }, text(`note.${side}`)),
    element("span", { class: "side-picture" }, text(`note.inPicture.${inPicture}`)),
    element("span", { class: "side-place" }, [list(places), list([...new Set(kinds)])].filter(Boolean).join(" · ")),
  );
}

function questionRow(question, side, onSide) {
  const answer = (value) =>
    element(
      "label",
      { class: "check" },
      element("input", { type: "radio", name: "side", value, checked: side === value, data: { focus: `side-${value}` },
        onchange: () => onSide(value) }),
      value === "both" ? text("note.both") : text(`note.${value}`),
    );
  return element(
    "fieldset",
    { class: "question" },
    element("legend", {}, text("note.whichSide")),
    element("p", {}, question),
    [...SIDES, "both"].map(answer),
  );
}

function notUsed(understood) {
  const parts = [
    ...understood.ignored.map(({ words, reason }, index) => [words, said(reason, understood.texts?.ignored?.[index])]),
    ...(understood.details?.not_understood ?? []).map((words) => [words, text("note.notUnderstood")]),
  ];
  if (!parts.length) return null;
  const title = parts.length === 1 ? text("note.notUsed.one") : text("note.notUsed.other", { count: parts.length });
  return element(
    "details",
    {},
    element("summary", { data: { focus: "not-used" } }, title),
    element("ul", {}, parts.map(([words, reason]) => element("li", {}, element("q", {}, words), ` ${reason}`))),
  );
}
