// Small helpers for elements.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = new URL("icons.svg", import.meta.url);

/** Return the element with an identifier. */
export const byId = (id) => document.getElementById(id);

/** Create an element; properties that begin with "on" are listeners, "data" is a dataset, the rest are attributes. */
export function element(tag, properties = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(created.dataset, value);
    else created.setAttribute(name, value === true ? "" : value);
  }
  created.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return created;
}

/** Return an icon of icons.svg, which is decoration: the control that holds it has a name of its own. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

/** Replace the content of an element; the control that had the focus, known by its data-focus, gets it again. */
export function replaceKeepingFocus(container, ...children) {
  const focused = container.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  container.replaceChildren(...children.flat().filter(Boolean));
  if (focused) container.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

/** Call `action` once nothing has called this for `milliseconds`. */
export function debounced(action, milliseconds) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
}

/** Call `action` at most once a frame, with the last values. */
export function oncePerFrame(action) {
  let values;
  return (...latest) => {
    if (!values) {
      requestAnimationFrame(() => {
        const now = values;
        values = undefined;
        action(...now);
      });
    }
    values = latest;
  };
}
