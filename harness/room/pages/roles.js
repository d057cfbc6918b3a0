// The roles of an incident, for teams that want them: who holds which, and how command is handed over. A role's first column comes to the front.

import { button, byId, el, field, keep, onSubmit, send, setHidden, setOptions, setText, submit, toast } from "./lib.js";
import { isAtWork, watch } from "./state.js";
import { showColumn } from "./columns.js";

/** What each role does, and what it sees first: a column, and a card in the column. */
const ROLES = {
  commander: { does: "Decides: others propose what is to be done, and you give the go.", column: "act", card: "remedies" },
  deputy: { does: "Stands by the commander, looks where they cannot, and decides in their place.", column: "evidence", card: "evidence" },
  scribe: { does: "Writes down what is decided, and when.", column: "shop", card: "log" },
  communications: { does: "Tells those outside how it stands, when they ask.", column: "shop", card: "shop-frames" },
};

export const rolesOf = (/** @type {Api.TeamView} */ s) => (s.roles?.holders ?? []).filter(({ seat }) => seat === s.seat).map(({ role }) => role);

export const holderOf = (/** @type {Api.TeamView} */ s, role) => (s.roles?.holders ?? []).find((holder) => holder.role === role) ?? null;

/** Whether the reader may give the go: anybody may in a team without a commander. */
export const decides = (/** @type {Api.TeamView} */ s) => holderOf(s, "commander") === null || rolesOf(s).some((role) => role === "commander" || role === "deputy");

const list = el("ul", { class: "roles stack tight plain-list" });
const body = el("div", { class: "stack tight" },
  el("p", { class: "hint" }, "Nobody has to take one. With a commander in your team, others propose remedies, and the commander or the deputy gives the go."),
  list, offerForm());

/** The choice of roles for the page between rounds. */
export const rolesBox = el("details", { class: "card" }, el("summary", {}, "Roles, if you want them"));

watch(isAtWork, (isNow) => (isNow ? byId("roles-body") : rolesBox).append(body));
watch((s) => Boolean(s.roles), (canHold) => {
  setHidden(byId("roles"), !canHold);
  setHidden(rolesBox, !canHold);
});
watch((s) => [s.roles, s.seat], (_, s) => {
  if (s.roles) keep(list, Object.keys(ROLES).map((role) => ({ role, holder: holderOf(s, role), own: rolesOf(s), seat: s.seat })), ({ role }) => role, roleLine);
});
watch((s) => [rolesOf(s), isAtWork(s)], ([own, isNow]) => {
  for (const [role, { card }] of Object.entries(ROLES)) byId(card).closest(".card").classList.toggle("is-first", isNow && own.some((each) => each === role));
  if (isNow && own.length > 0) showColumn(ROLES[own[0]].column);
});
startNotes();

function roleLine({ role, holder, own, seat }) {
  const isOwn = holder?.seat === seat;
  const label = isOwn ? "Put it down" : holder ? "Take over" : "Take it";
  const take = button(label, () => send(isOwn ? "DELETE" : "PUT", `/api/team/roles/${role}`), { "aria-label": `${label}: ${role}` });
  const standsIn = role === "commander" && own.includes("deputy");
  setHidden(take, holder !== null && !isOwn && !holder.away && !standsIn);
  const name = holder ? `${holder.alias}${isOwn ? " (you)" : holder.away ? " (away)" : ""}` : "nobody";
  return el("li", {}, el("p", {}, el("strong", {}, role[0].toUpperCase() + role.slice(1)), ": ", el("span", { class: "names" }, name)), take, el("span", { class: "tiny muted" }, ROLES[role].does));
}

/** The form that hands command over: to whom, and what they have to know. */
function offerForm() {
  const to = el("select", { id: "offer-to", required: true });
  const words = el("textarea", { id: "offer-words", rows: 2, required: true, placeholder: "what stands, what is under way, what comes next" });
  const waits = el("p", { class: "hint", role: "status" });
  const form = el("form", { class: "stack tight offer", hidden: true },
    field("Hand command over to", to),
    field("What they have to know", words),
    submit("Offer it", "small primary"), waits);
  watch((s) => [s.roles, s.seat, isAtWork(s)], ([roles, seat, isNow], s) => {
    setHidden(form, !isNow || !rolesOf(s).includes("commander"));
    const others = (roles?.people ?? []).filter(({ id }) => id !== seat);
    setOptions(to, [["", "Choose …"], ...others.map(({ id, alias }) => [String(id), alias])]);
    words.maxLength = s.limits.text_characters;
    setText(waits, roles?.offer ? `Offered to ${roles.offer.to} at ${roles.offer.story}: you have command until they accept.` : "");
  });
  onSubmit(form, async () => {
    await send("POST", "/api/team/command/offer", { to: Number(to.value), words: words.value.trim() });
    toast("Offered. They have it when they accept.");
  }, { emptied: true });
  return form;
}

function startNotes() {
  const text = el("input", { id: "note-text", class: "plain-field small grow", autocomplete: "off", required: true, placeholder: "who decided what", "aria-label": "A line for the log" });
  const form = byId("note-form");
  form.append(text, submit("Write it"));
  watch((s) => [rolesOf(s).includes("scribe"), s.limits.text_characters], ([isScribe, longest]) => {
    setHidden(form, !isScribe);
    text.maxLength = longest;
  });
  onSubmit(form, async () => {
    await send("POST", "/api/team/notes", { text: text.value.trim() });
    text.focus();
  }, { emptied: true });
}
