// Shared by all pages: the live state, requests, and controls that make requests. Re-exports elements.js, figures.js and widgets.js, so that
// parts of a page import from here alone.

import { el, setText } from "./elements.js";
import { connection } from "./live.js";
import { confirmed, toast } from "./widgets.js";

export * from "./elements.js";
export * from "./figures.js";
export * from "./widgets.js";

const WAIT_MS = 20_000;
const WORKER_WAIT_MS = 4_000;

// ---- The live state ------------------------------------------------------------------------------------------------

/**
 * Calls `onState` with every state that the room sends, and `refused` when the room does not know this browser (any more). A banner says when
 * the connection is lost.
 */
export function live(path, onState, refused = () => location.assign("/")) {
  const banner = el("p", { class: "connection", role: "status" });
  document.body.prepend(banner);
  const hear = ({ kind, state }) => {
    if (kind === "refused") return refused();
    setText(banner, kind === "state" ? "" : "Connection lost, trying again. What you see is as of a moment ago; nothing is lost.");
    if (kind === "state") onState(state);
  };
  let hears = null; // "worker", or "directly" if there is no worker or it does not answer in time
  const fallBack = () => {
    if (hears === null) direct(path, hear);
    hears ??= "directly";
  };
  try {
    const worker = new SharedWorker(new URL("live.js", import.meta.url), { type: "module", name: "room" });
    worker.addEventListener("error", fallBack);
    const { port } = worker;
    port.addEventListener("message", ({ data }) => {
      hears ??= "worker";
      if (hears === "directly") return port.close();
      if (data.path === path) hear(data);
    });
    port.start();
    whileThere(() => port.postMessage({ subscribe: path }), () => port.postMessage({ leave: true }));
    setTimeout(fallBack, WORKER_WAIT_MS);
  } catch {
    fallBack();
  }
}

/** A connection for this tab alone, open only while the tab is visible. */
function direct(path, hear) {
  const { open, close } = connection(path, hear);
  const follow = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", follow);
  whileThere(follow, close);
}

function whileThere(open, close) {
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());
  addEventListener("online", open);
  open();
}

// ---- Requests ------------------------------------------------------------------------------------------------------

/** An error from the room's problem details, in the room's words. */
const problem = (status, /** @type {Record<string, string>} */ { title, detail, parameter }) => Object.assign(new Error(detail ?? title ?? `The room answered with status ${status}.`), { status, parameter });

/** Thrown for every change to a recorded example. */
class Unchanged extends Error {}
let isExample = false;

/** Says whether the session is a recorded example. */
export const setExample = (is) => { isExample = is; };

/** Sends a request to the room. Returns its JSON, or null if there is none. Throws an error with the room's `status`. */
export async function send(method, path, body) {
  if (isExample && method !== "GET") throw new Unchanged("This is a recorded example: everything can be looked at, and nothing changes.");
  /** @type {Record<string, string>} */
  const headers = { "X-Requested-With": "room" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  // @ts-ignore: the compiler's library does not know `timeout`.
  const ask = () => fetch(path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(WAIT_MS) });
  // A phone that changes its network drops its requests. Repeat those that change nothing.
  const again = (error) => (method === "GET" && error.name !== "TimeoutError" ? ask() : Promise.reject(error));
  const response = await ask().catch(again).catch(() => {
    throw problem(0, { detail: "The room cannot be reached. Try again in a moment." });
  });
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  const answer = isJson ? await response.json().catch(() => null) : null;
  if (!response.ok) throw problem(response.status, answer ?? {});
  return answer;
}

export const get = (path) => send("GET", path);

/** A button that runs `work`, and is busy meanwhile. `kind` holds the classes for its look, such as "small plain". */
export function button(label, work, /** @type {Record<string, any>} */ { kind = "small", ...props } = {}) {
  const node = el("button", { type: "button", class: `button ${kind}`, ...props }, label);
  onPress(node, work);
  return node;
}

export const onPress = (node, work) => node.addEventListener("click", () => attempt(node, work));

/** Runs `work` when a form is submitted, in place of loading a page. With `emptied` the form is reset afterwards. */
export function onSubmit(form, work, { emptied = false } = {}) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(event.submitter, async () => {
      await work();
      if (emptied) form.reset();
    });
  });
}

/** Runs a control's work. The control is busy meanwhile, and a toast shows an error. */
export async function attempt(control, work) {
  if (control?.getAttribute("aria-busy") === "true") return undefined;
  control?.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (error) {
    toast(error.message, error instanceof Unchanged ? "done" : "problem");
  } finally {
    control?.removeAttribute("aria-busy");
  }
}

/** A line for a person who waits to be let in, with buttons that let in or turn away. `seats` is the address of the seats. */
export function waitingLine(seats, { id, alias }, says, looks = {}) {
  return el("li", { class: "row" }, el("span", {}, says),
    button("Let in", () => send("POST", `${seats}/${id}/let-in`), { kind: "small primary", "aria-label": `Let ${alias} in`, ...looks }),
    button("Turn away", async () => {
      if (await confirmed(`Turn ${alias} away?`, "Turn away")) await send("DELETE", `${seats}/${id}`);
    }, { "aria-label": `Turn ${alias} away`, ...looks }));
}
