// Who wants to join while a round is under way: somebody of the team says whether they may.

import { attempt, byId, confirmed, el, keep, send, setHidden, setText } from "./lib.js";
import { watch } from "./state.js";

export function startWaiting() {
  watch((s) => s.waiting, (waiting) => {
    setHidden(byId("waiting"), waiting.length === 0);
    keep(byId("waiting-list"), waiting, ({ id }) => id, waitingLine, (line, { alias }) => {
      setText(line.firstChild, `${alias} wants to join your team.`);
    });
  });
}

function waitingLine({ id, alias }) {
  const yes = el("button", { type: "button", class: "button small primary", "aria-label": `Let ${alias} in` }, "Let in");
  const no = el("button", { type: "button", class: "button small", "aria-label": `Turn ${alias} away` }, "Turn away");
  yes.addEventListener("click", () => attempt(yes, () => send("POST", `/api/team/seats/${id}/let-in`)));
  no.addEventListener("click", () => attempt(no, async () => {
    if (await confirmed(`Turn ${alias} away?`, "Turn away")) await send("DELETE", `/api/team/seats/${id}`);
  }));
  return el("li", { class: "row" }, el("span", {}), yes, no);
}
