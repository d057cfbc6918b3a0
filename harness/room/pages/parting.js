// At the end of a team's debrief, for each person: two actions with owner and date, the file to take home, and two questions about the
// session, answered without a name.

import { byId, el, get, onSubmit, send, setExample, toast } from "./lib.js";

/** Who has no seat, as a program that shows a team's token, has nothing of its own here. */
export async function startParting() {
  const place = byId("parting");
  if (!place) return;
  try {
    /** @type {Api.Parting} */
    const parting = await get("/api/team/parting");
    setExample(parting.purpose === "example");
    // Who was alone has nobody to tell how the session was.
    place.replaceChildren(actionsCard(parting), ...(parting.purpose === "solo" ? [] : [feedbackCard(parting)]));
    place.hidden = false;
  } catch {
    place.remove();
  }
}

/** @param {Api.Parting} parting */
function actionsCard({ actions, actions_max: count, action_characters: longest, owner_characters: longestName }) {
  const rows = Array.from({ length: count }, (_, place) => {
    const { text = "", owner = "", due = "" } = actions[place] ?? {};
    const field = (name, label, input) => el("div", { class: "field" }, el("label", { for: `${name}-${place}` }, label), Object.assign(input, { id: `${name}-${place}` }));
    const what = el("input", { maxLength: longest, value: text, autocomplete: "off" });
    const who = el("input", { maxLength: longestName, value: owner ?? "", autocomplete: "off" });
    const when = el("input", { type: "date", value: due ?? "" });
    const node = el("fieldset", { class: "action" }, el("legend", { class: "unseen" }, `Action ${place + 1}`),
      field("action", `Action ${place + 1}`, what), field("owner", "Owner", who), field("due", "By", when));
    return { node, value: () => ({ text: what.value.trim(), owner: who.value.trim() || null, due: when.value || null }) };
  });
  const form = el("form", { class: "stack" }, ...rows.map(({ node }) => node),
    el("div", { class: "actions" },
      el("button", { class: "button primary", type: "submit" }, "Keep them"),
      el("a", { class: "button", href: "/api/team/debrief/take-home.html", download: "" }, "Download your page")));
  onSubmit(form, async () => {
    await send("PUT", "/api/team/parting", { actions: rows.map(({ value }) => value()).filter(({ text }) => text) });
    toast("Kept. They stand in the page that you download.");
  });
  return el("section", { class: "card stack", "aria-labelledby": "home-title" },
    el("h2", { id: "home-title" }, "To take home: two actions"),
    el("p", { class: "hint" }, "What will you change in your own system? Small enough to be done, with one owner and a date. The page that you download holds them, your team’s timeline, and questions to put to your system; it needs no network."),
    form);
}

/** @param {Api.Parting} parting */
function feedbackCard({ has_said: hasSaid, remark_characters: longest }) {
  const thanks = el("p", { role: "status" }, "Thank you. Your answer is kept without your name.");
  const title = el("h2", { id: "said-title" }, "Two questions about this session");
  const card = el("section", { class: "card stack", "aria-labelledby": "said-title" }, title);
  if (hasSaid) {
    card.append(thanks);
    return card;
  }
  const words = el("input", { id: "said-words", maxLength: longest, autocomplete: "off" });
  const form = el("form", { class: "stack" },
    yesOrNo("learned", "Did you learn something new?"), yesOrNo("again", "Would you come again?"),
    el("div", { class: "field" }, el("label", { for: words.id }, "In one line, if you like: what should be different next time?"), words),
    el("div", { class: "actions" }, el("button", { class: "button primary", type: "submit" }, "Send")));
  onSubmit(form, async () => {
    const isYes = (name) => new FormData(form).get(name) === "yes";
    await send("POST", "/api/team/feedback", { learned: isYes("learned"), again: isYes("again"), words: words.value.trim() || null });
    form.replaceWith(thanks);
  });
  card.append(el("p", { class: "hint" }, "No name is kept with your answer, nor when it came. The facilitator reads all of them together."), form);
  return card;
}

const yesOrNo = (name, question) => el("fieldset", {}, el("legend", {}, question),
  el("div", { class: "row" }, ...["yes", "no"].map((value) => el("label", { class: "check" }, el("input", { type: "radio", name, value, required: true }), value))));
