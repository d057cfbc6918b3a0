// One connection to the room for a whole browser, however many tabs are open. A browser keeps about six connections to
// one address. One for each tab would soon use them up, and every later request would wait for ever. Without shared
// workers, a tab uses the same function directly. The room sends a whole state first and then only changes; this
// file applies them.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
const TICK_MS = 1_000;
const ASLEEP_MS = 10_000; // a tick this late means that the machine slept and the connection is dead
const SILENT_MS_MAX = 6_000; // a running clock sends a change every second, and a new stream begins with the whole state
const SILENT_IN_CALM_MS_MAX = 45_000;

/** Keeps an event stream open and calls `listener` with messages of the kinds "state" (with `state`), "lost" and "refused". */
export function connection(path, listener) {
  let [source, state, retry, tick] = [null, null, null, null]; // `tick` is null while closed
  let [failures, heardAt, tickedAt, isNew] = [0, 0, 0, true];

  /** Connects again, with the browser's current cookies. */
  function open() {
    close();
    heardAt = tickedAt = Date.now();
    tick = setInterval(watch, TICK_MS);
    connect();
  }

  function close() {
    clearInterval(tick);
    clearTimeout(retry);
    source?.close();
    source = tick = null;
  }

  function connect() {
    clearTimeout(retry);
    source?.close();
    isNew = true;
    const own = source = new EventSource(path);
    const take = (stateOf) => (event) => {
      if (own !== source) return;
      failures = 0;
      isNew = false;
      heardAt = Date.now();
      try {
        state = stateOf(JSON.parse(event.data));
      } catch (error) {
        console.error(error); // a change that does not fit: connect again, to get the whole state
        return connect();
      }
      listener({ kind: "state", state });
    };
    source.addEventListener("state", take((whole) => whole));
    source.addEventListener("change", take((operations) => patched(state, operations)));
    source.addEventListener("error", () => own === source && failed());
  }

  /** Reports the failure and retries with exponential back-off. The stream does not tell a refusal from a failure: a request gets the status. */
  async function failed() {
    source.close();
    source = null;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
    failures += 1;
    // @ts-ignore: the compiler's library does not know `timeout`.
    const asked = fetch(path.replace(/\/events$/, ""), { signal: AbortSignal.timeout(LONGEST_WAIT_MS) });
    const status = await asked.then((answer) => answer.status, () => 0); // 0: the room cannot be reached, so just wait
    if (tick === null || source) return;
    if (status === 401 || status === 403) {
      close();
      return listener({ kind: "refused" });
    }
    listener({ kind: "lost" });
    retry = setTimeout(connect, wait);
  }

  function watch() {
    const now = Date.now();
    const hasSlept = now - tickedAt > ASLEEP_MS;
    tickedAt = now;
    if (!source && !hasSlept) return; // a retry is pending
    const silence = now - heardAt;
    const isLost = (isNew || state?.phase === "running") && silence > SILENT_MS_MAX;
    if (!hasSlept && !isLost && silence < SILENT_IN_CALM_MS_MAX) return;
    if (isLost) listener({ kind: "lost" });
    heardAt = now;
    connect();
  }

  return { open, close };
}

/** Applies a JSON Patch (RFC 6902) with the three operations that the room sends. Throws if the patch does not fit the state. */
function patched(state, operations) {
  for (const { op, path, value } of operations) {
    const steps = path.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = steps.pop();
    if (last === undefined) return value;
    const place = steps.reduce((node, step) => node[step], state);
    if (!Array.isArray(place) && op === "remove") delete place[last];
    else if (!Array.isArray(place) || op === "replace") place[last] = value;
    else place.splice(Number(last), op === "remove" ? 1 : 0, ...(op === "remove" ? [] : [value]));
  }
  return state;
}

// ---- As a shared worker -----------------------------------------------------------------------------------------

const streams = new Map(); // path -> { connection, ports }

function subscribe(port, path) {
  let stream = streams.get(path);
  if (!stream) {
    const ports = new Set();
    const tell = (message) => ports.forEach((each) => each.postMessage({ path, ...message }));
    stream = { ports, connection: connection(path, tell) };
    streams.set(path, stream);
  }
  stream.ports.add(port);
  stream.connection.open(); // the new subscriber may have another cookie, and needs the whole state now
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
