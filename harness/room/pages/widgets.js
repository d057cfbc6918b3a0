// Tabs, dialogs, short messages and copying, for mouse and keyboard alike.

import { byId, el } from "./elements.js";

const TOAST_MS = 6_000;

/**
 * Tabs with arrow keys: buttons with `role="tab"` and `aria-controls`. Answers with a function that chooses one.
 * @param {any} list
 * @param {(chosen: any) => void} onChange
 */
export function tabs(list, onChange = () => {}) {
  const visible = () => [...list.querySelectorAll('[role="tab"]')].filter((tab) => !tab.hidden);
  const choose = (chosen, withFocus = false) => {
    for (const tab of list.querySelectorAll('[role="tab"]')) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      const panel = byId(tab.getAttribute("aria-controls"));
      if (panel) panel.hidden = !isChosen;
    }
    if (withFocus) chosen.focus();
    onChange(chosen);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const all = visible();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    choose(all[(to + all.length) % all.length], true);
  });
  return choose;
}

/** Asks in a dialog; true if the answer is `yes`. `body` may hold fields, whose validity is checked first. */
export function asked({ title, text = "", yes = "Yes", no = "Cancel", body = null }) {
  const id = `dialog-${Math.random().toString(36).slice(2)}`;
  const form = el("form", { method: "dialog" },
    el("h2", { id }, title),
    text && el("p", {}, text),
    body,
    el("div", { class: "actions" },
      el("button", { class: "button primary", value: "yes" }, yes),
      el("button", { class: "button", value: "no", formNoValidate: true, autofocus: !body }, no)));
  return shown(el("dialog", { "aria-labelledby": id }, form)).then((answer) => answer === "yes");
}

/** Shows a dialog that is made for this once; answers with the value of the button that closed it. */
export function shown(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue);
    });
  });
}

/** The short form: one question, and what the button says. */
export const confirmed = (title, yes = "Yes", text = "") => asked({ title, text, yes });

/** A short message at the edge, read out politely. */
export function toast(text, kind = "done") {
  let region = byId("toasts");
  if (!region) {
    region = el("div", { id: "toasts", class: "toasts", role: "status" });
    document.body.append(region);
  }
  // Said again, it takes the place of what it said before.
  document.querySelectorAll(".toast").forEach((each) => { if (each.textContent === text) each.remove(); });
  const note = el("p", { class: `toast ${kind}` }, text);
  const modal = [...document.querySelectorAll("dialog[open]")].at(-1);
  (modal ?? region).append(note); // under a modal dialog nothing else is seen or read
  setTimeout(() => note.remove(), TOAST_MS);
}

/** A button that copies what `textOf` says; works over plain HTTP too, where the clipboard's own interface is missing. */
export function copyButton(textOf, label = "Copy") {
  const button = el("button", { type: "button", class: "button small" }, label);
  button.addEventListener("click", async () => {
    const done = await copied(textOf());
    toast(done ? "Copied." : "Your browser does not allow copying. Select the text and copy it by hand.", done ? "done" : "problem");
    button.focus();
  });
  return button;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = el("textarea", { class: "unseen", value: text, readOnly: true });
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
