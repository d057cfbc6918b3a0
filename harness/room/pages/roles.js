// Roles of an incident, for teams that want them: who holds which, and how command is handed over. What a role sees first comes to the front.

import { button, byId, el, keep, onSubmit, send, setHidden, setOptions, setText, toast } from "./lib.js";
import { isAtWork, state, watch, watchAll } from "./state.js";
import { showColumn } from "./columns.js";

/** What each does, and what it sees first: a column, and a card in it. */
const ROLES = {
  commander: { does: "Decides: others propose what is to be done, and you give the go.", column: "act", card: "remedies" },
  deputy: { does: "Stands by the commander, looks where they cannot, and decides in their place.", column: "evidence", card: "evidence" },
  scribe: { does: "Writes down what is decided, and when.", column: "shop", card: "log" },
  communications: { does: "Tells those outside how it stands, when they ask.", column: "shop", card: "shop-frames" },
};

/** @param {Api.TeamView} s */
export const rolesOf = (s) => (s.roles?.holders ?? []).filter(({ seat }) => seat === s.seat).map(({ role }) => role);

/** @param {Api.TeamView} s */
export const holderOf = (s, role) => (s.roles?.holders ?? []).find((holder) => holder.role === role) ?? null;

/**
 * Whether whoever reads this may give the go.
 * @param {Api.TeamView} s
 */
export const decides = (s) => holderOf(s, "commander") === null || rolesOf(s).some((role) => role === "commander" || role === "deputy");

const list = el("ul", { class: "roles plain-list" });
const body = el("div", { class: "stack tight" },
  el("p", { class: "hint" }, "Nobody has to take one. With a commander in your team, others propose remedies, and the commander or the deputy gives the go."),
  list, offerForm());

/** The choice of roles for the page between rounds. */
export const rolesBox = el("details", { class: "card" }, el("summary", {}, "Roles, if you want them"));

export function startRoles() {
  watch(isAtWork, (isNow) => (isNow ? byId("roles-body") : rolesBox).append(body));
  watch((s) => Boolean(s.roles), (canHold) => {
    setHidden(byId("roles"), !canHold);
    setHidden(rolesBox, !canHold);
  });
  watchAll((s) => [s.roles, s.seat], (_, s) => {
    if (s.roles) keep(list, Object.keys(ROLES), (role) => role, roleLine, (line, role) => showRole(line, role, s));
  });
  watchAll((s) => [rolesOf(s), isAtWork(s)], ([own, isNow]) => {
    for (const [role, { card }] of Object.entries(ROLES)) byId(card).closest(".card").classList.toggle("is-first", isNow && own.some((each) => each === role));
    if (isNow && own.length > 0) showColumn(ROLES[own[0]].column);
  });
  startNotes();
}

function roleLine(role) {
  const take = button("", () => {
    const { holders } = state().roles;
    const isOwn = holders.some((holder) => holder.role === role && holder.seat === state().seat);
    return send(isOwn ? "DELETE" : "PUT", `/api/team/roles/${role}`);
  });
  return el("li", {}, el("p", {}, el("strong", {}, role[0].toUpperCase() + role.slice(1)), ": ", el("span", { class: "names" })), take, el("span", { class: "tiny muted" }, ROLES[role].does));
}

/** @param {Api.TeamView} s */
function showRole(line, role, s) {
  const holder = holderOf(s, role);
  const isOwn = holder?.seat === s.seat;
  const standsIn = role === "commander" && rolesOf(s).includes("deputy");
  const take = line.querySelector("button");
  setText(line.querySelector(".names"), holder ? `${holder.alias}${isOwn ? " (you)" : holder.away ? " (away)" : ""}` : "nobody");
  setText(take, isOwn ? "Put it down" : holder ? "Take over" : "Take it");
  take.setAttribute("aria-label", `${take.textContent}: ${role}`);
  setHidden(take, holder !== null && !isOwn && !holder.away && !standsIn);
}

/** Handing command over: to whom, and what they have to know. */
function offerForm() {
  const to = el("select", { id: "offer-to", class: "plain-field small", required: true });
  const words = el("textarea", { id: "offer-words", rows: 2, required: true, placeholder: "what stands, what is under way, what comes next" });
  const waits = el("p", { class: "hint", role: "status" });
  const form = el("form", { class: "stack tight offer", hidden: true },
    el("div", { class: "field small" }, el("label", { for: to.id }, "Hand command over to"), to),
    el("div", { class: "field small" }, el("label", { for: words.id }, "What they have to know"), words),
    el("button", { class: "button small primary", type: "submit" }, "Offer it"), waits);
  watchAll((s) => [s.roles, s.seat, isAtWork(s)], ([roles, seat, isNow], s) => {
    setHidden(form, !isNow || !rolesOf(s).includes("commander"));
    const others = (roles?.people ?? []).filter(({ id }) => id !== seat);
    setOptions(to, [["", "Choose …"], ...others.map(({ id, alias }) => [String(id), alias])]);
    words.maxLength = s.limits.text_characters;
    setText(waits, roles?.offer ? `Offered to ${roles.offer.to} at ${roles.offer.story}: you have command until they accept.` : "");
  });
  onSubmit(form, async () => {
    await send("POST", "/api/team/command/offer", { to: Number(to.value), words: words.value.trim() });
    toast("Offered. They have it when they accept.");
    form.reset();
  });
  return form;
}

/** The scribe's line for the log. */
function startNotes() {
  const text = el("input", { id: "note-text", class: "grow", autocomplete: "off", required: true, placeholder: "who decided what", "aria-label": "A line for the log" });
  const form = byId("note-form");
  form.append(text, el("button", { class: "button small", type: "submit" }, "Write it"));
  watchAll((s) => [rolesOf(s).includes("scribe"), s.limits.text_characters], ([isScribe, longest]) => {
    setHidden(form, !isScribe);
    text.maxLength = longest;
  });
  onSubmit(form, async () => {
    await send("POST", "/api/team/notes", { text: text.value.trim() });
    text.value = "";
    text.focus();
  });
}
