// Single requests behind the figures: the first that failed or timed out, and the slowest, each half minute, by service and route.

import { attempt, button, el } from "./lib.js";
import { durationText, moment } from "./state.js";
import { lookAt } from "./evidence.js";
import { empty, look, table } from "./look.js";

const SHOWN_MAX = 40;

/** `intervalOf` answers with the stretch that the chart shows closer, or null. */
export function requestsSection(intervalOf) {
  const body = el("div", { class: "stack tight" });
  const kinds = [["failed", "First that failed or timed out"], ["slow", "Slowest"]].map(([wanted, label]) => button(label, () => {
    sort = wanted;
    kinds.forEach((each, index) => each.setAttribute("aria-pressed", String((index === 0) === (sort === "failed"))));
    return run();
  }, { "aria-pressed": String(wanted === "failed") }));
  const { node, ask } = look(run);
  const section = el("details", { class: "aside" }, el("summary", {}, "Single requests behind the figures"), el("div", { class: "row" }, kinds), node, body);
  let sort = "failed";

  section.addEventListener("toggle", () => { if (section.open) run(); });

  function run() {
    return attempt(section, async () => {
      const [from, to] = intervalOf() ?? [];
      const { requests } = await ask("/evidence/metrics/requests", [["sort", sort], ["from", from?.toFixed(3)], ["to", to?.toFixed(3)]]);
      body.replaceChildren(requests.length === 0 ? empty("No request of this kind is known in this time.") : requestTable(requests.slice(0, SHOWN_MAX)));
    });
  }
  return section;
}

const requestTable = (requests) => table("Requests", ["Ended", "Service", "Route", "Took", "Result", ""], requests.map((request) => [
  moment(request.ended), request.service, request.route, durationText(request.duration_s), request.timed_out ? "timed out" : request.failed ? "failed" : "answered",
  request.held ? button("Trace", () => lookAt("traces", { trace: request.trace_id })) : el("span", { class: "hint" }, "no longer held")]));
