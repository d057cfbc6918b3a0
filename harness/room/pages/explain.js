// The explanation: claims in the team's own words, each resting on pinned evidence; only then the nearest entry of the
// catalogue. A claim without evidence scores nothing, and the page says so.

import { button, byId, confirmed, count, el, keep, send, setHidden, setText, toast } from "./lib.js";
import { state, watchAll } from "./state.js";
import { catalogue } from "./catalogue.js";
import { editClaim } from "./claim.js";
import { ABOUT, choiceText } from "./choices.js";

export function startExplain() {
  const intro = el("p", { class: "hint" }, "Say what happened in your own words, one claim at a time, and rest each on pinned evidence. A claim without evidence scores nothing.");
  const parts = el("div", { class: "stack" });
  const submit = button("Hand in the explanation", handIn, { kind: "primary" });
  const given = el("p", { class: "said-when hint", role: "status" });
  byId("explain").append(intro, parts, submit, given);

  for (const { about, title, hint, many } of ABOUT) {
    const list = el("ul", { class: "claims plain-list" });
    const heading = el("h3", { tabIndex: -1 }, title);
    // The button goes when its claim is there, so that the keyboard goes on at the heading.
    const add = button(many ? "Add one" : "Say it", async () => { if ((await editClaim(about, null)) && !many) heading.focus(); },
      { "aria-label": `Add a claim: ${title}` });
    parts.append(el("section", { class: "claim-part", "aria-label": title },
      el("div", { class: "row apart" }, heading, add), el("p", { class: "tiny muted" }, hint), list));
    watchAll((s) => [s.claims.filter((claim) => claim.about === about), s.pins.length], async ([claims]) => {
      setHidden(add, !many && claims.length > 0);
      const known = await catalogue();
      keep(list, claims, ({ id }) => id, ({ id }) => claimLine(id), (node, claim) => fill(node, claim, known));
    });
  }

  watchAll((s) => [s.explained, s.claims.length], ([explained, claims]) => {
    submit.disabled = claims === 0;
    setText(submit, explained ? "Hand it in again" : "Hand in the explanation");
    setText(given, explained ? `Handed in at ${explained.story} by ${explained.by}. You may hand it in again until the round ends; the last one counts.` : "");
  });
}

const held = (id) => state().claims.find((claim) => claim.id === id);

function claimLine(id) {
  const edit = button("Change", () => held(id) && editClaim(held(id).about, held(id)), { kind: "small plain edit" });
  const remove = button("Remove", async () => {
    if (!(await confirmed("Remove this claim?", "Remove", held(id)?.words))) return;
    const heading = remove.closest(".claim-part").querySelector("h3");
    await send("DELETE", `/api/team/claims/${id}`);
    heading.focus();
  }, { kind: "small plain remove" });
  return el("li", { class: "claim" },
    el("p", { class: "said" }), el("p", { class: "tiny claim-choice" }), el("div", { class: "row apart" },
      el("span", { class: "claim-evidence badge" }), el("span", {}, edit, remove)));
}

function fill(node, claim, known) {
  setText(node.querySelector(".said"), claim.words);
  const choice = node.querySelector(".claim-choice");
  setText(choice, claim.choice ? `In the catalogue: ${choiceText(claim, known)}` : "Not yet matched with the catalogue: choose “Change”.");
  choice.classList.toggle("muted", Boolean(claim.choice));
  const evidence = node.querySelector(".claim-evidence");
  const isBare = claim.pins.length === 0;
  setText(evidence, isBare ? "no evidence: scores nothing" : `${count(claim.pins.length, "piece")} of evidence`);
  evidence.classList.toggle("warn", isBare);
  node.querySelector(".edit").setAttribute("aria-label", `Change the claim: ${claim.words}`);
  node.querySelector(".remove").setAttribute("aria-label", `Remove the claim: ${claim.words}`);
}

async function handIn() {
  const { claims } = state();
  const bare = claims.filter((claim) => claim.pins.length === 0).length;
  const open = claims.filter((claim) => !claim.choice).length;
  const doubts = [
    bare > 0 && `${count(bare, "claim has", "claims have")} no evidence and will score nothing.`,
    open > 0 && `${count(open, "is", "are")} not matched with the catalogue.`,
  ].filter(Boolean).join(" ");
  const text = `${count(claims.length, "claim")}. ${doubts} You may hand it in again until the round ends; the last one counts.`;
  if (!(await confirmed("Hand in this explanation?", "Hand it in", text))) return;
  await send("POST", "/api/team/explanation", {});
  toast("Handed in.");
}
