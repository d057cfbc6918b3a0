// The debrief: loads figures as they are computed, and sends a team's one choice of a repair.

import { asked, attempt, byId, get, send, toast } from "./lib.js";
import { startParting } from "./parting.js";
import { startPresenter } from "./present.js";
import { startReplays } from "./replay.js";

const SOON_MS = 1_500;
const LATER_MS = 6_000;

/** Replaces the parts that have changed. Opened sections stay open, and a form in use stays as it is. */
async function renew() {
  const response = await fetch(location.href, { headers: { "X-Requested-With": "room" } });
  if (!response.ok) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = byId(part.id);
    if (!old || old.dataset.was === part.innerHTML || isBeingFilled(old, part)) continue;
    const isOpen = [...old.querySelectorAll("details")].map((details) => details.open);
    const placed = document.importNode(part, true);
    placed.dataset.was = part.innerHTML;
    [...placed.querySelectorAll("details")].forEach((details, place) => (details.open = isOpen[place] ?? false));
    if (old.innerHTML !== part.innerHTML) old.replaceWith(placed);
  }
  document.body.dataset.stamp = fresh.body.dataset.stamp;
  startReplays();
  return true;
}

/** Whether somebody is filling in the part's form, and the new part has a form, too. */
const isBeingFilled = (old, part) => Boolean(old.querySelector("input:checked") && part.querySelector("form"));

/** Polls for news until the page is closed: often while figures are computed, seldom afterwards. */
async function follow() {
  let wait = LATER_MS;
  try {
    const news = await get(document.body.dataset.news);
    if (news.done < news.of) wait = SOON_MS;
    if (news.stamp !== document.body.dataset.stamp) await renew();
  } catch (error) {
    if (error.status === 401) return location.assign("/");
  }
  setTimeout(follow, document.hidden ? LATER_MS : wait);
}

// The team spends its one repair only after a confirmation.
document.addEventListener("change", ({ target }) => {
  const form = /** @type {any} */ (target).closest("form[data-choice-of]");
  if (form) form.querySelector("button").disabled = !form.checkValidity() || !form.querySelector("input:checked");
});
document.addEventListener("submit", (event) => {
  const form = /** @type {any} */ (event.target);
  const chosen = form.querySelector("input:checked");
  if (!form.dataset.choiceOf) return;
  event.preventDefault();
  if (!chosen) return;
  attempt(event.submitter, async () => {
    const title = chosen.closest("label").querySelector("strong").textContent;
    const text = "It can be spent once, for the whole team.";
    if (!(await asked({ title: `“${title}”: spend the repair on this?`, text, yes: "Spend it" }))) return;
    await send("POST", "/api/team/repair", { round: Number(form.dataset.choiceOf), repair: chosen.value, expects: form.elements.expects.value });
    form.reset();
    if (!(await renew())) toast("It was spent. Load this page again to see what came of it.");
  });
});

/** Opens the section that the address names. */
function unfold() {
  const named = location.hash && byId(location.hash.slice(1));
  if (!named) return;
  if (named instanceof HTMLDetailsElement) named.open = true;
  named.scrollIntoView();
}

addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => document.querySelectorAll("details.step").forEach((step) => { step.open = true; }));

startReplays();
startPresenter();
startParting();
unfold();
follow();
