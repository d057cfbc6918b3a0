// One look at the evidence: what was asked, when, and what came, as it came. The page never says what it means.

import { copyButton, el, get, setHidden, setText } from "./lib.js";
import { momentText, nowUnix, state } from "./state.js";

/** The line below each kind of evidence that tells of the last look. `again` asks the same once more. */
export function look(again) {
  const query = el("code", { class: "look-query" });
  const when = el("span", {});
  const raw = el("button", { type: "button", class: "button small plain" }, "Raw result");
  const repeat = el("button", { type: "button", class: "button small" }, "Look again");
  const node = el("div", { class: "look", hidden: true }, el("span", { class: "look-when" }, when), repeat, raw, query);
  let last = null;
  repeat.addEventListener("click", () => again());
  raw.addEventListener("click", () => showRaw(last));

  /** Asks; the parameters are pairs, and those without a value are left out. Throws a `Problem`. */
  async function ask(path, pairs = []) {
    const address = addressOf(path, pairs);
    node.setAttribute("aria-busy", "true");
    try {
      const answer = await get(address);
      last = { address, answer };
      setHidden(node, false);
      setText(query, `GET ${address}`);
      setText(when, `As of ${momentText(nowUnix())}`);
      return answer;
    } finally {
      node.removeAttribute("aria-busy");
    }
  }
  return { node, ask };
}

export function addressOf(path, pairs) {
  const parameters = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(parameters).toString();
  return text ? `${path}?${text}` : path;
}

function showRaw({ address, answer }) {
  const text = JSON.stringify(answer, null, 2);
  const command = `curl -s -H "Authorization: Bearer ${state().token}" "${location.origin}${address}"`;
  const dialog = el("dialog", { class: "wide", "aria-label": "Raw result" },
    el("form", { method: "dialog" },
      el("h2", {}, "The raw result"),
      el("p", {}, el("code", {}, `GET ${address}`)),
      el("pre", { class: "raw", tabIndex: 0, role: "group", "aria-label": "The answer" }, text),
      el("div", { class: "actions" },
        el("button", { class: "button primary", autofocus: true }, "Close"),
        copyButton(() => text, "Copy the result"),
        copyButton(() => command, "Copy as curl"))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** What stands where nothing was found, or where the room could not answer. */
export const empty = (text) => el("p", { class: "empty" }, text);

/** A table that may be wider than its place, and is then scrolled with the keyboard, too. */
export const scroller = (label, table) => el("div", { class: "wide", tabIndex: 0, role: "group", "aria-label": label }, table);
