// What all pages of the room share: the live state, requests, elements, dialogs. Whatever people typed and whatever
// evidence says is put on a page as text, never as markup.

import { Connection } from "./live.js";

const WAIT_MS = 20_000;
const WORKER_WAIT_MS = 4_000;
const TOAST_MS = 6_000;

export const byId = (id) => document.getElementById(id);

// ---- The live state ---------------------------------------------------------------------------------------------

/**
 * Calls `onState` with every state that the room sends. `refused` is called when the room does not know us (any more);
 * `connected` with false when the connection is lost and with true when it is back. A banner says so by itself.
 */
export function live(path, onState, { refused = () => location.assign("/"), connected = () => {} } = {}) {
  const hear = ({ kind, text, status }) => {
    if (kind === "refused") return refused(status);
    showConnection(kind === "state");
    connected(kind === "state");
    if (kind === "state") onState(JSON.parse(text));
  };
  if (typeof SharedWorker === "undefined") return direct(path, hear);
  let hasAnswered = false;
  let hasFallenBack = false;
  const fallBack = () => {
    if (hasAnswered || hasFallenBack) return;
    hasFallenBack = true;
    direct(path, hear);
  };
  try {
    const worker = new SharedWorker(new URL("live.js", import.meta.url), { type: "module", name: "room" });
    worker.addEventListener("error", fallBack);
    const { port } = worker;
    port.addEventListener("message", ({ data }) => {
      if (hasFallenBack) return port.close();
      hasAnswered = true;
      if (data.path === path) hear(data);
    });
    port.start();
    port.postMessage({ subscribe: path });
    addEventListener("pagehide", () => port.postMessage({ leave: true }));
    addEventListener("pageshow", (event) => event.persisted && port.postMessage({ subscribe: path }));
    addEventListener("online", () => port.postMessage({ subscribe: path }));
    setTimeout(fallBack, WORKER_WAIT_MS);
  } catch {
    fallBack();
  }
}

/** A connection of this tab alone, and only while somebody looks at it. */
function direct(path, hear) {
  const connection = new Connection(path, hear);
  const follow = () => (document.hidden ? connection.close() : connection.open());
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => connection.close());
  addEventListener("pageshow", (event) => event.persisted && follow());
  addEventListener("online", follow);
  follow();
}

function showConnection(isConnected) {
  let banner = byId("connection");
  if (!banner) {
    if (isConnected) return;
    banner = el("p", { id: "connection", class: "connection", role: "status" });
    document.body.prepend(banner);
  }
  setText(banner, isConnected ? "" : "Connection lost, trying again. What you see is as of a moment ago; nothing is lost.");
}

// ---- Requests ---------------------------------------------------------------------------------------------------

/** What the room could not do, in its own words. */
export class Problem extends Error {
  constructor(status, { title, detail, parameter } = {}) {
    super(detail ?? title ?? `The room answered with status ${status}.`);
    this.status = status;
    this.parameter = parameter;
  }
}

/** Asks the room; answers with its JSON, or null if there is none. Throws a `Problem`. */
export async function send(method, path, body) {
  const headers = { "X-Requested-With": "room" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(WAIT_MS) };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem(0, { detail: "The room cannot be reached. Try again in a moment." });
  }
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  const answer = isJson ? await response.json().catch(() => null) : null;
  if (!response.ok) throw new Problem(response.status, answer ?? {});
  return answer;
}

export const get = (path) => send("GET", path);

/** Runs what a control does; while it runs the control is busy, and a problem is said to the person. */
export async function attempt(control, work) {
  if (control?.getAttribute("aria-busy") === "true") return undefined;
  control?.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (error) {
    toast(error.message, "problem");
    return undefined;
  } finally {
    control?.removeAttribute("aria-busy");
  }
}

// ---- Elements ---------------------------------------------------------------------------------------------------

/**
 * Makes an element. `class`, `dataset` and `on: {click}` as one expects; names with a hyphen, `role`, `for` and `list`
 * become attributes; everything else a property. Children that are null or false are left out; strings become text.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name === "class") node.className = value;
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "on") Object.entries(value).forEach(([kind, act]) => node.addEventListener(kind, act));
    else if (name.includes("-") || ["role", "for", "list"].includes(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...shownOf(children));
  return node;
}

/** Makes an SVG element; everything is an attribute. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...shownOf(children));
  return node;
}

const shownOf = (children) => children.flat().filter((child) => child !== null && child !== undefined && child !== false);

/** Writes a text only if it is another one, so that nothing is selected away or read out twice. */
export function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

export function setHidden(node, isHidden) {
  if (node.hidden !== isHidden) node.hidden = isHidden;
}

/** The first choice of a list and every other, kept as they are if they are the same as before. */
export function setOptions(select, options) {
  const key = JSON.stringify(options);
  if (select.dataset.options === key) return;
  const chosen = select.value;
  select.dataset.options = key;
  select.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

/** Makes the children of `parent` those of `items`: what has the same key stays the same node, with focus and all. */
export function keep(parent, items, keyOf, make, update = () => {}) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = old.get(key);
    if (node) old.delete(key);
    else {
      node = make(item);
      node.dataset.key = key;
    }
    update(node, item);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  old.forEach((node) => node.remove());
}

/** True the first time, and whenever `value` is another one than before. */
export function changes() {
  let before;
  return (value) => {
    const now = JSON.stringify(value);
    if (now === before) return false;
    before = now;
    return true;
  };
}

// ---- Figures ----------------------------------------------------------------------------------------------------

export const usd = (amount) => `$ ${Math.round(amount).toLocaleString("en-US")}`;

/** A share as whole per cent; never 0 or 100 unless it is. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const rounded = Math.round(share * 100);
  if (share > 0 && rounded === 0) return "< 1 %";
  if (share < 1 && rounded === 100) return "> 99 %";
  return `${rounded} %`;
}

const two = (number) => String(number).padStart(2, "0");

/** Seconds since 08:00 of the story, as a clock shows them. */
export function storyTime(storySeconds, withSeconds = false) {
  const all = Math.floor(storySeconds) + 8 * 3600;
  const text = `${two(Math.floor(all / 3600))}:${two(Math.floor((all % 3600) / 60))}`;
  return withSeconds ? `${text}:${two(all % 60)}` : text;
}

/** A duration in wall-clock seconds as minutes and seconds. */
export const minutes = (seconds) => `${Math.floor(Math.max(seconds, 0) / 60)}:${two(Math.floor(Math.max(seconds, 0) % 60))}`;

/** The shop's own seconds at a time of the evidence: since the customers arrived. */
export const shopSeconds = (clock, unixSeconds) => unixSeconds - clock.arrived_unix_s;

/** The story's seconds at a time of the evidence, from every change of speed and every pause. */
export function storyAt(clock, unixSeconds) {
  const at = shopSeconds(clock, unixSeconds);
  const began = clock.changes.findLast((change) => change.at_s <= at) ?? clock.changes[0];
  return began.story_s + (began.paused ? 0 : (at - began.at_s) * began.speed);
}

/**
 * Shares of 0 to 1 as a small line, with what is missing to 1 filled above it; `update` draws others. A value that is
 * null breaks the line.
 */
export function sparkline(values, label = "") {
  const lost = svg("path", { class: "sparkline-lost" });
  const line = svg("path", { class: "sparkline-line" });
  const node = svg("svg", { class: "sparkline", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img", "aria-label": label }, lost, line);
  node.update = (shown) => {
    const step = shown.length > 1 ? 100 / (shown.length - 1) : 0;
    const runs = [];
    shown.forEach((value, index) => {
      if (value === null) return;
      if (index === 0 || shown[index - 1] === null) runs.push([]);
      runs.at(-1).push([(index * step).toFixed(1), (22 - value * 20).toFixed(1)]);
    });
    const path = (run) => `M${run.map((point) => point.join(" ")).join("L")}`;
    line.setAttribute("d", runs.map(path).join(""));
    lost.setAttribute("d", runs.map((run) => `${path(run)}L${run.at(-1)[0]} 2L${run[0][0]} 2Z`).join(""));
  };
  node.update(values);
  return node;
}

// ---- Tabs, dialogs, messages ------------------------------------------------------------------------------------

/** Tabs with arrow keys: buttons with `role="tab"` and `aria-controls`. Answers with a function that chooses one. */
export function tabs(list, onChange = () => {}) {
  const shown = () => [...list.querySelectorAll('[role="tab"]')].filter((tab) => !tab.hidden);
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
    const all = shown();
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
  const dialog = el("dialog", { "aria-labelledby": id }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
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
