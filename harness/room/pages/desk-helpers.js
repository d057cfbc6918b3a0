// Who else is at the desk: a second facilitator, who may do everything, and note-takers, who see everything and mark moments.

import { button, byId, confirmed, copyButton, el, keep, onSubmit, send, setHidden, setText, shown } from "./lib.js";

const RIGHTS = { facilitator: "second facilitator", note_taker: "note-taker" };

/** @param {NamedDesk} view */
export function update({ you, rights, invitations }) {
  document.body.classList.toggle("takes-notes", rights === "note_taker");
  setText(byId("you"), rights === "note_taker" ? `${you} takes notes` : you === "facilitator" ? "" : you);
  setHidden(byId("you"), byId("you").textContent === "");
  setHidden(byId("helpers-empty"), invitations.length > 0);
  keep(byId("helpers"), invitations, ({ id }) => id, helperLine, (line, { name, rights: may, signed_in: isHere }) => {
    setText(line.firstChild, `${name}, ${RIGHTS[may]}: ${isHere ? "signed in" : "not here yet"}`);
  });
}

/** @param {Api.Invitation} invitation */
const helperLine = ({ id, name }) => el("li", {}, el("span", {}), button("Take back", async () => {
  const text = "Their page closes at once, and what they sign in with opens nothing any longer.";
  if (await confirmed(`Take ${name}’s invitation back?`, "Take back", text)) await send("DELETE", `/api/desk/invitations/${id}`);
}, { "aria-label": `Take back: ${name}`, dataset: { needs: "facilitator" } }));

onSubmit(byId("helper-form"), async () => {
  const name = byId("helper-name").value.trim();
  const { token } = await send("POST", "/api/desk/invitations", { name, rights: byId("helper-rights").value });
  byId("helper-name").value = "";
  const shows = el("p", { class: "secret" }, token);
  const close = el("button", { class: "button primary", value: "close" }, "Close");
  await shown(el("dialog", { "aria-label": `Invitation for ${name}` }, el("form", { method: "dialog" },
    el("h2", {}, `For ${name}`),
    el("p", {}, "With this they sign in at /desk. It is shown once: give it to them now, and to nobody else. Look whether this screen is on the projector."),
    shows, el("div", { class: "actions" }, copyButton(() => token), close))));
});
