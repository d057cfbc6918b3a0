// The text of each asset, character by character; and, if granted, its versions with the changes from one to the next.

import { attempt, choices, count, el, field } from "./lib.js";
import { moment, nowUnix, state, storyText, visible } from "./state.js";
import { empty, look, opening, preformatted, table } from "./look.js";
import { pinButton } from "./pins.js";

const CHARACTERS_MAX = 400; // the most rows of one table

export function contentPanel(panel) {
  const asset = choices("content-asset", [["", "Choose …"], ...state().assets.map((id) => [id, id])]);
  const text = el("div", { class: "stack tight" });
  const versions = el("div", { class: "stack tight" });
  const { node: lookNode, ask, more } = look(() => run());
  panel.append(
    el("div", { class: "filters" }, field("Asset", asset, "small wide-field")),
    el("p", { class: "hint" }, "The text as it is stored; what cannot be seen is written out."),
    lookNode, text, versions);

  function run(version = null) {
    text.replaceChildren();
    versions.replaceChildren();
    if (asset.value === "") return text.replaceChildren(empty("Choose an asset to read its text here."));
    const path = `/api/team/assets/${encodeURIComponent(asset.value)}`;
    return attempt(asset, async () => {
      const current = await ask(path);
      text.replaceChildren(...textOf(current, `${current.id}, version ${current.version}: the current one at ${storyText(nowUnix())}`));
      if (!state().can_history) return;
      const { versions: held } = await ask(`${path}/versions`);
      versions.replaceChildren(el("h3", {}, "Versions"), versionList(held, current.id, path));
      if (version !== null) versions.querySelector(`[data-version="${version}"] button`)?.click();
    });
  }

  function versionList(held, id, path) {
    if (held.length === 0) return empty("No version is known.");
    return el("ol", { class: "lines plain-list" }, held.map(({ version, published_unix_s }) => {
      const node = opening([
        published_unix_s ? moment(published_unix_s) : el("span", { class: "moment" }, "–"),
        el("b", {}, `Version ${version}`), el("span", { class: "line-body line-more" }, "what changed")],
      async () => {
        const one = await more(`${path}/versions/${version}`);
        node.scrollIntoView({ block: "nearest" });
        return el("div", { class: "line-all stack tight" }, difference(one.difference), textOf({ ...one, id, version }, "The whole text of this version"));
      }, { dataset: { version } });
      return node;
    }));
  }

  asset.addEventListener("change", () => run());
  return {
    open: () => { if (!asset.value && !text.hasChildNodes()) run(); },
    show({ asset: id, version }) {
      asset.value = id;
      run(version);
    },
  };
}

function difference(runs) {
  if (!runs || runs.every(({ kind }) => kind === "same")) return empty("The same text as in the version before, or the first one.");
  return preformatted("What changed from the version before", "wrap difference",
    ...runs.map(({ kind, text }) => {
      if (kind === "same") return visible(text);
      return el(kind === "added" ? "ins" : "del", {}, el("span", { class: "unseen" }, kind === "added" ? "added: " : "removed: "), text);
    }));
}

function textOf({ id, version, text_escaped, characters }, title) {
  return [
    el("div", { class: "row apart" }, el("h3", {}, title), pinButton(() => ({ source: "version", asset: id, version }), "Pin this version")),
    preformatted(`Text of ${id}`, "wrap content-text", ...marked(text_escaped)),
    el("p", { class: "hint" }, characters.length === 0 ? "No special character in it." : `${count(characters.length, "special character")} in it, whether harmless or not.`),
    characters.length > 0 && characterTable(characters),
  ].filter(Boolean);
}

/** The text, with a mark around each character that is spelled out as its code. */
const marked = (text) => text.split(/(⟨(?:U\+|0x)[0-9A-F]+⟩)/).map((part, index) => (index % 2 ? el("mark", {}, part) : part));

const characterTable = (characters) => table("Special characters", ["After bytes", "Code point", "Name"],
  characters.slice(0, CHARACTERS_MAX).map(({ offset, code_point, byte, name }) => [offset, el("code", {}, code_point ?? byte ?? "–"), name]), "characters");
