// Lists the characters of the text that a reader cannot see. Asks the store, which names them as it would when refusing one.

import { button, currentBytes, element, selectCharacter } from "./editor.js";

const PAUSE_MS = 250; // after the last key
const LISTED_MAX = 1_000; // as many as the store lists

const text = document.getElementById("text");
const summary = document.getElementById("inspection-summary");
const rows = document.getElementById("inspection-rows");
const table = rows.closest(".table");
let pause;
let newest = 0;

text.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(inspect, PAUSE_MS);
});

async function inspect() {
  const mine = ++newest;
  let found;
  try {
    const response = await fetch("inspect", { method: "POST", body: currentBytes() });
    if (!response.ok) throw new Error((await response.json()).detail);
    found = await response.json();
  } catch (error) {
    summary.textContent = `The text could not be checked: ${error.message}`;
    return;
  }
  if (mine !== newest) return;
  table.hidden = found.length === 0;
  const many = found.length === LISTED_MAX ? `The first ${LISTED_MAX.toLocaleString()}` : String(found.length);
  summary.textContent = found.length === 0
    ? "None: every character of the text can be seen."
    : found.length === 1
      ? "One that cannot be seen, is easily mistaken, or is no text at all."
      : `${many} that cannot be seen, are easily mistaken, or are no text at all.`;
  rows.replaceChildren(...found.map(row));
}

function row({ code_point, byte, name, offset }) {
  const find = button("Show", () => selectCharacter(offset), { className: "plain", ariaLabel: `Show ${name} in the text` });
  return element("tr", {}, ...[code_point ?? byte, name, offset.toLocaleString(), find].map((content) => element("td", {}, content)));
}
