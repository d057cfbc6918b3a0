// The replay of a round: one clock moves over the timelines of an incident, and shows for each team what it looked at, thought, did and heard.

import { attempt, setText, storyTime, svg } from "./lib.js";

const TICK_MS = 100;
const PLAYED_IN_MS = 60_000; // a whole replay

/** Starts the replays of a page, and the links that lead to a moment. Call it again after a part of the page was replaced. */
export function startReplays() {
  for (const article of document.querySelectorAll("article.round")) {
    article.replay ??= replayOf(article);
    article.replay?.();
  }
}

function replayOf(article) {
  const box = article.querySelector(".replay");
  const [clock, slider] = [box.querySelector(".replay-clock"), box.querySelector("input")];
  const [play, shown] = [clock.querySelector("button"), clock.querySelector("output")];
  const lines = [...box.querySelectorAll("tr[data-at]")];
  if (lines.length === 0) return null;
  const times = lines.map((line) => Number(line.dataset.at));
  [slider.min, slider.max] = [Math.floor(Math.min(...times)) - 60, Math.ceil(Math.max(...times)) + 60].map(String);
  let timer = null;

  function go(at) {
    slider.value = String(at);
    setText(shown, storyTime(at));
    for (const round of box.querySelectorAll(".replay-round")) {
      const last = {};
      for (const line of round.querySelectorAll("tr[data-at]")) {
        const isPast = Number(line.dataset.at) <= at;
        line.classList.toggle("is-later", !isPast);
        if (isPast) last[line.dataset.kind] = line;
      }
      for (const place of round.querySelectorAll("[data-of]")) {
        const line = last[place.dataset.of];
        setText(place, line ? `${line.cells[1].textContent.trim()} ${line.cells[3].textContent.trim()}` : "");
      }
    }
    draw(at);
  }

  /** Moves the cursor in each drawing of the timelines: the wide one, and the one for phones. */
  function draw(at) {
    for (const story of article.querySelectorAll(".chart .story")) {
      const plot = story.ownerSVGElement;
      const [from, to] = plot.dataset.story.split(" ").map(Number);
      const [x, width] = [Number(story.getAttribute("x")), Number(story.getAttribute("width"))];
      const place = x + (Math.min(Math.max(at, from), to) - from) / (to - from) * width;
      const line = plot.querySelector(".cursor") ?? plot.appendChild(svg("line", { class: "cursor", y1: 0, y2: story.getAttribute("height") }));
      line.setAttribute("x1", place);
      line.setAttribute("x2", place);
    }
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    setText(play, "Play");
  }

  function start() {
    const [from, to] = [Number(slider.min), Number(slider.max)];
    if (Number(slider.value) >= to) go(from);
    setText(play, "Pause");
    timer = setInterval(() => {
      go(Math.min(Number(slider.value) + (to - from) * TICK_MS / PLAYED_IN_MS, to));
      if (Number(slider.value) >= to) stop();
    }, TICK_MS);
  }

  play.addEventListener("click", () => attempt(null, () => (timer ? stop() : start())));
  slider.addEventListener("input", () => { stop(); go(Number(slider.value)); });
  article.addEventListener("click", ({ target, clientX }) => {
    const named = target.closest("[data-seek]");
    const story = target.closest(".chart .story");
    if (!named && !story) return;
    stop();
    if (named) {
      box.closest("details").open = true;
      go(Number(named.dataset.seek));
      return box.scrollIntoView({ block: "center" });
    }
    const { left, width } = story.getBoundingClientRect();
    const [from, to] = story.ownerSVGElement.dataset.story.split(" ").map(Number);
    return go(from + (clientX - left) / width * (to - from));
  });
  clock.hidden = false;
  box.querySelectorAll(".replay-now").forEach((now) => { now.hidden = false; });
  go(times[0]);
  return () => draw(Number(slider.value));
}
