// One look at the evidence: what was asked, when, and what came, as it came. The page never says what it means.

import { attempt, button, copyButton, el, get, setHidden, setText, shown } from "./lib.js";
import { age, nowUnix, state, storyText, watch } from "./state.js";

const OLD_S = 20; // from this age on, in the shop's own seconds, a look is set apart: much may have happened

/**
 * The line above each kind of evidence that says how old the last look is. `again` asks the same once more.
 * `ask` asks; `more` asks for a part of what is shown, which makes the rest no newer.
 */
export function look(again) {
  const query = el("code", { class: "look-query" });
  const when = el("span", { class: "look-when" });
  const raw = button("Raw result", () => showRaw(last), { kind: "small plain" });
  const repeat = button("Look again", () => again());
  const node = el("div", { class: "look", hidden: true }, when, repeat, raw, query);
  let last = null;
  let askedUnix = 0;

  /** The parameters are pairs, and those without a value are left out. Throws a `Problem`. */
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
  shown(el("dialog", { class: "wide", "aria-label": "Raw result" },
    el("form", { method: "dialog" },
      el("h2", {}, "The raw result"),
      el("p", {}, el("code", {}, `GET ${address}`)),
      preformatted("The answer", "raw", text),
      el("div", { class: "actions" },
        el("button", { class: "button primary", autofocus: true }, "Close"),
        copyButton(() => text, "Copy the result"),
        state().token && copyButton(() => command, "Copy as curl")))));
}

/** Runs the first time only: a panel asks when it is first opened. */
export function once(run) {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}

/** A button that calls `goOn` again and again while it is pressed, `first` to begin with; not while nobody sees `panel`. */
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

/** What stands where nothing was found, or where the room could not answer. */
export const empty = (text) => el("p", { class: "empty" }, text);

/** A table that may be wider than its place, and is then scrolled with the keyboard, too. An empty head stands above buttons. */
export const table = (label, heads, rows, kind = "") => el("div", { class: `wide ${kind}`, tabIndex: 0, role: "group", "aria-label": label }, el("table", {},
  el("caption", { class: "unseen" }, label),
  el("thead", {}, el("tr", {}, heads.map((head) => (head ? el("th", { scope: "col" }, head) : el("td", {}))))),
  el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => (cell instanceof HTMLTableCellElement ? cell : el("td", {}, cell))))))));

export const rowHead = (text) => el("th", { scope: "row" }, text);

/**
 * A line of a list that shows more when it is opened: what `more` makes, which may take a while.
 * @param {any[]} parts
 * @param {() => any} more
 * @param {Record<string, any>} [props]
 */
export function opening(parts, more, props = {}) {
  const head = el("button", { type: "button", class: "line-head", "aria-expanded": "false" }, parts);
  const node = el("li", { class: "line", ...props }, head);
  opens(head, node, more);
  return node;
}

/** Lets `head` show what `more` makes at the end of `node`, and take it away again. */
export function opens(head, node, more) {
  let below = null;
  head.addEventListener("click", () => attempt(head, async () => {
    below = below ? below.remove() : await more();
    if (below) node.append(below);
    head.setAttribute("aria-expanded", String(Boolean(below)));
  }));
}

/** Text from elsewhere, as it came. */
export const preformatted = (label, kind, ...text) => el("pre", { class: kind, tabIndex: 0, role: "group", "aria-label": label }, ...text);
