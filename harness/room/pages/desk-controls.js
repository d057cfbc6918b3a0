// The row of large controls. Each says what it would do now, or why it can do nothing. None ever disappears, so that
// the facilitator finds it in its usual place.

import { asked, attempt, byId, choices, confirmed, count, el, field, get, send, setText, toast } from "./lib.js";
import { teamOptions, view } from "./desk-words.js";

const EXTEND_MIN = 5;
const START_AFTER_S = 10; // teams see a countdown
const END_AFTER_S = 60;

const isUnderWay = () => view.phase === "running" || view.phase === "paused";
const nextRound = () => view.plan.find(({ state }) => state === "next") ?? view.plan.find(({ state }) => state === "later");
const roundNow = () => (view.round?.name ?? "The round");
const NOT_UNDER_WAY = "no round is running";

/** For each control: `says` returns what it would do now, or, as `no`, why it cannot. */
const CONTROLS = {
  start: {
    says: () => {
      if (isUnderWay()) return { no: `${roundNow()} is running` };
      if (typeof view.starts_in_s === "number") return { text: `in ${Math.ceil(view.starts_in_s)} s; press to hold` };
      const next = nextRound();
      const ready = view.teams.filter((team) => team.ready).length;
      const said = ready > 0 ? `, ${ready} of ${view.teams.length} ready` : "";
      return next ? { text: `${next.name}, ${Math.round(next.minutes * 10) / 10} min${said}` } : { no: "no round left: add one under Rounds" };
    },
    act: startNext,
  },
  pause: {
    says: () => {
      if (view.phase === "paused") return { text: "customers come back" };
      return view.phase === "running" ? { text: "clock and loss stop" } : { no: NOT_UNDER_WAY };
    },
    act: () => (view.phase === "paused" ? send("POST", "/api/desk/resume") : send("POST", "/api/desk/pause")),
  },
  extend: { says: whileUnderWay("by some minutes"), act: extend },
  hint: { says: whileUnderWay("the next, to one or all"), act: hint },
  end: { says: whileUnderWay("explanations are closed"), act: end },
  reveal: {
    says: () => {
      if (view.revealed) return { no: "revealed: the debrief is open" };
      if (isUnderWay()) return { no: "once the round is over" };
      return view.phase === "lobby" ? { no: "nothing has been played" } : { text: "opens the teams’ debrief" };
    },
    act: reveal,
  },
  abort: { says: whileUnderWay("every shop healthy at once"), act: abort },
};

function whileUnderWay(text) {
  return () => (isUnderWay() ? { text } : { no: NOT_UNDER_WAY });
}

for (const [id, { says, act }] of Object.entries(CONTROLS)) {
  byId(id).addEventListener("click", () => {
    if (!view) return;
    const { no } = says();
    if (no) return toast(`Not now: ${no}.`, view.purpose === "example" ? "done" : "problem");
    attempt(byId(id), act);
  });
}

export function update() {
  setText(byId("pause").querySelector("strong"), view.phase === "paused" ? "Resume" : "Pause");
  const isToStart = !isUnderWay() && !CONTROLS.start.says().no;
  byId("start").classList.toggle("primary", isToStart);
  byId("pause").classList.toggle("primary", view.phase === "paused");
  for (const [id, { says }] of Object.entries(CONTROLS)) {
    const { text, no } = says();
    setText(byId(id).querySelector("span"), text ?? no);
    // Not `disabled`: a disabled control would lose the focus, and the keyboard would go to the top of the page.
    byId(id).setAttribute("aria-disabled", String(Boolean(no)));
  }
}

// ---- What they do -----------------------------------------------------------------------------------------------

async function startNext() {
  if (typeof view.starts_in_s === "number") return send("DELETE", "/api/desk/start");
  const next = nextRound();
  const empty = view.teams.filter(({ members }) => members.length === 0);
  const text = empty.length > 0 ? `${empty.map(({ name }) => name).join(", ")}: nobody has joined yet.` : "";
  if (text && !(await confirmed(`Start ${next.name} all the same?`, "Start", text))) return null;
  return send("POST", `/api/desk/start?after_s=${START_AFTER_S}`);
}

async function extend() {
  const minutes = el("input", { id: "extend-minutes", type: "number", min: "1", max: "180", step: "1", value: EXTEND_MIN, required: true });
  if (!(await asked({ title: "Extend the round", yes: "Extend", body: field("Minutes", minutes, "") }))) return;
  await send("POST", "/api/desk/extend", { minutes: minutes.valueAsNumber });
  toast(`${count(minutes.valueAsNumber, "minute")} more.`);
}

async function hint() {
  const to = choices("hint-to", [["", "Choose …"], ["all", "Every team"], ...teamOptions(view.teams)], { required: true, autofocus: true });
  const says = el("ul", { class: "hint", "aria-live": "polite" });
  to.addEventListener("change", () => attempt(to, async () => {
    const chosen = view.teams.filter(({ number }) => to.value === "all" || Number(to.value) === number);
    const each = await Promise.all(chosen.map(async ({ number, name }) => {
      const { given, ladder } = await get(`/api/desk/hints/${number}`);
      return `${name}: ${ladder[given] ?? "no hint is left"}`;
    }));
    says.replaceChildren(...each.map((line) => el("li", {}, line)));
  }));
  const text = "It appears on the team’s page at once and counts in the debrief. First make sure that this screen is not on the projector.";
  if (!(await asked({ title: "Give the next hint", text, yes: "Give it", body: field("To", to, "", says) }))) return;
  await send("POST", "/api/desk/hint", { team: to.value === "all" ? null : Number(to.value) });
  toast("The hint is given.");
}

async function end() {
  const when = choices("end-after", [[String(END_AFTER_S), "In one minute: teams are told"], ["0", "Now"]]);
  const text = "The explanation that each team handed in last counts. A round that has ended cannot go on.";
  if (!(await asked({ title: `End ${roundNow()}?`, text, yes: "End the round", body: field("When", when, "") }))) return;
  await send("POST", when.value === "0" ? "/api/desk/end" : `/api/desk/end?after_s=${when.value}`);
}

async function reveal() {
  const left = view.plan.filter(({ state }) => state === "next" || state === "later").length;
  const warning = left > 0 ? ` ${count(left, "round")} of the plan ${left === 1 ? "has" : "have"} not been played: whoever reads the debrief knows more than they should.` : "";
  const text = `Every team sees what happened, why, and what its explanation was worth. This cannot be taken back.${warning}`;
  if (await confirmed("Reveal the answers?", "Reveal", text)) await send("POST", "/api/desk/reveal");
}

async function abort() {
  const text = "Every shop is healthy again at once and the round ends for all teams. This cannot be undone.";
  if (!(await confirmed(`Abort ${roundNow()}?`, "Abort", text))) return;
  await send("POST", "/api/desk/abort");
  toast("Aborted. Every shop is healthy.");
}
