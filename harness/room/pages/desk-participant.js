// The participant's page on paper, with this room's code and address: the same text as in the documentation, which the room sends as it is.

import { byId, el, get, setHidden, setText } from "./lib.js";
import { codeImage, ranked, shortUrl } from "./desk-words.js";

const INLINE = /\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`/g;

/** A line with what is strong, emphasized or code in it. */
function inline(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, strong, emphasized, code] = found;
    parts.push(text.slice(at, found.index), strong ? el("strong", {}, strong) : emphasized ? el("em", {}, emphasized) : el("code", {}, code));
    at = found.index + whole.length;
  }
  return [...parts, text.slice(at)];
}

const cells = (line, tag) => el("tr", {}, ...line.split("|").slice(1, -1).map((cell) => el(tag, {}, ...inline(cell.trim()))));

/** A heading, a table, a list or a paragraph. */
function block(text) {
  const lines = text.split("\n");
  const heading = /^(#+) (.*)/.exec(text);
  if (heading) return el(`h${heading[1].length}`, {}, ...inline(heading[2]));
  if (text.startsWith("|")) return el("table", {}, el("thead", {}, cells(lines[0], "th")), el("tbody", {}, ...lines.slice(2).map((line) => cells(line, "td"))));
  if (/^\d+\. /.test(text)) return el("ol", {}, ...text.split(/^\d+\. /m).slice(1).map((item) => el("li", {}, ...inline(item.replace(/\s+/g, " ")))));
  return el("p", {}, ...inline(lines.join(" ")));
}

async function show() {
  const [{ code, addresses }, text] = await Promise.all([get("/api/desk"), fetch("/participant.md").then((answer) => answer.text())]);
  const [address] = ranked(addresses);
  setText(byId("handout-code"), code);
  if (address) {
    setText(byId("handout-address"), shortUrl(address));
    setHidden(byId("handout-qr"), address.is_loopback);
    byId("handout-qr").src = codeImage(address);
    byId("handout-qr").alt = `QR code of ${address.url}`;
  }
  byId("handout-text").replaceChildren(...text.trim().split(/\n\n+/).map(block));
}

byId("print").addEventListener("click", () => print());
show();
