// The list of changes: what changed, when, and to which version.

import { attempt, button, choices, count, el, field, setText } from "./lib.js";
import { moment, nowUnix, state, visible } from "./state.js";
import { isGranted, lookAt } from "./evidence.js";
import { pair } from "./logline.js";
import { empty, look, once, opening } from "./look.js";
import { pinButton } from "./pins.js";

export function changesPanel(panel) {
  const text = el("input", { id: "changes-text", type: "search", autocomplete: "off", spellcheck: false, placeholder: "An asset, a service, a kind of change" });
  const span = choices("changes-span", [["", "All time"], ["30", "Last 30 s"], ["120", "Last 2 min"], ["before", "Before the customers came"]]);
  const found = el("p", { class: "hint", role: "status" });
  const list = el("ol", { class: "lines plain-list" });
  const { node: lookNode, ask } = look(run);
  panel.append(
    el("div", { class: "filters" }, field("Show only", text, "grow wide-field"), field("Time", span)), lookNode, found, list);
  let changes = [];

  function run() {
    return attempt(panel, async () => {
      const arrived = state().clock.arrived_unix_s.toFixed(3);
      const ago = span.value && span.value !== "before" ? (nowUnix() - Number(span.value)).toFixed(3) : "";
      ({ changes } = await ask("/evidence/changes", [["from", ago], ["to", span.value === "before" ? arrived : ""]]));
      draw();
    });
  }

  function draw() {
    const wanted = text.value.trim().toLowerCase();
    const shown = changes.filter((change) => [change.what, change.which, change.service, change.body].join(" ").toLowerCase().includes(wanted));
    list.replaceChildren(...shown.toReversed().map(changeLine));
    setText(found, shown.length === 0 ? "No change found." : `${count(shown.length, "change")}, newest first.`);
    if (shown.length === 0) list.append(el("li", {}, empty(changes.length ? "No change contains this text." : "Nothing was changed in this time span. Publications, releases and changed settings will be listed here.")));
  }

  text.addEventListener("input", draw);
  span.addEventListener("change", run);
  return { open: once(run) };
}

function changeLine(change) {
  return opening([
    moment(change.time),
    el("span", { class: "line-service" }, change.what),
    el("span", { class: "line-body" }, el("b", {}, visible(change.which)), change.version === null ? "" : `, version ${visible(change.version)}`, " ", el("span", { class: "hint" }, visible(change.body)))],
  () => whole(change));
}

function whole(change) {
  const { assets } = state();
  const version = Number(change.version);
  const isVersion = assets.includes(change.which) && Number.isInteger(version) && version > 0;
  return el("div", { class: "line-all stack tight" },
    el("dl", { class: "attributes" },
      ...pair("service", change.service), ...pair("what", change.what),
      ...Object.entries(change.attributes).flatMap(([key, value]) => pair(key, value))),
    el("div", { class: "actions" },
      pinButton(() => ({ source: "change", sequence: change.sequence }), "Pin this change"),
      isVersion && isGranted("content") && button("What changed in the text", () => lookAt("content", { asset: change.which, version }))));
}
