// Keys: a table that the help sheet shows, and that decides what a key does.

/**
 * Return the name of the key of an event as the table writes it: "Ctrl+Shift+z", "Shift+ArrowUp", "p", "?".
 * The Command key of a Mac counts as Ctrl.
 */
export function keyOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isSign = event.key.length === 1 && event.key.toLowerCase() === event.key.toUpperCase();
  return [
    event.ctrlKey || event.metaKey ? "Ctrl" : "",
    event.shiftKey && !isSign ? "Shift" : "",
    event.altKey ? "Alt" : "",
    key === " " ? "Space" : key,
  ].filter(Boolean).join("+");
}

/** Whether typing goes to this element, so that letters are no commands. */
export function takesText(target) {
  return target.matches?.("textarea, select, input:not([type=range], [type=checkbox], [type=radio])") ?? false;
}

/** Whether an element itself uses this key: arrows move a slider, Enter and Space press a button. */
export function usesKey(target, key) {
  if (target.matches?.("input[type=range], input[type=radio], [role=toolbar] *") && /Arrow|Home|End|Page/.test(key)) return true;
  return (target.matches?.("button, summary, a, input[type=checkbox], input[type=radio]") ?? false) && /^(Enter|Space)$/.test(key);
}

/**
 * Call actions for keys.
 *
 * @param table [{group, label, keys: [...], run, whileTyping}], see shortcuts.js.
 * @param letters returns whether keys without Ctrl are commands.
 */
export function listenToKeys(table, letters) {
  const actions = new Map(table.flatMap((entry) => entry.keys.map((key) => [key, entry])));
  addEventListener("keydown", (event) => {
    const key = keyOf(event);
    const entry = actions.get(key);
    if (!entry || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (takesText(event.target) && !entry.whileTyping) return;
    if (usesKey(event.target, key)) return;
    if (!letters() && !key.includes("Ctrl") && key.length === 1 && key !== "?") return;
    event.preventDefault();
    entry.run(key);
  });
}
