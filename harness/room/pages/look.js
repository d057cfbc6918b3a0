// One look at the evidence: the query, its time, and the unchanged result. The page never interprets a result.

import { asked, attempt, button, copyButton, el, get, setHidden, setText } from "./lib.js";
import { age, nowUnix, state, storyText, watch } from "./state.js";

const OLD_S = 20; // in the shop's own seconds: an older look is marked, as much may have happened since

/**
 * The line above each kind of evidence with the age of the last look. `again` repeats the query. `ask` sends a query and
 * resets the age; `more` loads a further part, which does not make the rest newer.
 */
export function look(again) {
  const query = el("code", { class: "look-query" });
  const when = el("span", { class: "look-when" });
  const raw = button("Raw result", () => showRaw(last), { kind: "small plain" });
  const repeat = button("Look again", () => again());
  const node = el("div", { class: "look", hidden: true }, when, repeat, raw, query);
  let last = null;
  let askedUnix = 0;

  /** `pairs` are the query parameters; those without a value are left out. */
  async function more(path, pairs = []) {
    const address = addressOf(path, pairs);
    node.setAttribute("aria-busy", "true");
    try {
      const answer = await get(address);
      last = { address, answer };
      setText(query, `GET ${address}`);
      return answer;
    } finally {
      node.removeAttribute("aria-busy");
    }
  }

  async function ask(path, pairs = []) {
    const answer = await more(path, pairs);
    askedUnix = nowUnix();
    setHidden(node, false);
    sayAge();
    return answer;
  }

  function sayAge() {
    if (last === null) return;
    const { seconds, text } = age(askedUnix);
    setText(when, `As of ${storyText(askedUnix)}${text && `, ${text} ago`}`);
    node.classList.toggle("is-old", seconds >= OLD_S);
  }
  watch((s) => s.clock?.story, sayAge);
  return { node, ask, more };
}

function addressOf(path, pairs) {
  const parameters = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(parameters).toString();
  return text ? `${path}?${text}` : path;
}

function showRaw({ address, answer }) {
  const text = JSON.stringify(answer, null, 2);
  const command = `curl -s --oauth2-bearer ${state().token} "${location.origin}${address}"`;
  const body = [el("p", {}, el("code", {}, `GET ${address}`)), preformatted("The answer", "raw", text)];
  const buttons = [copyButton(() => text, "Copy the result"), state().token && copyButton(() => command, "Copy as curl")];
  asked({ title: "The raw result", body, yes: "Close", no: null, buttons, kind: "wide" });
}

/** Returns a function that runs `run` on its first call only: a panel loads when it is first opened. */
export function once(run) {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}

/** A toggle button. While it is on, it calls `first` once and then `goOn` every `everyMs`, except while `panel` is not visible. */
export function followButton(panel, first, goOn, everyMs, kind = "") {
  let timer = null;
  const isSeen = () => !document.hidden && panel.offsetParent !== null;
  const stop = () => { clearInterval(timer); timer = null; };
  const node = button("Follow", async () => {
    const isOn = timer === null;
    node.setAttribute("aria-pressed", String(isOn));
    setText(node, isOn ? "Following" : "Follow");
    stop();
    if (!isOn) return;
    await first();
    timer = setInterval(() => (panel.isConnected ? isSeen() && goOn(() => timer !== null) : stop()), everyMs);
  }, { kind, "aria-pressed": "false" });
  return node;
}

/** A placeholder where nothing was found or the room could not answer. */
export const empty = (text) => el("p", { class: "empty" }, text);

/** A table that scrolls, with the keyboard too, if it is too wide. The head above a column of buttons is empty. */
export function table(label, heads, rows, kind = "") {
  const cells = (row, tag, props) => el("tr", {}, row.map((cell) => (cell instanceof HTMLTableCellElement ? cell : cell === "" ? el("td") : el(tag, props, cell))));
  return el("div", { class: `wide ${kind}`, tabIndex: 0, role: "group", "aria-label": label }, el("table", {},
    el("caption", { class: "unseen" }, label),
    el("thead", {}, cells(heads, "th", { scope: "col" })),
    el("tbody", {}, rows.map((row) => cells(row, "td", {})))));
}

export const figure = (text) => el("td", { class: "number" }, text);

/** A line of a list that opens to show the node from `more`, which may be asynchronous. */
export function opening(parts, more, /** @type {Record<string, any>} */ props = {}) {
  const head = el("button", { type: "button", class: "line-head", "aria-expanded": "false" }, parts);
  const node = el("li", { class: "line", ...props }, head);
  opens(head, node, more);
  return node;
}

/** Makes `head` a toggle that adds the node from `more` at the end of `node`, and removes it again. */
export function opens(head, node, more) {
  let below = null;
  head.addEventListener("click", () => attempt(head, async () => {
    below = below ? below.remove() : await more();
    if (below) node.append(below);
    head.setAttribute("aria-expanded", String(Boolean(below)));
  }));
}

/** Unchanged text from elsewhere. */
export const preformatted = (label, kind, ...text) => el("pre", { class: kind, tabIndex: 0, role: "group", "aria-label": label }, ...text);
