// For people with tools of their own: the token, and commands ready to copy, for the granted kinds of evidence only.

import { byId, copyButton, el } from "./lib.js";
import { watch } from "./state.js";
import { preformatted } from "./look.js";

watch((s) => [s.token, s.shop, s.guess ? s.tabs : []], ([token, shop, granted]) => {
  const body = byId("tools-body");
  if (!token) {
    body.replaceChildren(el("p", { class: "hint" }, "People work at lines of support, and the team's token at none. A program joins as a person does (POST /api/join), and shows the token of its seat."));
    return;
  }
  body.replaceChildren(
    el("p", { class: "hint" }, "Everything on this page is also there for programs, with your team's rights. Keep the token in the team."),
    snippet("Your team's token", token),
    ...commands(token, shop, granted).map(([title, text]) => snippet(title, text)),
    el("p", { class: "hint" }, "The description of the interface: ", el("a", { href: "/api/openapi.json", target: "_blank", rel: "noopener" }, "openapi.json"), "."),
  );
});

function commands(token, shop, granted) {
  const { origin, host } = location;
  // curl hides this option's value from the list of processes, but not a header.
  const auth = `--oauth2-bearer ${token}`;
  const list = [];
  if (shop) list.push(["A page of the shop", `curl -i --max-time 15 ${origin}${shop}`]);
  list.push(["Everything this page knows", `curl -s ${auth} ${origin}/api/team`]);
  if (granted.includes("logs")) list.push(["Log lines", `curl -s ${auth} \\\n  "${origin}/evidence/logs?severity=warn&limit=20"`]);
  if (granted.includes("metrics")) {
    list.push(["Metrics, for a Prometheus of your own", `scrape_configs:
  - job_name: shop
    scrape_interval: 5s
    authorization:
      credentials: ${token}
    static_configs:
      - targets: ["${host}"]`]);
  }
  if (granted.includes("traces")) list.push(["Traces that failed", `curl -s ${auth} \\\n  "${origin}/evidence/traces?failed=true"`]);
  if (granted.includes("changes")) list.push(["Changes", `curl -s ${auth} ${origin}/evidence/changes`]);
  return list;
}

function snippet(title, text) {
  return el("div", { class: "snippet stack tight" },
    el("div", { class: "row apart" }, el("h3", {}, title), copyButton(() => text, "Copy")),
    preformatted(title, "wrap", text));
}
