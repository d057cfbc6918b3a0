// Who may join, who waits to be let in, and who sits in a team.

import { attempt, button, byId, confirmed, el, keep, send, setHidden, setText, toast } from "./lib.js";

let isOpen = true;

/** @param {NamedDesk} view */
export function update({ joining_open: isOpenNow, teams }) {
  isOpen = isOpenNow;
  setText(byId("joining"), isOpen ? "Close joining" : "Open joining");
  setText(byId("joining-state"), isOpen ? "" : "Joining is closed: nobody comes in, and who is in stays in.");
  byId("code").classList.toggle("is-closed", !isOpen);
  const waiting = teams.flatMap((team) => team.seats.filter((seat) => seat.waiting).map((seat) => ({ ...seat, team: team.name })));
  setHidden(byId("waiting"), waiting.length === 0);
  keep(byId("waiting-list"), waiting, ({ id }) => id, waitingLine, (line, { alias, team }) => {
    setText(line.firstChild, `${alias} wants to join ${team}, which is in the middle of a round.`);
  });
}

/** The people of one team, with what can be done about each. */
export function showSeats({ seats }) {
  setHidden(byId("team-empty"), seats.length > 0);
  keep(byId("team-seats"), seats, ({ id, waiting }) => `${id} ${waiting}`, seatLine, (line, { alias, waiting }) => {
    setText(line.firstChild, waiting ? `${alias}, waiting` : alias);
  });
}

const labelled = (label, spoken, work, kind = "small") => button(label, work, { kind, "aria-label": spoken, dataset: { needs: "facilitator" } });

const waitingLine = (seat) => el("li", {}, el("span", {}),
  labelled("Let in", `Let ${seat.alias} in`, () => send("POST", `/api/desk/seats/${seat.id}/let-in`), "small primary"),
  labelled("Turn away", `Turn ${seat.alias} away`, () => turnAway(seat)));

const seatLine = (seat) => (seat.waiting ? waitingLine(seat)
  : el("li", {}, el("span", {}), labelled("Remove", `Remove ${seat.alias}`, () => remove(seat))));

async function turnAway({ id, alias }) {
  if (await confirmed(`Turn ${alias} away?`, "Turn away")) await send("DELETE", `/api/desk/seats/${id}`);
}

async function remove({ id, alias }) {
  const text = "Their page closes at once. The team gets a new token for its programs, as they knew the old one. With the code they can join again: close joining or make a new code first, if they should not.";
  if (await confirmed(`Remove ${alias} from the team?`, "Remove", text)) await send("DELETE", `/api/desk/seats/${id}`);
}

byId("joining").addEventListener("click", () => attempt(byId("joining"), () => send("POST", "/api/desk/joining", { open: !isOpen })));

byId("new-code").addEventListener("click", () => attempt(byId("new-code"), async () => {
  const text = "The old code and its QR codes let nobody in any longer. Who is in stays in.";
  if (!(await confirmed("Make a new code?", "New code", text))) return;
  await send("POST", "/api/desk/code");
  toast("There is a new code.");
}));
