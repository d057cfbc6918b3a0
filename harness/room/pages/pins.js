// Pinned evidence: what the team holds on to, as the room read it at that moment. Claims of the explanation rest on it.

import { button, byId, confirmed, copyButton, count, el, keep, send, setHidden, setText, toast } from "./lib.js";
import { watchAll } from "./state.js";
import { preformatted } from "./look.js";

/**
 * Has the room read a piece of evidence and keep it.
 * @param {Api.Source} source
 */
export async function pin(source) {
  await send("POST", "/api/team/pins", source);
  toast("Pinned. It stands at “Explain”, under “Pinned evidence”, and your claims can rest on it.");
}

const STAYS = ["log", "span", "version", "change"]; // what is the same whenever it is pinned

/** A button that pins what `sourceOf` says; `name` says what, where the label alone does not. */
export function pinButton(sourceOf, label = "Pin", name = null) {
  const node = button(label, async () => {
    const source = await sourceOf();
    await pin(source);
    if (STAYS.includes(source.source)) setText(node, "Pinned");
  }, { kind: "small pin", "aria-label": name });
  return node;
}

export function startPins() {
  const none = el("p", { class: "empty" }, "Nothing yet. “Pin” stands beside every log line, chart, span, version and page: claims rest on what is pinned.");
  const list = el("ul", { class: "pins plain-list" });
  byId("pins").append(none, list);
  watchAll((s) => [s.pins, s.claims], ([pins, claims]) => {
    setHidden(none, pins.length > 0);
    keep(list, pins, ({ id }) => id, pinLine, (node, { id }) => {
      const used = claims.filter((claim) => claim.pins.includes(id)).length;
      node.querySelector(".pin-used").textContent = used === 0 ? "" : `, in ${count(used, "claim")}`;
    });
  });
}

/** When it was so what a pin shows; it may have been pinned long after. */
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
