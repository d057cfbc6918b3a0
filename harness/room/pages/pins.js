// Pinned evidence: the team keeps it as the room read it at the moment of pinning. Claims of the explanation rest on it.

import { button, byId, confirmed, copyButton, count, el, keep, send, setText, toast } from "./lib.js";
import { watch } from "./state.js";
import { preformatted } from "./look.js";

/** Tells the room to read a piece of evidence and keep it. */
export async function pin(/** @type {Api.Source} */ source) {
  await send("POST", "/api/team/pins", source);
  toast("Pinned. You find it at “Explain”, under “Pinned evidence”; your claims can rest on it.");
}

const STAYS = ["log", "span", "version", "change"]; // sources that do not change with the time of pinning

/** A button that pins the source from `sourceOf`. `name` is the accessible name if the label alone is unclear. */
export function pinButton(sourceOf, label = "Pin", name = null) {
  const node = button(label, async () => {
    const source = await sourceOf();
    await pin(source);
    if (STAYS.includes(source.source)) setText(node, "Pinned");
  }, { kind: "small pin", "aria-label": name });
  return node;
}

const none = el("p", { class: "empty if-none" }, "Nothing yet. Every log line, chart, span, version and page has a button “Pin”: claims rest on what is pinned.");
const list = el("ul", { class: "stack tight plain-list" });
byId("pins").append(list, none);
watch((s) => [s.pins, s.claims], ([pins, claims]) => {
  keep(list, pins, ({ id }) => id, pinLine, (node, { id }) => {
    const used = claims.filter((claim) => claim.pins.includes(id)).length;
    node.querySelector(".pin-used").textContent = used === 0 ? "" : `, in ${count(used, "claim")}`;
  });
});

/** The time that a pin's evidence is about; the team may have pinned it much later. */
export const whenText = ({ source, shows_story: shows }) => (source === "chart" ? `from ${shows} on` : `as of ${shows}`);

function pinLine(pinned) {
  const { id, by, label, text } = pinned;
  const remove = button("Remove", async () => {
    if (!(await confirmed("Remove this pin?", "Remove", `${label}. Claims that rest on it lose it.`))) return;
    await send("DELETE", `/api/team/pins/${id}`);
    byId("pins-title").focus();
  }, { kind: "small plain", "aria-label": `Remove the pin: ${label}` });
  return el("li", { class: "pin-line" },
    el("details", {},
      el("summary", {}, el("span", { class: "pin-label" }, label)),
      preformatted("As it was read", "wrap raw", text),
      el("div", { class: "actions" }, copyButton(() => text), remove)),
    el("p", { class: "tiny muted" }, `${whenText(pinned)}, pinned${pinned.shows_story === pinned.story ? "" : ` at ${pinned.story}`} by ${by}`, el("span", { class: "pin-used" })));
}
