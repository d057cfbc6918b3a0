// The fields of a search. People type conditions on attributes as key=value, or take them over from results. Each condition is a small label
// that can be removed. On a narrow page a button hides the rarer fields.

import { button, el, toast } from "./lib.js";

/** The button that shows the rarer fields of `filters` on a narrow page. */
export function moreConditions(filters) {
  const more = button("More conditions", () => more.setAttribute("aria-expanded", String(filters.classList.toggle("open"))),
    { kind: "small plain more-conditions", "aria-expanded": "false" });
  return more;
}

/** `pairs()` returns the query parameters; `onChange` is called when they change. */
export function conditions(name, placeholder, onChange) {
  const input = el("input", { id: `${name}-attribute`, autocomplete: "off", spellcheck: false, placeholder });
  const add = button("Add", () => { if (typed()) onChange(); });
  const shown = el("ul", { class: "conditions plain-list", "aria-label": "Conditions" });
  const node = el("div", { class: "field small wide-field secondary" },
    el("label", { for: input.id }, "Attribute"), el("div", { class: "row joined" }, input, add), shown);
  let held = []; // { kind: "attribute" | "trace", text }

  function draw() {
    shown.replaceChildren(...held.map((each) => {
      const label = each.kind === "trace" ? `trace ${each.text.slice(0, 8)}…` : each.text;
      return el("li", {}, button(`${label}  ✕`, () => {
        held = held.filter((other) => other !== each);
        draw();
        input.focus();
        onChange();
      }, { kind: "small condition", "aria-label": `Without the condition ${label}` }));
    }));
  }

  function put(kind, text) {
    held = held.filter((each) => each.kind !== kind || (kind === "attribute" && each.text !== text));
    held.push({ kind, text });
    draw();
  }

  function typed() {
    const text = input.value.trim();
    if (text === "") return false;
    if (!/^[^=]+=/.test(text)) {
      toast("Write an attribute as key=value.", "problem");
      return false;
    }
    put("attribute", text);
    input.value = "";
    return true;
  }

  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || input.value.trim() === "") return;
    event.preventDefault();
    if (typed()) onChange();
  });

  return {
    node,
    pairs: () => held.map(({ kind, text }) => [kind, text]),
    trace: () => held.find(({ kind }) => kind === "trace")?.text,
    add(key, value) { put("attribute", `${key}=${value}`); onChange(); },
    setTrace(id) { put("trace", id); },
    clear() { held = []; draw(); },
  };
}
