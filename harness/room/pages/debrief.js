// The debrief: fills itself while figures are computed, and spends a team's one choice.

import { asked, attempt, byId, get, send, toast } from "./lib.js";
import { startParting } from "./parting.js";
import { startPresenter } from "./present.js";
import { startReplays } from "./replay.js";

const SOON_MS = 1_500;
const LATER_MS = 6_000;

/** Puts what is new in place of what was there; what somebody has opened or is filling in stays as it is. */
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
  prepare();
  startReplays();
  return true;
}

/** A form that somebody has begun stays, as long as there is one in the new part too. */
const isBeingFilled = (old, part) => Boolean(old.querySelector("input:checked") && part.querySelector("form"));

/** Asks for news until the page is closed: soon while something is computed, seldom when all is there. */
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

/** Lets the one choice be made, once it has been confirmed. */
function prepare() {
  for (const form of document.querySelectorAll("form[data-choice-of]")) {
    if (form.dataset.ready) continue;
    form.dataset.ready = "yes";
    const button = form.querySelector("button");
    form.addEventListener("change", () => (button.disabled = !form.checkValidity() || !form.querySelector("input:checked")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = form.querySelector("input:checked");
      if (!chosen) return;
      attempt(button, async () => {
        const title = chosen.closest("label").querySelector("strong").textContent;
        const text = "It can be spent once, for the whole team.";
        if (!(await asked({ title: `“${title}”: spend the repair on this?`, text, yes: "Spend it" }))) return;
        const round = Number(form.dataset.choiceOf);
        await send("POST", "/api/team/repair", { round, repair: chosen.value, expects: form.elements.expects.value });
        form.reset();
        if (!(await renew())) toast("It was spent. Load this page again to see what came of it.");
      });
    });
  }
}

/** What an address names is unfolded; what is printed is, too. */
function unfold() {
  const named = location.hash && byId(location.hash.slice(1));
  if (!named) return;
  if (named instanceof HTMLDetailsElement) named.open = true;
  named.scrollIntoView();
}

addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => document.querySelectorAll("details.step").forEach((step) => { step.open = true; }));

prepare();
startReplays();
startPresenter();
startParting();
unfold();
follow();
