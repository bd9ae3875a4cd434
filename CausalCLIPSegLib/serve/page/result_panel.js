// The result in words: what is where, the list of segments, and the areas that are not in the note.

import { element, icon, replaceKeepingFocus } from "./dom.js";
import { list, number, said, text, textOr } from "./texts.js";

/** Return the name of a segment in the language of the page; a name that a person gave stays as it is. */
export function segmentName(segment) {
  if (segment.added || !segment.side) return segment.name;
  const finding = textOr(`finding.${segment.kind}`, "");
  return finding ? text(`segment.name.${segment.side}`, { finding }) : segment.name;
}

function percent(probability) {
  return `${number(Math.floor(100 * probability + 0.1))} %`;
}

function placeName(side, zones) {
  return zones?.length ? list(zones.map((zone) => text(`place.${side}.${zone}`))) : text(`place.${side}`);
}

/** Show what a person should check about a radiograph; `radiograph` may be null. */
export function showWarnings(container, radiograph) {
  const { warnings = [], texts } = radiograph ?? {};
  container.replaceChildren(
    ...warnings.map((sentence, index) => element("li", {}, icon("warning"), said(sentence, texts?.warnings?.[index]))),
  );
}

/**
 * Show what the radiograph shows at the places of the note, and what a person should check.
 *
 * The places follow the threshold. The differences from the note are those of the network's outlines, so they vanish
 * when a person changes the outlines.
 */
export function showStatements(container, result) {
  const { warnings, texts } = result.document;
  const { threshold, isChanged } = result.segmentation;
  const disagreements = isChanged ? [] : result.document.disagreements;
  const places = result.document.places.map((place) => ({ ...place, present: place.highest_probability >= threshold }));
  const statement = (place) =>
    element(
      "p",
      { class: place.present ? "statement" : "statement absent" },
      icon(place.present ? "accept" : "absent"),
      element("span", {}, text(place.present ? "result.present" : "result.absent", {
        place: placeName(place.side, place.zone ? [place.zone] : []),
        probability: percent(place.highest_probability),
      })),
    );
  const checks = [
    ...disagreements.map((sentence, index) => said(sentence, texts?.disagreements?.[index])),
    ...warnings.map((sentence, index) => said(sentence, texts?.warnings?.[index])),
  ];
  replaceKeepingFocus(
    container,
    places.sort((first, second) => first.present - second.present).map(statement),
    checks.length && element(
      "details",
      { class: "checks", open: container.querySelector(".checks")?.open ?? disagreements.length > 0 },
      element("summary", { data: { focus: "checks" } }, icon("warning"), text("result.checks", { count: checks.length })),
      element("ul", {}, checks.map((sentence) => element("li", {}, sentence))),
    ),
  );
}

/**
 * Show the list of segments, and the candidates below.
 *
 * @param actions {choose(id), toggle(id), remove(id), accept(id), add()}.
 */
export function showSegments(container, segmentation, display, actions) {
  const { accepted, candidates } = segmentation;
  replaceKeepingFocus(
    container,
    element("h3", { id: "segments-title" }, text("segments.title")),
    accepted.length === 0 && element("p", { class: "nothing" }, text("result.empty")),
    element("ul", { class: "segments", "aria-labelledby": "segments-title" },
      accepted.map((segment, index) => segmentRow(segment, index, segmentation, display, actions))),
    element("button", { class: "quiet", type: "button", data: { focus: "add" }, onclick: actions.add }, icon("add"), text("segments.add")),
    candidates.length && element("h3", { id: "candidates-title" }, text("candidates.title")),
    candidates.length && element("ul", { class: "segments", "aria-labelledby": "candidates-title" },
      candidates.map((candidate) => candidateRow(candidate, segmentation, display, actions))),
  );
}

function swatch(segment, display, actions, name) {
  const shown = !display.hiddenSegments.has(segment.id);
  const button = element(
    "button",
    { class: "swatch", type: "button", "aria-pressed": String(shown), "aria-label": text("segments.show", { name }),
      title: text("segments.show", { name }), data: { focus: `show-${segment.id}` }, onclick: () => actions.toggle(segment.id) },
    icon(shown ? "shown" : "hidden"),
  );
  button.style.setProperty("--color", `rgb(${segment.color.join(" ")})`);
  return button;
}

function areaOf(segment, segmentation) {
  const area = segmentation.area(segment);
  return area === null ? text("segments.uncalibrated") : text("segments.area", { area: number(area, 1) });
}

function segmentRow(segment, index, segmentation, display, actions) {
  const name = segmentName(segment);
  const active = display.active === segment.id;
  const states = [
    areaOf(segment, segmentation),
    segment.fromCandidate && text("segments.accepted"),
    segment.added ? text("segments.drawn") : segment.corrected && text("segments.corrected"),
  ];
  return element(
    "li",
    { class: active ? "segment active" : "segment" },
    swatch(segment, display, actions, name),
    element(
      "button",
      { class: "segment-name", type: "button", "aria-pressed": String(active), title: text("segments.choose", { name }),
        data: { focus: `choose-${segment.id}` }, onclick: () => actions.choose(segment.id) },
      element("span", {}, name),
      element("span", { class: "facts" }, states.filter(Boolean).join(" · ")),
    ),
    index < 9 && element("kbd", { "aria-hidden": "true" }, String(index + 1)),
    element(
      "button",
      { class: "tool small", type: "button", "aria-label": text("segments.remove", { name }), title: text("segments.remove", { name }),
        data: { focus: `remove-${segment.id}` }, onclick: () => actions.remove(segment.id) },
      icon("remove"),
    ),
  );
}

function candidateRow(candidate, segmentation, display, actions) {
  const place = placeName(candidate.side, candidate.zones);
  return element(
    "li",
    { class: "segment candidate" },
    swatch(candidate, display, actions, place),
    element(
      "div",
      { class: "candidate-text" },
      element("span", {}, text("candidates.text", { place, probability: percent(candidate.highest_probability ?? 0) })),
      candidate.denied && element("span", { class: "denied" }, text("candidates.denied")),
      segmentation.grid.spacing && element("span", { class: "facts" }, areaOf(candidate, segmentation)),
      element(
        "span",
        { class: "buttons" },
        element("button", { type: "button", class: "small", "aria-label": text("candidates.acceptName", { place }),
          data: { focus: `accept-${candidate.id}` }, onclick: () => actions.accept(candidate.id) }, text("candidates.accept")),
        element("button", { type: "button", class: "small quiet", "aria-label": text("candidates.dismissName", { place }),
          data: { focus: `remove-${candidate.id}` }, onclick: () => actions.remove(candidate.id) }, text("candidates.dismiss")),
      ),
    ),
  );
}
