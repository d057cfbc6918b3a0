// The kinds of evidence as tabs; kinds that are not granted have none. A panel is made when its tab is first opened, and
// again in the next round: another world has other evidence.

import { byId, el, keep, setHidden, tabs } from "./lib.js";
import { isLive, state, watch, worldOf } from "./state.js";
import { showColumn } from "./columns.js";
import { healthPanel } from "./health.js";
import { logsPanel } from "./logs.js";
import { metricsPanel } from "./metrics.js";
import { tracesPanel } from "./traces.js";
import { changesPanel } from "./changes.js";
import { contentPanel } from "./content.js";

// Each `make` returns { open(), show(what) }: `open` runs when its tab is chosen, `show` when another part of the page links here.
const KINDS = [
  { name: "health", label: "Health", make: healthPanel },
  { name: "logs", label: "Logs", make: logsPanel },
  { name: "metrics", label: "Metrics", make: metricsPanel },
  { name: "traces", label: "Traces", make: tracesPanel },
  { name: "changes", label: "Changes", make: changesPanel },
  { name: "content", label: "Content", make: contentPanel },
];

const panels = new Map(); // name -> what its `make` returned
const list = () => byId("evidence-tabs");
const choose = tabs(list(), (tab) => panelOf(tab.dataset.key).open?.());
watch((s) => [worldOf(s), grantedIn(s)], ([world, granted]) => {
  if (list().dataset.world !== world) forget(world);
  const kinds = KINDS.filter(({ name }) => granted.includes(name));
  setHidden(byId("evidence"), kinds.length === 0);
  keep(list(), kinds, ({ name }) => name, tabOf);
  keep(byId("evidence-panels"), kinds, ({ name }) => name, panelNode);
  const isChosen = list().querySelector('[aria-selected="true"]');
  // The person who has just given the guess gets the focus on the first tab; the others keep theirs.
  const hasGuessed = byId("evidence-closed").contains(document.activeElement);
  if (kinds.length > 0 && !isChosen) choose(list().firstElementChild, hasGuessed);
});

const grantedIn = (s) => (isLive(s) && s.guess ? [...s.tabs, ...(s.can_inspect ? ["content"] : [])] : []);

export const isGranted = (name) => grantedIn(state()).includes(name);

/** Opens a kind of evidence at `what`, for example the log lines of a trace. */
export function lookAt(name, what) {
  if (!isGranted(name)) return;
  showColumn("evidence");
  choose(byId(`evidence-tab-${name}`), true);
  panelOf(name).show?.(what);
}

function forget(world) {
  list().dataset.world = world;
  panels.clear();
  list().replaceChildren();
  byId("evidence-panels").replaceChildren();
}

function panelOf(name) {
  if (!panels.has(name)) {
    const node = byId(`evidence-panel-${name}`);
    panels.set(name, KINDS.find((kind) => kind.name === name).make(node));
  }
  return panels.get(name);
}

const tabOf = ({ name, label }) => el("button", {
  type: "button", role: "tab", id: `evidence-tab-${name}`, tabIndex: -1,
  "aria-controls": `evidence-panel-${name}`, "aria-selected": "false",
}, label);

const panelNode = ({ name }) => el("div", {
  role: "tabpanel", id: `evidence-panel-${name}`, class: "panel stack", hidden: true, "aria-labelledby": `evidence-tab-${name}`,
});
