// Single requests behind the figures: the first that failed and the slowest, each half minute, by service and route.

import { attempt, el } from "./lib.js";
import { durationText, moment } from "./state.js";
import { lookAt } from "./evidence.js";
import { empty, look, scroller } from "./look.js";

const SHOWN_MAX = 40;

/** `intervalOf` answers with the stretch that the chart shows closer, or null. */
export function requestsSection(intervalOf) {
  const body = el("div", { class: "stack tight" });
  const failed = el("button", { type: "button", class: "button small", "aria-pressed": "true" }, "First that failed");
  const slow = el("button", { type: "button", class: "button small", "aria-pressed": "false" }, "Slowest");
  const { node, ask } = look(run);
  const section = el("details", { class: "aside" }, el("summary", {}, "Single requests behind the figures"), el("div", { class: "row" }, failed, slow), body, node);
  let sort = "failed";

  for (const [button, other, wanted] of [[failed, slow, "failed"], [slow, failed, "slow"]]) {
    button.addEventListener("click", () => {
      sort = wanted;
      button.setAttribute("aria-pressed", "true");
      other.setAttribute("aria-pressed", "false");
      run();
    });
  }
  section.addEventListener("toggle", () => { if (section.open) run(); });

  function run() {
    return attempt(section, async () => {
      const [from, to] = intervalOf() ?? [];
      const { requests } = await ask("/evidence/metrics/requests", [["sort", sort], ["from", from?.toFixed(3)], ["to", to?.toFixed(3)]]);
      body.replaceChildren(requests.length === 0 ? empty("No request of this kind is known in this time.") : table(requests.slice(0, SHOWN_MAX)));
    });
  }
  return section;
}

function table(requests) {
  const heads = ["Ended", "Service", "Route", "Took", "Result"];
  return scroller("Requests", el("table", {},
    el("caption", { class: "unseen" }, "Requests"),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)), el("td", {}))),
    el("tbody", {}, ...requests.map((request) => el("tr", {},
      el("td", {}, moment(request.ended)), el("td", {}, request.service), el("td", {}, request.route),
      el("td", {}, durationText(request.duration_s)), el("td", {}, request.failed ? "failed" : "answered"),
      el("td", {}, request.held
        ? el("button", { type: "button", class: "button small", on: { click: () => lookAt("traces", { trace: request.trace_id }) } }, "Trace")
        : el("span", { class: "hint" }, "no longer held")))))));
}
