// Conditions on attributes: typed as key=value, or taken over from what was found. Shown as small labels that go away again.

import { el, toast } from "./lib.js";

/** `pairs()` are the parameters for a question; `onChange` is called when they are others. */
export function conditions(name, placeholder, onChange) {
  const input = el("input", { id: `${name}-attribute`, autocomplete: "off", spellcheck: false, placeholder });
  const add = el("button", { type: "button", class: "button small" }, "Add");
  const shown = el("ul", { class: "conditions plain-list", "aria-label": "Conditions" });
  const node = el("div", { class: "field small conditions-field secondary" },
    el("label", { for: input.id }, "Attribute"), el("div", { class: "row joined" }, input, add), shown);
  let held = []; // { kind: "attribute" | "trace", text }

  function draw() {
    shown.replaceChildren(...held.map((each) => {
      const label = each.kind === "trace" ? `trace ${each.text.slice(0, 8)}…` : each.text;
      const remove = el("button", { type: "button", class: "button small condition", "aria-label": `Without the condition ${label}` }, `${label}  ✕`);
      remove.addEventListener("click", () => {
        held = held.filter((other) => other !== each);
        draw();
        input.focus();
        onChange();
      });
      return el("li", {}, remove);
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

  add.addEventListener("click", () => { if (typed()) onChange(); });
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
