// An extra task for a team that has restored the shop and handed in: to argue for a repair, before the answers are open.

import { byId, choices, el, field, onSubmit, send, setHidden, setText, submit, toast } from "./lib.js";
import { isLive, watch } from "./state.js";

const OUTLOOKS = { back: "It would have prevented the outage", better: "Less would have been lost", same: "Nothing would have changed", worse: "More would have been lost" };

const repairs = el("div", { class: "stack tight" });
const expects = choices("more-expects", [["", "Choose …"], ...Object.entries(OUTLOOKS)], { required: true });
const because = el("textarea", { id: "more-because", rows: 3, required: true });
const form = el("form", { class: "stack tight" },
  el("p", { class: "hint" }, "You are early. Suppose that one thing had been repaired before the incident: which one, and why that one? Talk it over: you have one. In the debrief the incident is played again with it, beside what you write here."),
  el("fieldset", { class: "stack tight" }, el("legend", {}, "The repair"), repairs),
  field("What you expect of it", expects),
  field("Why this one", because),
  submit("Argue for it", "small primary"));
const done = el("div", { class: "stack tight" }, el("p"), el("p", { class: "said" }));
byId("more-body").append(form, done);

watch((s) => [isLive(s) && s.more, s.limits.text_characters], ([more, longest]) => {
  setHidden(byId("more"), !more);
  if (!more) return;
  because.maxLength = longest;
  setHidden(form, more.chosen !== null);
  setHidden(done, more.chosen === null);
  if (more.chosen !== null) {
    setText(done.firstChild, `You argue for: ${more.chosen}. ${OUTLOOKS[more.expected?.outlook] ?? ""}.`);
    setText(done.lastChild, more.expected?.words ?? "");
  } else if (repairs.children.length === 0) {
    repairs.append(...more.repairs.map(({ id, title, means }) => el("label", { class: "check" },
      el("input", { type: "radio", name: "more-repair", value: id, required: true }), el("span", {}, el("strong", {}, title), " ", el("span", { class: "tiny muted" }, means)))));
  }
});
onSubmit(form, async () => {
  await send("POST", "/api/team/argument", { repair: form.elements["more-repair"].value, expects: expects.value, because: because.value.trim() });
  toast("Kept. The debrief comes back to it.");
});
