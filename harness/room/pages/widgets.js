// Tabs, dialogs, short messages and copying, for mouse and keyboard alike.

import { byId, el } from "./elements.js";

const TOAST_MS = 6_000;

/** Tabs with arrow keys: buttons with `role="tab"` and `aria-controls`. Returns a function that selects a tab. */
export function tabs(list, onChange) {
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

/**
 * Asks in a dialog. Resolves to true if the person confirms with `yes`; with `no` null, the only answer closes the dialog. `body` may hold
 * fields, which must be valid first. `buttons` do something else and leave the dialog open.
 */
export function asked({ title, text = "", yes = "Yes", no = "Cancel", body = null, buttons = [], kind = "" }) {
  const id = `dialog-${Math.random().toString(36).slice(2)}`;
  const dialog = el("dialog", { class: kind, "aria-labelledby": id }, el("form", { method: "dialog" },
    el("h2", { id }, title),
    text && el("p", {}, text),
    body,
    el("div", { class: "actions" },
      el("button", { class: "button primary", value: no === null ? "close" : "yes", autofocus: no === null }, yes), ...buttons,
      no && el("button", { class: "button", value: "no", formNoValidate: true, autofocus: !body }, no))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}

/** Asks for a confirmation: one question, and the label of the button. */
export const confirmed = (title, yes = "Yes", text = "") => asked({ title, text, yes });

const region = el("div", { class: "toasts", role: "status" });
document.body.append(region);

/** A short message at the page's edge, in a polite live region. */
export function toast(text, kind = "done") {
  // A repeated message replaces the one with the same text.
  document.querySelectorAll(".toast").forEach((each) => { if (each.textContent === text) each.remove(); });
  const note = el("p", { class: `toast ${kind}` }, text);
  const modal = [...document.querySelectorAll("dialog[open]")].at(-1);
  (modal ?? region).append(note); // while a modal dialog is open, nothing outside it is seen or read out
  setTimeout(() => note.remove(), TOAST_MS);
}

/** A button that copies the text from `textOf`. It works over plain HTTP, too, where browsers lack the clipboard API. */
export function copyButton(textOf, label = "Copy", props = {}) {
  const button = el("button", { type: "button", class: "button small", ...props }, label);
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
