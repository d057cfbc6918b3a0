// The people: whether joining is open, who waits to be let in, who is in each team, and who else is at the desk. A second facilitator may do
// everything; note-takers see everything and mark moments.

import { asked, button, byId, confirmed, copyButton, el, keep, onPress, onSubmit, send, setHidden, setText, toast, waitingLine } from "./lib.js";

const SEATS = "/api/desk/seats";
const RIGHTS = { facilitator: "second facilitator", note_taker: "note-taker" };
const MARKED = { dataset: { needs: "facilitator" } };

let isOpen = true;

export function update(/** @type {NamedDesk} */ { joining_open: isOpenNow, teams, you, rights, invitations }) {
  isOpen = isOpenNow;
  setText(byId("joining"), isOpen ? "Close joining" : "Open joining");
  setText(byId("joining-state"), isOpen ? "" : "Joining is closed. People who have joined stay in.");
  byId("code").classList.toggle("is-closed", !isOpen);
  const waiting = teams.flatMap((team) => team.seats.filter((seat) => seat.waiting).map((seat) => ({ ...seat, team: team.name })));
  setHidden(byId("waiting"), waiting.length === 0);
  keep(byId("waiting-list"), waiting, ({ id }) => id, (seat) =>
    waitingLine(SEATS, seat, `${seat.alias} wants to join ${seat.team}, which is in the middle of a round.`, MARKED));
  document.body.classList.toggle("takes-notes", rights === "note_taker");
  setText(byId("you"), rights === "note_taker" ? `${you} takes notes` : you === "facilitator" ? "" : you);
  setHidden(byId("you"), byId("you").textContent === "");
  keep(byId("helpers"), invitations, ({ id }) => id, helperLine);
}

/** The people of one team, with a button to remove each, or to let them in. */
export function showSeats({ seats }) {
  keep(byId("team-seats"), seats, ({ id }) => id, seatLine);
}

const seatLine = (seat) => (seat.waiting ? waitingLine(SEATS, seat, `${seat.alias}, waiting`, MARKED) : el("li", {}, el("span", {}, seat.alias), button("Remove", async () => {
  const text = "Their page closes at once. The team gets a new token for its programs, as they knew the old one. With the code they can join again: close joining or make a new code first, if they should not.";
  if (await confirmed(`Remove ${seat.alias} from the team?`, "Remove", text)) await send("DELETE", `${SEATS}/${seat.id}`);
}, { "aria-label": `Remove ${seat.alias}`, ...MARKED })));

onPress(byId("joining"), () => send("POST", "/api/desk/joining", { open: !isOpen }));

onPress(byId("new-code"), async () => {
  const text = "The old code and its QR codes stop working. People who have joined stay in.";
  if (!(await confirmed("Make a new code?", "New code", text))) return;
  await send("POST", "/api/desk/code");
  toast("There is a new code.");
});

const helperLine = (/** @type {Api.Invitation} */ { id, name, rights, signed_in: isHere }) => el("li", {}, el("span", {}, `${name}, ${RIGHTS[rights]}: ${isHere ? "signed in" : "not here yet"}`), button("Take back", async () => {
  const text = "Their page closes at once, and their token stops working.";
  if (await confirmed(`Take ${name}’s invitation back?`, "Take back", text)) await send("DELETE", `/api/desk/invitations/${id}`);
}, { "aria-label": `Take back: ${name}`, ...MARKED }));

onSubmit(byId("helper-form"), async () => {
  const name = byId("helper-name").value.trim();
  const { token } = await send("POST", "/api/desk/invitations", { name, rights: byId("helper-rights").value });
  const text = "With this they sign in at /desk. It is shown once: give it to them now, and to nobody else. Make sure that this screen is not on the projector.";
  await asked({ title: `Invitation for ${name}`, text, body: el("p", { class: "secret" }, token), yes: "Close", no: null, buttons: [copyButton(() => token)] });
}, { emptied: true });
