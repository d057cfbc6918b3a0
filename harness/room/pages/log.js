// The log of the round: complaints, alerts, messages, and the team's own actions. Newest first.

import { VOICES, byId, el, keep, setHidden, setText, toast } from "./lib.js";
import { watch, worldOf } from "./state.js";

const OWN = new Set(["remedy", "explained", "note", "role"]); // every other kind also shows a toast

const wordOf = ({ kind, voice }) => VOICES[voice] ?? (kind === "level" ? "New evidence" : kind[0].toUpperCase() + kind.slice(1));

let known = null; // { world, count }: how many lines of which world have been shown
let unread = 0;

watch((s) => [worldOf(s), s.log], ([world, log], s) => {
  const lines = log.map((line, index) => ({ ...line, key: `${world} ${index}` }));
  keep(byId("log"), lines.toReversed(), (line) => line.key, lineOf);
  if (known?.world === world && s.round) tell(log.slice(known.count));
  known = { world, count: log.length };
});
byId("tab-shop").addEventListener("focus", read);
byId("tab-shop").addEventListener("click", read);

function tell(lines) {
  for (const line of lines.filter((each) => !OWN.has(each.kind))) toast(`${wordOf(line)}: ${saidOf(line.kind, line.text)}`);
  unread += byId("column-shop").hidden ? lines.length : 0;
  showUnread();
}

function read() {
  unread = 0;
  showUnread();
}

function showUnread() {
  setHidden(byId("news"), unread === 0);
  setText(byId("news"), unread);
  byId("news").setAttribute("aria-label", `${unread} new`);
}

/** The text of a line without its kind, which the page shows before it. */
const saidOf = (kind, text) => (text.startsWith(`${kind}: `) ? text.slice(kind.length + 2) : text);

export function lineOf(line) {
  const { kind, story, shop_s, text, by } = line;
  return el("li", { class: `log-line is-${kind}` },
    el("span", { class: "log-time", title: `${shop_s.toFixed(1)} s of the shop's own time` }, story),
    el("span", { class: "log-text" },
      el("b", {}, wordOf(line)), " ", saidOf(kind, text),
      by && el("span", { class: "muted" }, ` (${by})`)));
}
