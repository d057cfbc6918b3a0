// Handing over to the next line of support, where one team runs what another has built.

import { attempt, confirmed, el, send, setHidden, setText } from "./lib.js";
import { watch } from "./state.js";
import { LINES } from "./remedies.js";

export function handoverBox() {
  const who = el("p", { class: "hint" });
  const button = el("button", { type: "button", class: "button" });
  const coming = el("p", { class: "notice" });
  const node = el("div", { class: "stack tight handover", hidden: true }, who, button, coming);
  let next = null;

  button.addEventListener("click", async () => {
    const text = `The ticket goes into the queue of ${LINES[next]}, which takes time. Then you may do what they may.`;
    if (await confirmed(`Hand over to ${next}?`, "Hand over", text)) attempt(button, () => send("POST", "/api/team/handover", {}));
  });

  watch((s) => s.round && [s.round.operating_model, s.round.line, s.round.handover_in_s], (round) => {
    const [model, line, in_s] = round ?? [];
    setHidden(node, model !== "ops-run-it");
    if (model !== "ops-run-it") return;
    next = { L1: "L2", L2: "L3" }[line] ?? null;
    const isComing = in_s !== null && in_s !== undefined;
    setText(who, `You are ${line}, ${LINES[line]}${next ? "" : ": the last line, you may do everything"}.`);
    setHidden(button, next === null || isComing);
    setHidden(coming, !isComing);
    setText(button, `Hand over to ${next}, ${LINES[next]}`);
    if (isComing) setText(coming, `The ticket is in the queue of ${next}, ${LINES[next]}: they take it up in about ${Math.ceil(in_s)} s. Meanwhile go on.`);
  });
  return node;
}
