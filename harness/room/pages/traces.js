// The search for traces, and one trace as a waterfall.

import { attempt, button, choices, count, el, field, onSubmit, setHidden, setText, submit } from "./lib.js";
import { durationText, moment, nowUnix, visible } from "./state.js";
import { catalogue } from "./choices.js";
import { conditions, moreConditions } from "./conditions.js";
import { empty, look, once } from "./look.js";
import { waterfall } from "./waterfall.js";

const ROUTES = ["/", "/c/{category}", "/p/{product}", "/checkout", "/fragments/{id}", "/assets/{id}"];

export function tracesPanel(panel) {
  const order = choices("traces-order", [["failed", "Newest that failed"], ["slowest", "Slowest"], ["slowest failed", "Slowest that failed"], ["newest", "Newest"]]);
  const service = choices("traces-service", [["", "Every service"]]);
  const route = el("input", { id: "traces-route", list: "traces-routes", autocomplete: "off", spellcheck: false, placeholder: "Every route" });
  const routes = el("datalist", { id: "traces-routes" }, ...ROUTES.map((value) => el("option", { value })));
  const span = choices("traces-span", [["", "All time"], ["30", "Last 30 s"], ["120", "Last 2 min"]]);
  const only = conditions("traces", "An attribute of a span, key=value", () => run());
  const search = submit("Search", "primary");
  const form = el("form", { class: "filters", role: "search" },
    field("Which", order), field("Service", service), field("Route", route, "wide-field secondary"), routes, field("Time", span, "secondary"), only.node,
    el("div", { class: "actions" }, search));
  form.lastElementChild.prepend(moreConditions(form));
  const found = el("p", { class: "hint", role: "status" });
  const list = el("ol", { class: "lines traces plain-list" });
  const { node: lookNode, ask } = look(() => run());
  const { node: traceLook, ask: askTrace } = look(() => openedId && open(openedId));
  const one = el("div", { class: "stack", hidden: true });
  const many = el("div", { class: "stack" }, form, lookNode, found, list);
  panel.append(many, one, traceLook);
  catalogue().then(({ services }) => service.append(...services.map((name) => el("option", { value: name }, name)))).catch(() => {});

  let openedId = null;
  let cameFrom = null;

  function run() {
    return attempt(list, async () => {
      const words = order.value.split(" ");
      const answer = await ask("/evidence/traces", [
        ["failed", words.includes("failed") && "true"], ["slowest", words.includes("slowest") && "true"],
        ["service", service.value], ["route", route.value.trim()],
        ["from", span.value && (nowUnix() - Number(span.value)).toFixed(3)], ...only.pairs(), ["limit", 50],
      ].map(([key, value]) => [key, value || ""]));
      list.replaceChildren(...answer.traces.map(line));
      setText(found, answer.traces.length === 0 ? "No trace found." : `${count(answer.traces.length, "trace")}${answer.truncated ? "; there are more." : ", all that match."}`);
      if (answer.traces.length === 0) list.append(el("li", {}, empty(nothing(words))));
    });
  }

  const nothing = (words) => (words.includes("failed")
    ? "The store holds no failed trace. A request that is still waiting has no trace yet: it comes when the request ends. Try the slowest ones."
    : "No trace matches. Remove a condition, or look again in a moment.");

  function line(trace) {
    const head = el("button", { type: "button", class: "line-head trace-head" },
      moment(trace.start),
      el("b", { class: "trace-duration" }, durationText(trace.duration_s)),
      el("span", { class: "line-body" },
        el("span", {}, `${trace.service} ${trace.name || "(its root is not here)"}`),
        el("span", { class: "hint" }, ` ${count(trace.spans, "span")} in ${trace.services.join(", ")}`),
        trace.timed_out && el("span", { class: "trace-failure" }, "✕ timed out"),
        trace.failed_spans > 0 && el("span", { class: "trace-failure" }, `✕ ${trace.failed_spans} failed${trace.failure ? `, first ${visible(trace.failure)}` : ""}`)));
    head.addEventListener("click", () => open(trace.trace_id, head));
    return el("li", { class: "line" }, head);
  }

  function open(id, from = null) {
    return attempt(from ?? panel, async () => {
      const trace = await askTrace(`/evidence/traces/${encodeURIComponent(id)}`);
      openedId = id;
      cameFrom = from ?? cameFrom;
      const back = button("← All traces", close);
      one.replaceChildren(el("div", { class: "row" }, back), ...waterfall(trace, { openTrace: open }));
      show(true);
      back.focus({ preventScroll: true });
      one.scrollIntoView({ block: "nearest" });
    });
  }

  function show(isOne) {
    setHidden(one, !isOne);
    setHidden(traceLook, !isOne);
    setHidden(many, isOne);
  }

  function close() {
    openedId = null;
    show(false);
    if (!list.hasChildNodes()) run();
    (cameFrom?.isConnected ? cameFrom : search).focus();
  }

  onSubmit(form, run);
  for (const each of [order, service, route, span]) each.addEventListener("change", run);

  return {
    open: once(() => { if (!openedId) run(); }),
    show({ trace }) {
      cameFrom = null;
      open(trace);
    },
  };
}
