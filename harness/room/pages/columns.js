// Columns side by side, or tabs if the page is too narrow for them. In both, one press leads to the explanation.

import { byId, setHidden, tabs } from "./lib.js";
import { isAtWork, watch } from "./state.js";

const NARROW = matchMedia("(max-width: 70rem)");
const columns = ["shop", "evidence", "act", "explain"].map((name) => byId(`column-${name}`));
const places = new Map(); // scroll position of each column: with one column at a time, the page scrolls for all of them
let front = null;
const choose = tabs(byId("column-tabs"), (tab) => {
  if (tab === front) return;
  if (front) places.set(front, scrollY);
  front = tab;
  scrollTo(0, places.get(tab) ?? 0);
});

/** Switches to a column if the page shows only one at a time. */
export function showColumn(name) {
  if (NARROW.matches) choose(byId(`tab-${name}`));
}

/** Arranges the columns for the page's current width, and for whether columns are shown at all. */
function arrange() {
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
watch(isAtWork, (isNow) => {
  setHidden(byId("columns"), !isNow);
  document.body.classList.toggle("in-round", isNow);
  arrange();
});

// The style sheet keeps the tabs right below a sticky bar, so it needs the bar's height.
new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${byId("bar").offsetHeight}px`)).observe(byId("bar"));

byId("to-explain").addEventListener("click", () => {
  showColumn("explain");
  byId("explain-title").scrollIntoView({ block: "start" });
  byId("explain-title").focus();
});
