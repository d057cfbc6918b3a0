// The editor's page. Every answer of the store is shown where the author is looking, and typed text is never lost.

const byId = (id) => document.getElementById(id);
const text = byId("text");

const TOKEN_KEY = "editor-token";
const WAIT_MS = 15_000;
const SAME_TEXT_SHOWN = 160; // characters of unchanged text shown around a change

let assets = [];
let open = null; // { id, version, contentType, bytes, loaded }: version is null for an asset that is to be new
const drafts = new Map(); // id -> { version, value, aside }: unpublished text of assets that are not open

// ---- The store --------------------------------------------------------------------------------------------------

/** What the store could not do, in its own words. */
const refusal = (status, problem) => Object.assign(new Error(problem.detail ?? `The store answered with status ${status}.`), { status, problem });

async function ask(path, options = {}) {
  const headers = { ...options.headers, Authorization: `Bearer ${sessionStorage.getItem(TOKEN_KEY)}` };
  let response;
  try {
    response = await fetch(path, { ...options, headers, signal: AbortSignal.timeout(WAIT_MS) });
  } catch {
    throw refusal(0, { detail: "The content store cannot be reached. Your text is still here." });
  }
  if (response.ok) return response;
  const error = refusal(response.status, await response.json().catch(() => ({})));
  if (error.status === 401) signOut("This token is wrong, or no longer valid. Sign in again; your text is still here.");
  throw error;
}

const askJson = async (path, options) => (await ask(path, options)).json();

// ---- Signing in -------------------------------------------------------------------------------------------------

byId("sign-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = byId("token").value.trim();
  byId("sign-in-error").textContent = "";
  // A header takes nothing but ASCII, and no token has anything else.
  if (!/^[!-~]+$/.test(token)) return signOut("This token is not right. Copy all of it, and nothing else.");
  sessionStorage.setItem(TOKEN_KEY, token);
  try {
    await ask("session");
    byId("token").value = "";
    await enter();
  } catch (error) {
    signOut(error.status === 401 ? "This token is not right. Copy all of it, and nothing else." : error.message);
  }
});

onPress(byId("sign-out"), () => signOut(""));

function signOut(reason) {
  sessionStorage.removeItem(TOKEN_KEY);
  show(false);
  byId("sign-in-error").textContent = reason;
  byId("token").focus();
}

function show(signedIn) {
  byId("sign-in").hidden = signedIn;
  byId("desk").hidden = byId("sign-out").hidden = byId("skip").hidden = !signedIn;
}

async function enter() {
  show(true);
  await refreshAssets();
  if (!open) await follow();
}

onPress(byId("skip"), () => text.focus());

// ---- Choosing an asset ------------------------------------------------------------------------------------------

byId("search").addEventListener("input", listAssets);
onPress(byId("create"), () => { location.hash = searched(); });
addEventListener("hashchange", follow);

const searched = () => byId("search").value.trim().toLowerCase();

async function refreshAssets() {
  assets = await askJson("assets");
  listAssets();
}

function listAssets() {
  const found = assets.filter((asset) => asset.id.includes(searched()));
  byId("assets").replaceChildren(...found.map(({ id, version }) => {
    const link = element("a", { href: `#${id}` }, id,
      element("span", { className: "hint", title: `Version ${version}` }, `${drafts.has(id) ? "not published, " : ""}v${version}`));
    if (id === open?.id) link.setAttribute("aria-current", "true");
    return element("li", {}, link);
  }));
  const isName = /^[a-z0-9][a-z0-9-]{0,63}$/.test(searched()) && !assets.some((asset) => asset.id === searched());
  byId("create").hidden = !isName;
  byId("create").textContent = `New asset “${searched()}”`;
  byId("assets-empty").hidden = found.length > 0;
  byId("assets-empty").textContent = assets.length ? "No asset has this in its name." : "The store has no assets yet.";
}

async function follow() {
  const id = location.hash.slice(1);
  leave();
  byId("desk").classList.toggle("open", id !== "");
  byId("nothing").hidden = id !== "";
  byId("work").hidden = true;
  if (!id || byId("desk").hidden) return listAssets();
  try {
    await load(id);
    byId("title").focus();
  } catch (error) {
    byId("nothing").hidden = false;
    byId("nothing").textContent = error.message;
  }
  listAssets();
}

function leave() {
  if (open && isUnpublished()) {
    const value = isChanged() ? text.value : null;
    drafts.set(open.id, { version: open.version, value, aside: byId("aside-text").value });
  }
  open = null;
}

/** Shows the current version of an asset, or an empty one that is to be new; a draft of it goes on where it was. */
async function load(id) {
  let history = [];
  try {
    history = await askJson(`assets/${encodeURIComponent(id)}/versions`);
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  const [current] = history;
  const bytes = new Uint8Array(current ? await (await ask(`assets/${id}/versions/${current.version}/body`)).arrayBuffer() : 0);
  if (location.hash.slice(1) !== id) return; // the author has gone on to another asset
  open = { id, version: current?.version ?? null, contentType: current?.content_type ?? "text/plain; charset=utf-8", bytes };
  notify("");
  byId("status").textContent = "";
  text.value = decode(bytes);
  open.loaded = text.value; // with the line breaks that a text field makes of them
  setText(open.loaded);
  if (current && !isUtf8(bytes)) {
    notify("Some bytes of this version are not UTF-8 and show as \uFFFD. Publishing from here replaces them.");
  }
  const draft = drafts.get(id);
  drafts.delete(id);
  setAside(draft?.aside ?? "");
  if (draft?.value) {
    open.version = draft.version;
    setText(draft.value);
  }
  byId("title").textContent = id;
  document.title = `${id}, content editor`;
  byId("work").hidden = false;
  byId("about").textContent = current ? about(current) : "New: it does not exist until you publish it.";
  listHistory(history, true);
}

function about({ version, published_at: published, bytes, content_type: type }) {
  return [`Version ${version}`, `published ${when(published)}`, size(bytes), ...(/^text\/plain\b/.test(type) ? [] : [type])].join(" · ");
}

// ---- Writing ----------------------------------------------------------------------------------------------------

text.addEventListener("input", () => {
  byId("preview").textContent = text.value;
  byId("size").textContent = size(currentBytes().length);
  byId("discard").hidden = !isChanged();
  if (isChanged()) byId("status").textContent = "";
});

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s" && open) {
    event.preventDefault();
    byId("publish-form").requestSubmit();
  }
});

addEventListener("beforeunload", (event) => {
  if (drafts.size > 0 || isUnpublished()) event.preventDefault();
});

onPress(byId("discard"), () => {
  setAside(text.value);
  setText(open.loaded);
});

const isChanged = () => open !== null && text.value !== open.loaded;
const isUnpublished = () => isChanged() || byId("aside-text").value !== "";

function setText(value) {
  text.value = value;
  text.dispatchEvent(new Event("input"));
}

/** What a publish would send; for a text just loaded, the very bytes that are stored. */
export function currentBytes() {
  return open && !isChanged() ? open.bytes : new TextEncoder().encode(text.value);
}

/** Selects the character that begins after so many bytes of `currentBytes()`. */
export function selectCharacter(offset) {
  const before = decode(currentBytes().subarray(0, offset)).replace(/\r\n?/g, "\n").length;
  const length = text.value.codePointAt(before) > 0xffff ? 2 : 1;
  text.focus();
  text.setSelectionRange(before, before + length);
}

// ---- Publishing -------------------------------------------------------------------------------------------------

byId("publish-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (byId("publish").disabled) return;
  const expected = open.version === null ? { "If-None-Match": "*" } : { "If-Match": `"${open.version}"` };
  const headers = { ...expected, "Content-Type": inUtf8(open.contentType) };
  await change("Publishing", async () => {
    const sent = text.value;
    const published = await askJson(`assets/${open.id}`, { method: "PUT", headers, body: sent });
    return { published, sent };
  });
});

async function rollBack(version) {
  const aside = isChanged() ? " Your unpublished text will be set aside." : "";
  const question = `Roll “${open.id}” back? The text of version ${version} will be published as a new version.${aside}`;
  if (!(await confirmed(question, `Roll back to version ${version}`))) return;
  const headers = { "If-Match": `"${open.version}"` };
  await change("Rolling back", async () => {
    const body = JSON.stringify({ to: version });
    const published = await askJson(`assets/${open.id}/rollback`, { method: "POST", headers, body });
    return { published, sent: null, aside: isChanged() ? text.value : null };
  });
}

/** Runs a publish or a rollback and shows what came of it. What is typed meanwhile stays. */
async function change(doing, work) {
  const { id } = open;
  byId("publish").disabled = true;
  byId("status").textContent = `${doing} …`;
  notify("");
  try {
    const { published, sent, aside } = await work();
    if (drafts.get(id)?.value === sent) drafts.delete(id);
    if (open?.id !== id) return;
    const typed = text.value;
    const kept = byId("aside-text").value;
    await load(id);
    setAside(aside ?? kept);
    if (sent !== null && typed !== sent) setText(typed);
    byId("status").textContent = `Version ${published.version} is published.`;
    await refreshAssets();
  } catch (error) {
    if (open?.id !== id) return;
    byId("status").textContent = "";
    if (error.status === 412) await offerNewer(error.problem.current_version);
    else if (error.status !== 401) notify(error.message);
    if (error.status === 422) selectCharacter(error.problem.offset);
  } finally {
    byId("publish").disabled = false;
  }
}

async function offerNewer(current) {
  const { id, version } = open;
  const keep = ["Keep my text and publish over it", () => { open.version = current; notify(""); text.focus(); }];
  if (current === null) return notify("This asset was deleted while you were working on it. Your text is still here.", keep);
  const history = await askJson(`assets/${id}/versions`);
  listHistory(history, true);
  await refreshAssets();
  const since = version === null ? "Somebody else has made this asset" : `You were working from version ${version}`;
  notify(`${since}; version ${current} was published ${when(history[0].published_at)}. Your text is still here.`, [
    `Load version ${current} and set my text aside`,
    async () => {
      const typed = text.value;
      await load(id);
      setAside(typed);
    },
  ], keep);
}

function notify(message, ...actions) {
  byId("notice").hidden = message === "";
  byId("notice-text").textContent = message;
  byId("notice-actions").replaceChildren(...actions.map(([label, act]) => button(label, act)));
}

onPress(byId("aside-back"), () => { const value = byId("aside-text").value; setAside(""); setText(value); text.focus(); });
onPress(byId("aside-drop"), () => { setAside(""); text.focus(); });

function setAside(value) {
  byId("aside-text").value = value;
  byId("aside").hidden = value === "";
}

// ---- History ----------------------------------------------------------------------------------------------------

onPress(byId("older"), async () => listHistory(await askJson(`assets/${open.id}/versions?before=${byId("older").dataset.before}`), false));

function listHistory(versions, fromNewest) {
  const lines = versions.map((version, index) => historyLine(version, fromNewest && index === 0));
  if (fromNewest) byId("history").replaceChildren(...lines);
  else byId("history").append(...lines);
  const last = versions.at(-1)?.version ?? 1;
  byId("older").dataset.before = last;
  byId("older").hidden = versions.length < 100 || last === 1;
}

function historyLine(version, isCurrent) {
  const changes = button("Changes", () => toggleDifference(item, changes, version), { className: "plain", ariaExpanded: "false", ariaLabel: `Changes of version ${version.version}` });
  const back = button("Roll back", () => rollBack(version.version), { ariaLabel: `Roll back to version ${version.version}` });
  const item = element("li", {}, element("div", { className: "line" },
    element("strong", {}, `Version ${version.version}`),
    element("span", { className: "hint" }, `${when(version.published_at)}, ${size(version.bytes)}${isCurrent ? ", current" : ""}`),
    ...(isCurrent ? [] : [back]), changes));
  return item;
}

async function toggleDifference(item, toggle, version) {
  const shown = item.querySelector(".difference");
  toggle.ariaExpanded = String(!shown);
  if (shown) return shown.remove();
  const box = element("div", { className: "difference" }, "Comparing …");
  item.append(box);
  try {
    const runs = await askJson(`assets/${version.id}/versions/${version.version}/difference`);
    const isSame = runs.every((run) => run.change === "same");
    box.replaceChildren(...(isSame ? [leftOut("The same text as the version before.")] : runs.flatMap(shownRun)));
  } catch (error) {
    box.textContent = error.message;
  }
}

function shownRun({ change, text: run }, index, runs) {
  if (change !== "same") return [element(change === "added" ? "ins" : "del", {}, run)];
  const before = index === 0 ? 0 : SAME_TEXT_SHOWN;
  const after = index === runs.length - 1 ? 0 : SAME_TEXT_SHOWN;
  const same = run.length - before - after;
  if (same < SAME_TEXT_SHOWN) return [run];
  return [run.slice(0, before), leftOut(` … ${same.toLocaleString()} characters the same … `), run.slice(run.length - after)];
}

const leftOut = (says) => element("span", { className: "left-out" }, says);

// ---- Small things -----------------------------------------------------------------------------------------------

// A byte order mark is part of the text here.
const decode = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
const when = (time) => new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
// This page sends UTF-8, whatever charset an earlier author declared.
const inUtf8 = (type) => type.replace(/(;\s*charset=)("[^"]*"|[^;]*)/gi, "$1utf-8");
const size = (bytes) => `${bytes.toLocaleString()} ${bytes === 1 ? "byte" : "bytes"}`;

function isUtf8(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function button(label, act, properties = {}) {
  const made = element("button", { type: "button", ...properties }, label);
  onPress(made, act);
  return made;
}

function onPress(node, act) {
  node.addEventListener("click", async () => {
    try {
      await act();
    } catch (error) {
      notify(error.message);
    }
  });
}

function confirmed(question, yes) {
  const dialog = byId("question");
  byId("question-text").textContent = question;
  byId("question-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}

if (sessionStorage.getItem(TOKEN_KEY)) {
  enter().catch((error) => { if (error.status !== 401) signOut(error.message); });
} else {
  byId("token").focus();
}
