// Texts of the page in the language of the person, from texts.json.

const STORED = "causalclipseg.language";
const LANGUAGES = ["en", "de", "es"];

let all = { en: {}, sentences: {} };
let current = "en";

/** Load the texts, and choose the language: the one that was chosen before, or that of the browser. */
export async function loadTexts() {
  all = await (await fetch(new URL("texts.json", import.meta.url))).json();
  const wanted = [localStorage.getItem(STORED), ...navigator.languages].map((each) => (each ?? "").slice(0, 2));
  current = wanted.find((each) => LANGUAGES.includes(each)) ?? "en";
}

export function language() {
  return current;
}

/** Change the language; the caller writes the page again. */
export function setLanguage(chosen) {
  current = chosen;
  localStorage.setItem(STORED, chosen);
}

/** Return a text with its {arguments}. */
export function text(key, values = {}) {
  return filled(all[current][key] ?? all.en[key] ?? key, values);
}

function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Return a text, or `fallback` if the text is missing, for instance because the server is newer than the page. */
export function textOr(key, fallback, values = {}) {
  return key in all.en ? text(key, values) : fallback;
}

/**
 * Return a sentence of the server in the language of the page; in English, and if it is not known here, as it came.
 *
 * @param known {id, arguments} of CausalCLIPSegLib/messages.toml, or null; an argument can be such a sentence, too.
 */
export function said(sentence, known) {
  const template = known && all.sentences[current]?.[known.id];
  if (!template) return sentence;
  const values = Object.entries(known.arguments).map(([name, value]) => [name, typeof value === "string" ? value : phrase(value)]);
  return values.some(([, value]) => value === null) ? sentence : filled(template, Object.fromEntries(values));
}

function phrase(known) {
  return said(null, known);
}

/** Return a number in the language's notation. */
export function number(value, digits = 0) {
  return value.toLocaleString(current, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Return a list in words: "a, b and c". */
export function list(words) {
  return new Intl.ListFormat(current).format(words);
}

/** Write the texts of elements with data-text, data-label (name and tooltip) and data-placeholder. */
export function writeTexts(root = document) {
  document.documentElement.lang = current;
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of root.querySelectorAll("[data-placeholder]")) element.placeholder = text(element.dataset.placeholder);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = [text(element.dataset.label), element.dataset.keys].filter(Boolean).join(" · ");
  }
}
