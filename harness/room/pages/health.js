// What the services' health checks answer, asked now.

import { attempt, el } from "./lib.js";
import { moment } from "./state.js";
import { empty, look, scroller } from "./look.js";
import { pinButton } from "./pins.js";

export function healthPanel(panel) {
  const result = el("div", { class: "stack" });
  const check = el("button", { type: "button", class: "button primary" }, "Check now");
  const { node, ask } = look(run);
  panel.append(
    el("div", { class: "row" }, check, el("p", { class: "hint" }, "Knocks at the port of each service and asks its health check.")),
    result, node);
  check.addEventListener("click", run);

  function run() {
    return attempt(check, async () => {
      const { services, at_unix_s } = await ask("/api/team/health");
      result.replaceChildren(services.length === 0 ? empty("No service is known to the health checks.") : table(services, at_unix_s));
    });
  }
  let isOpened = false;
  return { open: () => { if (!isOpened) run(); isOpened = true; } };
}

function table(services, at) {
  return scroller("Health checks", el("table", {},
    el("caption", { class: "unseen" }, "Health checks"),
    el("thead", {}, el("tr", {}, ...["Service", "Port", "/healthz", "Answered in", "At"].map((head) => el("th", { scope: "col" }, head)), el("td", {}))),
    el("tbody", {}, ...services.map((service) => row(service, at)))));
}

function row({ service, port_open, healthz, elapsed_ms }, at) {
  return el("tr", {},
    el("th", { scope: "row" }, service),
    el("td", {}, port_open ? "open" : "closed"),
    el("td", {}, healthz === null ? "no answer" : String(healthz)),
    el("td", {}, elapsed_ms === null || elapsed_ms === undefined ? "–" : `${elapsed_ms} ms`),
    el("td", {}, moment(at)),
    el("td", { class: "number" }, pinButton(() => ({ source: "health", service }), "Pin", `Pin the health of ${service}`)));
}
