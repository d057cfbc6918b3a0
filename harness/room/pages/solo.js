// A rehearsal alone: where to begin, and the controls that a facilitator would have otherwise: begin, hint, pause, end.

import { button, byId, confirmed, count, el, send, setHidden, setText } from "./lib.js";
import { isLive, state, watch } from "./state.js";

const lead = (step) => send("POST", "/api/team/lead", { step });

/** The controls beside the one line that says what to do now. */
const hint = button("", () => lead("hint"));
const pause = button("", () => lead(state().phase === "paused" ? "resume" : "pause"));
const end = button("End it", async () => {
  if (await confirmed("End the rehearsal?", "End it", "The explanation that you handed in last counts, and the answers open.")) await lead("end");
});
byId("lead").append(hint, pause, end);
watch((s) => [s.purpose === "solo" && isLive(s), s.phase, s.hints_left], ([isShown, phase, left]) => {
  setHidden(byId("lead"), !isShown);
  setText(pause, phase === "paused" ? "Go on" : "Pause");
  setText(hint, left ? `Give me a hint (${left} left)` : "No hint is left");
  hint.disabled = !left || phase === "paused";
});

/** The page in place of the lobby. */
export function rehearsal(s, rules, countdown) {
  const begin = button("Begin", () => lead("begin"), { kind: "primary large" });
  const minutes = Math.round(s.next_minutes ?? 0);
  return [
    el("h1", {}, "A rehearsal for one"),
    el("p", { class: "lead" }, `You are on call, alone, for ${count(minutes, "minute")}. When you begin, a shop opens; within two minutes something happens to it.`),
    el("section", { class: "card stack" },
      el("h2", {}, "Where to begin"),
      el("ol", { class: "rules" },
        el("li", {}, "Look at the shop and at the evidence while all is well: then you know how that looks."),
        el("li", {}, "When customers complain, write down what you suspect before you look. It opens the evidence."),
        el("li", {}, "Restore the shop, and explain what happened with pinned evidence. Hand the explanation in."),
        el("li", {}, "Stuck? There are hints, one after the other. At the end the debrief shows what could be known, and the right answers.")),
      el("p", { class: "row" }, begin, countdown)),
    el("section", { class: "card" }, el("h2", {}, "How it works"), el("ol", { class: "rules" }, ...rules.map((rule) => el("li", {}, rule)))),
  ];
}
