// The present answers of the services' health checks.

import { attempt, button, el, rowHead } from "./lib.js";
import { empty, figure, look, once, table } from "./look.js";
import { pinButton } from "./pins.js";

export function healthPanel(panel) {
  const result = el("div", { class: "stack" });
  const check = button("Check now", run, { kind: "primary" });
  const { node, ask } = look(run);
  panel.append(
    el("div", { class: "row" }, check, el("p", { class: "hint" }, "Tries the port of each service and asks its health check; “Pin” does so again.")),
    node, result);

  async function run() {
    const { services } = await ask("/api/team/health");
    result.replaceChildren(services.length === 0
      ? empty("No service is known to the health checks.")
      : table("Health checks", ["Service", "Port", "/healthz", "Took", ""], services.map(row)));
  }
  return { open: once(() => attempt(check, run)) };
}

const row = ({ service, port_open, healthz, elapsed_ms }) => [
  rowHead(service), port_open ? "open" : "closed", healthz ?? "no answer", `${elapsed_ms} ms`,
  figure(pinButton(() => ({ source: "health", service }), "Pin", `Pin the health of ${service}`))];
