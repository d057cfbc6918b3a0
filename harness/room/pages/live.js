// One connection to the room for a whole browser, however many tabs are open. A browser keeps about six connections
// to one address; a tab each would use them up, and every later request would wait for ever. The same class serves a
// tab directly where shared workers are missing. The room sends a whole state first and then what changes, so that the
// state is put together here.

import { patched } from "./patch.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
const TICK_MS = 1_000;
const ASLEEP_MS = 10_000; // a tick this late means that the machine slept, and that the connection is dead
const SILENT_WHILE_RUNNING_MS = 6_000; // a running clock says something every second
const SILENT_MS = 45_000;

/** Keeps an event stream open and tells `listener` what comes: `{kind: "state", state}`, `"lost"`, `"refused"`. */
export class Connection {
  #path;
  #listener;
  #source = null;
  #retry = 0;
  #timer;
  #tick;
  #heardAt = 0;
  #tickedAt = 0;
  #state = null;
  #isClosed = true;

  constructor(path, listener) {
    this.#path = path;
    this.#listener = listener;
  }

  /** Begins anew, with the cookies of now. */
  open() {
    this.close();
    this.#isClosed = false;
    this.#heardAt = this.#tickedAt = Date.now();
    this.#tick = setInterval(() => this.#watch(), TICK_MS);
    this.#connect();
  }

  close() {
    this.#isClosed = true;
    clearInterval(this.#tick);
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(this.#path);
    this.#source = source;
    const take = (stateOf) => (event) => {
      if (source !== this.#source) return;
      this.#retry = 0;
      this.#heardAt = Date.now();
      try {
        this.#state = stateOf(JSON.parse(event.data));
      } catch (error) {
        console.error(error); // what does not fit together is asked for anew, whole
        return this.#connect();
      }
      this.#listener({ kind: "state", state: this.#state });
    };
    source.addEventListener("state", take((state) => state));
    source.addEventListener("change", take((operations) => patched(this.#state, operations)));
    source.addEventListener("error", () => {
      if (source === this.#source) this.#failed();
    });
  }

  /** Says why, and tries again after a while that grows. The stream itself does not tell a refusal from a failure. */
  async #failed() {
    this.#source.close();
    this.#source = null;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#retry, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
    this.#retry += 1;
    let status = 0;
    try {
      // @ts-ignore: the compiler's browser is older than `timeout`.
      status = (await fetch(this.#path.replace(/\/events$/, ""), { signal: AbortSignal.timeout(LONGEST_WAIT_MS) })).status;
    } catch {
      // Not to be reached: the wait below is all there is to do.
    }
    if (this.#isClosed || this.#source) return;
    if (status === 401 || status === 403) {
      this.close();
      return this.#listener({ kind: "refused", status });
    }
    this.#listener({ kind: "lost" });
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #watch() {
    const now = Date.now();
    const hasSlept = now - this.#tickedAt > ASLEEP_MS;
    this.#tickedAt = now;
    if (!this.#source && !hasSlept) return; // the next attempt is on its way
    const silence = now - this.#heardAt;
    const isLost = this.#state?.phase === "running" && silence > SILENT_WHILE_RUNNING_MS;
    if (!hasSlept && !isLost && silence < SILENT_MS) return;
    if (isLost) this.#listener({ kind: "lost" });
    this.#heardAt = now;
    this.#connect();
  }
}

// ---- As a shared worker -----------------------------------------------------------------------------------------

const streams = new Map(); // path -> { connection, ports }

function subscribe(port, path) {
  let stream = streams.get(path);
  if (!stream) {
    const ports = new Set();
    const tell = (message) => ports.forEach((each) => each.postMessage({ path, ...message }));
    stream = { ports, connection: new Connection(path, tell) };
    streams.set(path, stream);
  }
  stream.ports.add(port);
  stream.connection.open(); // who has come may have another cookie, and wants the state now
}

function unsubscribe(port) {
  for (const [path, stream] of streams) {
    if (!stream.ports.delete(port) || stream.ports.size > 0) continue;
    stream.connection.close();
    streams.delete(path);
  }
}

if (typeof SharedWorkerGlobalScope !== "undefined" && self instanceof SharedWorkerGlobalScope) {
  self.addEventListener("connect", (/** @type {any} */ { ports: [port] }) => {
    port.addEventListener("message", ({ data }) => {
      if (data.subscribe) subscribe(port, data.subscribe);
      if (data.leave) unsubscribe(port);
    });
    port.start();
    port.postMessage({ kind: "ready" });
  });
}
