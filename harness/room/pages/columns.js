// Columns side by side, or tabs where there is no room for them. Explaining is one press away in both.

import { byId, tabs } from "./lib.js";

const NARROW = matchMedia("(max-width: 70rem)");
const columns = ["shop", "evidence", "act", "explain"].map((name) => byId(`column-${name}`));
const places = new Map(); // how far each column was read; where only one is shown, the page scrolls for all of them
let front = null;
const choose = tabs(byId("column-tabs"), (tab) => {
  if (tab === front) return;
  if (front) places.set(front, scrollY);
  front = tab;
  scrollTo(0, places.get(tab) ?? 0);
});

/** Brings a column to the front where only one is shown. */
export function showColumn(name) {
  if (NARROW.matches) choose(byId(`tab-${name}`));
}

/** Lays the columns out anew, for the width of now and for whether there are columns at all. */
export function arrange() {
  const isNarrow = NARROW.matches;
  byId("column-tabs").hidden = !isNarrow || byId("columns").hidden;
  for (const column of columns) {
    if (isNarrow) column.setAttribute("role", "tabpanel");
    else column.removeAttribute("role");
  }
  if (isNarrow) choose(byId("column-tabs").querySelector('[aria-selected="true"]'));
  else columns.forEach((column) => { column.hidden = false; });
}

NARROW.addEventListener("change", arrange);

// Where the bar stays in sight, the tabs stay right below it, however high it is.
new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${byId("bar").offsetHeight}px`)).observe(byId("bar"));

byId("to-explain").addEventListener("click", () => {
  showColumn("explain");
  byId("explain-title").scrollIntoView({ block: "start" });
  byId("explain-title").focus();
});
