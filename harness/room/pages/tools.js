// For those who would rather use their own tools: the token, and commands ready to be copied. Only what is granted.

import { byId, copyButton, el } from "./lib.js";
import { state, watchAll } from "./state.js";

export function startTools() {
  watchAll((s) => [s.token, s.shop, s.guess ? s.tabs : []], ([token, shop, granted]) => {
    const body = byId("tools-body");
    if (!token) {
      body.replaceChildren(el("p", { class: "hint" }, "People work at lines of support, and the team's token at none. A program joins as a person does (POST /api/join), and shows the token of its seat."));
      return;
    }
    body.replaceChildren(
      el("p", { class: "hint" }, "Everything on this page is also there for programs, with your team's rights. Keep the token in the team."),
      snippet("Your team's token", () => token),
      ...commands(token, shop, granted).map(([title, text]) => snippet(title, () => text)),
      el("p", { class: "hint" }, "The description of the interface: ", el("a", { href: "/api/openapi.json", target: "_blank", rel: "noopener" }, "openapi.json"), "."),
    );
  });
}

function commands(token, shop, granted) {
  const { origin, host } = location;
  // Unlike a header, curl takes this out of what the list of processes shows of it.
  const auth = `--oauth2-bearer ${token}`;
  const list = [];
  if (shop) list.push(["A page of the shop", `curl -i --max-time 15 ${origin}${shop}`]);
  list.push(["Everything this page knows", `curl -s ${auth} ${origin}/api/team`]);
  if (granted.includes("logs")) {
    list.push(["Log lines", `curl -s ${auth} \\\n  "${origin}/evidence/logs?severity=warn&limit=20"`]);
  }
  if (granted.includes("metrics")) {
    list.push(["Metrics, for a Prometheus of your own", `scrape_configs:
  - job_name: shop
    scrape_interval: 5s
    authorization:
      credentials: ${token}
    static_configs:
      - targets: ["${host}"]`]);
  }
  if (granted.includes("traces")) {
    list.push(["Traces that failed", `curl -s ${auth} \\\n  "${origin}/evidence/traces?failed=true"`]);
  }
  if (granted.includes("changes")) list.push(["Changes", `curl -s ${auth} ${origin}/evidence/changes`]);
  return list;
}

function snippet(title, textOf) {
  const isToken = textOf() === state().token;
  return el("div", { class: "snippet" },
    el("div", { class: "row apart" }, el("h3", {}, title), copyButton(textOf, "Copy")),
    el("pre", { class: isToken ? "wrap" : "", tabIndex: 0, role: "group", "aria-label": title }, textOf()));
}
