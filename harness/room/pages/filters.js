// The fields of a search. On a narrow page the rarer ones wait behind a button.

import { el } from "./lib.js";

export const choices = (id, options) => el("select", { id }, ...options.map(([value, label]) => el("option", { value }, label)));

/** A labelled field; `kind` may say that it is `secondary`. */
export const field = (label, control, kind = "") => el("div", { class: `field small ${kind}` }, el("label", { for: control.id }, label), control);

/** The button that shows the rarer fields of `filters` where the page is narrow. */
export function moreConditions(filters) {
  const button = el("button", { type: "button", class: "button small plain more-conditions", "aria-expanded": "false" }, "More conditions");
  button.addEventListener("click", () => button.setAttribute("aria-expanded", String(filters.classList.toggle("open"))));
  return button;
}
