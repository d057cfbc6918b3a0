// Pinned evidence: what the team holds on to, as the room read it at that moment. Claims of the explanation rest on it.

import { attempt, byId, confirmed, copyButton, el, keep, send, setHidden, toast } from "./lib.js";
import { watch } from "./state.js";

/** Has the room read a piece of evidence and keep it. */
export async function pin(source) {
  await send("POST", "/api/team/pins", source);
  toast("Pinned. You find it under “Pinned evidence”, and your claims can rest on it.");
}

/** A button that pins what `sourceOf` says; `name` says what, where the label alone does not. */
export function pinButton(sourceOf, label = "Pin", name = null) {
  const button = el("button", { type: "button", class: "button small pin", "aria-label": name }, label);
  button.addEventListener("click", () => attempt(button, async () => pin(await sourceOf())));
  return button;
}

export function startPins() {
  const none = el("p", { class: "empty" }, "Nothing pinned yet. A log line, a span, a piece of a chart, a version or a page of the shop is pinned where you find it.");
  const list = el("ul", { class: "pins plain-list" });
  byId("pins").append(none, list);
  watch((s) => [s.pins, s.claims], ([pins, claims]) => {
    setHidden(none, pins.length > 0);
    keep(list, pins, ({ id }) => id, pinLine, (node, { id }) => {
      const used = claims.filter((claim) => claim.pins.includes(id)).length;
      node.querySelector(".pin-used").textContent = used === 0 ? "" : `, in ${used} ${used === 1 ? "claim" : "claims"}`;
    });
  });
}

function pinLine({ id, by, story, label, text }) {
  const remove = el("button", { type: "button", class: "button small plain" }, "Remove");
  remove.setAttribute("aria-label", `Remove the pin: ${label}`);
  remove.addEventListener("click", async () => {
    if (!(await confirmed("Remove this pin?", "Remove", `${label}. Claims that rest on it lose it.`))) return;
    attempt(remove, async () => { await send("DELETE", `/api/team/pins/${id}`); byId("pins-title").focus(); });
  });
  return el("li", { class: "pin-line" },
    el("details", {},
      el("summary", {}, el("span", { class: "pin-label" }, label)),
      el("pre", { class: "wrap raw", tabIndex: 0, role: "group", "aria-label": "As it was read" }, text),
      el("div", { class: "actions" }, copyButton(() => text), remove)),
    el("p", { class: "tiny muted" }, `${story}, ${by}`, el("span", { class: "pin-used" })));
}
