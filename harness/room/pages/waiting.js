// Who wants to join while a round is under way: somebody of the team says whether they may.

import { button, byId, confirmed, el, keep, send, setHidden, setText } from "./lib.js";
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
  return el("li", { class: "row" }, el("span", {}),
    button("Let in", () => send("POST", `/api/team/seats/${id}/let-in`), { kind: "small primary", "aria-label": `Let ${alias} in` }),
    button("Turn away", async () => {
      if (await confirmed(`Turn ${alias} away?`, "Turn away")) await send("DELETE", `/api/team/seats/${id}`);
    }, { "aria-label": `Turn ${alias} away` }));
}
