// Search in the log lines, newest or oldest first. Following adds new lines as they arrive.

import { attempt, button, choices, count, el, field, onSubmit, setHidden, setText, submit } from "./lib.js";
import { nowUnix, unixOf } from "./state.js";
import { catalogue } from "./choices.js";
import { conditions, moreConditions } from "./conditions.js";
import { empty, followButton, look, once } from "./look.js";
import { logLine } from "./logline.js";

const PAGE = 100;
const FOLLOW_MS = 2_000;
const KEPT_MAX = 1_000; // the most lines on the page while following

export function logsPanel(panel) {
  const text = el("input", { id: "logs-text", type: "search", autocomplete: "off", spellcheck: false, placeholder: "Text in the line or its attributes" });
  const service = choices("logs-service", [["", "Every service"]]);
  const severity = choices("logs-severity", [["", "Every severity"], ["info", "Info and above"], ["warn", "Warnings and above"], ["error", "Errors only"]]);
  const span = choices("logs-span", [["", "All time"], ["10", "Last 10 s"], ["30", "Last 30 s"], ["120", "Last 2 min"]]);
  const order = choices("logs-order", [["newest", "Newest first"], ["oldest", "Oldest first"]]);
  const only = conditions("logs", "An attribute, as in http.route=/", () => run());
  const search = submit("Search", "primary");
  const follow = followButton(panel, () => run(), goOn, FOLLOW_MS);
  const form = el("form", { class: "filters", role: "search" },
    field("Text", text, "grow wide-field"), field("Service", service), field("Severity", severity), field("Time", span, "secondary"), field("Order", order, "secondary"),
    only.node, el("div", { class: "actions" }, search, follow));
  form.lastElementChild.prepend(moreConditions(form));
  const found = el("p", { class: "hint", role: "status" });
  const waiting = button("", showHeld, { kind: "small new-lines", hidden: true });
  const list = el("ol", { class: "lines plain-list" });
  const more = button("More lines", addMore, { hidden: true });
  const { node: lookNode, ask, more: askMore } = look(() => run());
  panel.append(form, lookNode, found, waiting, list, more);
  catalogue().then(({ services }) => service.append(...services.map((name) => el("option", { value: name }, name)))).catch(() => {});

  let next = 0; // the sequence at which following continues
  let shown = new Set(); // sequences of the lines on the page
  let held = []; // lines that arrived while somebody is reading

  const filters = () => {
    const from = span.value && !only.trace() ? nowUnix() - Number(span.value) : "";
    return [["text", text.value.trim()], ["service", service.value], ["severity", severity.value], ["from", from], ...only.pairs()];
  };
  const isNewestFirst = () => order.value === "newest";

  async function run() {
    await attempt(list, async () => {
      const answer = await ask("/evidence/logs", [...filters(), ["limit", PAGE], ["after", isNewestFirst() ? "" : 0]]);
      shown = new Set();
      held = [];
      setHidden(waiting, true);
      next = answer.next;
      list.replaceChildren();
      add(answer.logs);
      setHidden(more, !answer.truncated);
      setText(found, summary(answer));
      if (answer.logs.length === 0) list.append(el("li", {}, empty(nothing())));
    });
  }

  function summary({ logs, truncated }) {
    if (logs.length === 0) return "No line found.";
    const lines = count(logs.length, "line");
    return truncated ? `The ${isNewestFirst() ? "newest" : "first"} ${lines}; there are more.` : `${lines}, all that match.`;
  }

  const sayShown = (isCut) => setText(found, `${count(shown.size, "line")} shown${isCut ? "; there are more." : ", all that match."}`);

  const nothing = () => (text.value.includes("=")
    ? "No line contains this text. To search for an attribute, write its full name in the field “Attribute”; “only like this” in an opened line fills it in."
    : filters().some(([, value]) => value !== "")
    ? "No line matches. Remove a condition, or look again in a moment: lines arrive within a few seconds."
    : "The services have written nothing yet. Their log lines will appear here.");

  /** Inserts lines by their own time: services send batches, which arrive out of order. */
  function add(lines) {
    const sign = isNewestFirst() ? -1 : 1;
    const fresh = lines.filter(({ sequence }) => !shown.has(sequence)).map((line) => ({ line, key: sign * unixOf(line.time) }));
    let at = list.firstElementChild;
    for (const { line, key } of fresh.sort((one, other) => one.key - other.key || sign * (one.line.sequence - other.line.sequence))) {
      while (at && sign * unixOf(at.dataset.time) <= key) at = at.nextElementSibling;
      list.insertBefore(logLine(line, only), at);
      shown.add(line.sequence);
    }
  }

  /** The sequence and time of the line on the page that arrived first or last. */
  const arrived = (isWanted) => [...list.children].reduce((one, other) => (isWanted(Number(other.dataset.sequence), Number(one.dataset.sequence)) ? other : one)).dataset;

  async function addMore() {
    const page = isNewestFirst() ? [["to", arrived((one, other) => one < other).time]] : [["after", arrived((one, other) => one > other).sequence]];
    const answer = await askMore("/evidence/logs", [...filters(), ["limit", PAGE], ...page]);
    add(answer.logs);
    setHidden(more, !answer.truncated);
    sayShown(answer.truncated);
  }

  /** Whether somebody is reading an open line or further down: new lines must then not push it away. */
  function isReading() {
    const top = list.firstElementChild?.getBoundingClientRect().top ?? 0;
    return list.contains(document.activeElement) || list.querySelector('[aria-expanded="true"]') !== null || top < 0;
  }

  async function goOn(isOn) {
    const answer = await ask("/evidence/logs", [...filters().filter(([key]) => key !== "from"), ["limit", PAGE], ["after", next]]).catch(() => null);
    if (!answer || !isOn()) return;
    next = answer.next;
    if (answer.logs.length === 0) return;
    if (list.querySelector(".empty")) list.replaceChildren();
    if (isNewestFirst() && isReading()) held.push(...answer.logs);
    else add(answer.logs);
    sayShown(!more.hidden);
    setHidden(waiting, held.length === 0);
    setText(waiting, `${count(held.length, "new line")} above`);
    while (list.children.length > KEPT_MAX) (isNewestFirst() ? list.lastElementChild : list.firstElementChild).remove();
  }

  function showHeld() {
    add(held);
    held = [];
    setHidden(waiting, true);
    list.scrollIntoView({ block: "nearest" });
    list.querySelector("button")?.focus();
  }

  onSubmit(form, run);
  for (const each of [service, severity, span, order]) each.addEventListener("change", run);

  return {
    open: once(run),
    show({ trace }) {
      text.value = service.value = severity.value = span.value = "";
      only.clear();
      only.setTrace(trace);
      order.value = "oldest";
      run();
    },
  };
}
