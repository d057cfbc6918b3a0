// What all pages share: the live state, requests, and controls that make them. Hands on elements.js, figures.js and widgets.js, so that
// a page's part imports from here alone.

import { byId, el, setText } from "./elements.js";
import { Connection } from "./live.js";
import { toast } from "./widgets.js";

export * from "./elements.js";
export * from "./figures.js";
export * from "./widgets.js";

const WAIT_MS = 20_000;
const WORKER_WAIT_MS = 4_000;

// ---- The live state ------------------------------------------------------------------------------------------------

/**
 * Calls `onState` with every state that the room sends. `refused` is called when the room does not know us (any more);
 * `connected` with false when the connection is lost and with true when it is back. A banner says so by itself.
 * @param {string} path
 * @param {(state: any) => void} onState
 * @param {{ refused?: (status: number) => void, connected?: (isConnected: boolean) => void }} told
 */
export function live(path, onState, { refused = () => location.assign("/"), connected = () => {} } = {}) {
  const hear = ({ kind, state, status }) => {
    if (kind === "refused") return refused(status);
    showConnection(kind === "state");
    connected(kind === "state");
    if (kind === "state") onState(state);
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

// ---- Requests ------------------------------------------------------------------------------------------------------

/** What the room could not do, in its own words. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{ title?: string, detail?: string, parameter?: string }} problem
   */
  constructor(status, { title, detail, parameter } = {}) {
    super(detail ?? title ?? `The room answered with status ${status}.`);
    this.status = status;
    this.parameter = parameter;
  }
}

/** What a recorded example says of every change. */
class Unchanged extends Error {}
const UNCHANGED = "This is a recorded example: everything can be looked at, and nothing changes.";
let isExample = false;

/** Whether the session is such an example. */
export const setExample = (is) => { isExample = is; };

/**
 * Asks the room; answers with its JSON, or null if there is none. Throws a `Problem`.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function send(method, path, body) {
  if (isExample && method !== "GET") throw new Unchanged(UNCHANGED);
  /** @type {Record<string, string>} */
  const headers = { "X-Requested-With": "room" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  // @ts-ignore: the compiler's browser is older than `timeout`.
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

/**
 * A button that does `work`, and is busy meanwhile. `kind` says how it looks, as in "small plain".
 * @param {string} label
 * @param {() => unknown} work
 * @param {Record<string, any>} looks
 */
export function button(label, work, { kind = "small", ...props } = {}) {
  const node = el("button", { type: "button", class: `button ${kind}`, ...props }, label);
  node.addEventListener("click", () => attempt(node, work));
  return node;
}

/** What a form does when it is sent, in place of loading a page. */
export function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(event.submitter, work);
  });
}

/** Runs what a control does; while it runs the control is busy, and a problem is said to the person. */
export async function attempt(control, work) {
  if (control?.getAttribute("aria-busy") === "true") return undefined;
  control?.setAttribute("aria-busy", "true");
  try {
    return await work();
  } catch (error) {
    toast(error.message, error instanceof Unchanged ? "done" : "problem");
    return undefined;
  } finally {
    control?.removeAttribute("aria-busy");
  }
}
