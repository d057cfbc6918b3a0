// The explanation: claims in the team's own words, each resting on pinned evidence; only then the nearest entry of the catalogue. What a
// claim's evidence does not show is said at the claim, before it is handed in.

import { button, byId, confirmed, count, el, keep, send, setHidden, setText, toast } from "./lib.js";
import { state, watchAll } from "./state.js";
import { catalogue } from "./catalogue.js";
import { editClaim } from "./claim.js";
import { ABOUT, choiceText } from "./choices.js";

export function startExplain() {
  const parts = el("div", {});
  const submit = button("Hand in", handIn, { kind: "primary" });
  const doubts = el("p", { class: "hint", role: "status" });
  byId("explain").append(parts, el("div", { class: "hand-in" }, submit, doubts));

  for (const { about, title, hint, many } of ABOUT) {
    const list = el("ul", { class: "claims plain-list" });
    const heading = el("h3", { tabIndex: -1 }, title);
    const add = button(many ? "Add" : "Say it", () => editClaim(section, about, null), { kind: "small plain", "aria-label": `Add a claim: ${title}` });
    const section = el("section", { class: "claim-part", "aria-label": title }, el("div", { class: "row apart", title: hint }, heading, add), list);
    parts.append(section);
    watchAll((s) => [s.claims.filter((claim) => claim.about === about), s.pins.length], async ([claims]) => {
      setHidden(add, !many && claims.length > 0);
      const known = claims.length > 0 ? await catalogue() : null;
      keep(list, claims, ({ id }) => id, ({ id }) => claimLine(id, section), (node, claim) => fill(node, claim, known));
    });
  }

  watchAll((s) => [s.explained, s.claims], ([explained, claims]) => {
    submit.disabled = claims.length === 0;
    setText(submit, explained ? "Hand in again" : "Hand in");
    submit.classList.toggle("primary", !explained || explained.outdated);
    setText(doubts, [explained && handedIn(explained), doubtsOf(claims)].filter(Boolean).join(" "));
    doubts.classList.toggle("is-lacking", Boolean(explained?.outdated));
  });
}

/** @param {Api.Submitted} explained */
const handedIn = ({ story, by, outdated }) => (outdated
  ? `Changed since ${by} handed it in at ${story}: not handed in yet.`
  : `Handed in at ${story} by ${by}, as it stands here; the last one counts.`);

/** What would score less, or nothing. */
function doubtsOf(claims) {
  if (claims.length === 0) return "Nothing to hand in yet: say at least one part.";
  const of = (is) => claims.filter(is).length;
  const open = of(({ choice }) => !choice);
  const unshown = of(({ choice, lacks }) => choice && lacks !== null);
  return [
    open > 0 && `${count(open, "claim is", "claims are")} not matched and will count nothing.`,
    unshown > 0 && `${count(unshown, "claim is", "claims are")} said, not shown.`,
  ].filter(Boolean).join(" ");
}

const held = (id) => state().claims.find((claim) => claim.id === id);

function claimLine(id, section) {
  const edit = button("Change", () => held(id) && editClaim(section, held(id).about, held(id)), { kind: "small plain edit" });
  const remove = button("Remove", async () => {
    if (!(await confirmed("Remove this claim?", "Remove", held(id)?.words))) return;
    await send("DELETE", `/api/team/claims/${id}`);
    section.querySelector("h3").focus();
  }, { kind: "small plain remove" });
  return el("li", { class: "claim" },
    el("p", { class: "said" }), el("p", { class: "tiny claim-choice" }, el("span"), el("span", { class: "to-change" }, ": choose “Change”.")),
    el("div", { class: "row apart" }, el("span", { class: "claim-evidence tiny" }), el("span", {}, edit, remove)));
}

function fill(node, claim, known) {
  setText(node.querySelector(".said"), claim.words);
  const choice = node.querySelector(".claim-choice");
  setText(choice.firstChild, claim.choice ? choiceText(claim, known) : "Not matched yet");
  setHidden(choice.lastChild, Boolean(claim.choice));
  choice.classList.toggle("muted", Boolean(claim.choice));
  const evidence = node.querySelector(".claim-evidence");
  setText(evidence, claim.lacks === null ? `rests on ${count(claim.pins.length, "pin")}` : `Said, not shown. ${claim.lacks}`);
  evidence.classList.toggle("is-lacking", claim.lacks !== null);
  node.querySelector(".edit").setAttribute("aria-label", `Change the claim: ${claim.words}`);
  node.querySelector(".remove").setAttribute("aria-label", `Remove the claim: ${claim.words}`);
}

async function handIn() {
  await send("POST", "/api/team/explanation", {});
  toast("Handed in. You may hand it in again until the round ends; the last one counts.");
}
