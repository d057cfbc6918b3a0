// At the end of a team's debrief, for each person: two actions with owner and date, the file to take home, and two questions about the
// session, answered without a name.

import { byId, el, field, get, onSubmit, send, setExample, submit, toast } from "./lib.js";

/** Fills this part of the page. Without a seat there is none: a program with a team's token, for example. */
export async function startParting() {
  const place = byId("parting");
  if (!place) return;
  try {
    /** @type {Api.Parting} */
    const parting = await get("/api/team/parting");
    setExample(parting.purpose === "example");
    // After a rehearsal alone there is nobody to receive feedback.
    place.replaceChildren(actionsCard(parting), ...(parting.purpose === "solo" ? [] : [feedbackCard(parting)]));
    place.hidden = false;
  } catch {
    place.remove();
  }
}

function actionsCard(/** @type {Api.Parting} */ { actions, actions_max: count, action_characters: longest, owner_characters: longestName }) {
  const rows = Array.from({ length: count }, (_, place) => {
    const { text = "", owner = "", due = "" } = actions[place] ?? {};
    const what = el("input", { id: `action-${place}`, maxLength: longest, value: text, autocomplete: "off" });
    const who = el("input", { id: `owner-${place}`, maxLength: longestName, value: owner ?? "", autocomplete: "off" });
    const when = el("input", { id: `due-${place}`, type: "date", value: due ?? "" });
    const node = el("fieldset", { class: "action" }, el("legend", { class: "unseen" }, `Action ${place + 1}`),
      field(`Action ${place + 1}`, what, ""), field("Owner", who, ""), field("By", when, ""));
    return { node, value: () => ({ text: what.value.trim(), owner: who.value.trim() || null, due: when.value || null }) };
  });
  const form = el("form", { class: "stack" }, ...rows.map(({ node }) => node),
    el("div", { class: "actions" },
      submit("Keep them", "primary"),
      el("a", { class: "button", href: "/api/team/debrief/take-home.html", download: "" }, "Download your page")));
  onSubmit(form, async () => {
    await send("PUT", "/api/team/parting", { actions: rows.map(({ value }) => value()).filter(({ text }) => text) });
    toast("Saved. The page that you download contains them.");
  });
  return el("section", { class: "card stack", "aria-labelledby": "home-title" },
    el("h2", { id: "home-title" }, "To take home: two actions"),
    el("p", { class: "hint" }, "What will you change in your own system? Small enough to be done, with one owner and a date. The page that you download holds them, your team’s timeline, and questions to put to your system; it needs no network."),
    form);
}

function feedbackCard(/** @type {Api.Parting} */ { has_said: hasSaid, remark_characters: longest }) {
  const thanks = el("p", { role: "status" }, "Thank you. Your answer is kept without your name.");
  const words = el("input", { id: "said-words", maxLength: longest, autocomplete: "off" });
  const form = el("form", { class: "stack" },
    el("p", { class: "hint" }, "No name is kept with your answer, nor when it came. The facilitator reads all of them together."),
    yesOrNo("learned", "Did you learn something new?"), yesOrNo("again", "Would you come again?"),
    field("In one line, if you like: what should be different next time?", words, ""),
    el("div", { class: "actions" }, submit("Send", "primary")));
  onSubmit(form, async () => {
    const isYes = (name) => new FormData(form).get(name) === "yes";
    await send("POST", "/api/team/feedback", { learned: isYes("learned"), again: isYes("again"), words: words.value.trim() || null });
    form.replaceWith(thanks);
  });
  return el("section", { class: "card stack", "aria-labelledby": "said-title" },
    el("h2", { id: "said-title" }, "Two questions about this session"), hasSaid ? thanks : form);
}

const yesOrNo = (name, question) => el("fieldset", {}, el("legend", {}, question),
  el("div", { class: "row" }, ...["yes", "no"].map((value) => el("label", { class: "check" }, el("input", { type: "radio", name, value, required: true }), value))));
