// The lobby: how people get in, who is in, and why a phone might not.

import { byId, changes, copyButton, count, el, keep, setHidden, setText } from "./lib.js";
import { ago, codeImage, isVirtual, ranked, shortUrl } from "./desk-words.js";

const isOtherPort = changes();
const isOtherAddresses = changes();
const isOtherBinding = changes();

/** @param {NamedDesk} view */
export function update(view) {
  setText(byId("code"), view.code);
  const members = view.teams.flatMap((team) => team.members).length;
  const filled = view.teams.filter((team) => team.members.length > 0).length;
  setText(byId("joined"), `${members === 1 ? "1 person has" : `${members} people have`} joined, in ${filled} of ${count(view.teams.length, "team")}`);
  if (isOtherAddresses(view.addresses)) keep(byId("addresses"), ranked(view.addresses), ({ url }) => url, addressCard);
  keep(byId("who"), view.teams, ({ number }) => number, () => el("li", {}, el("strong"), el("span")), showTeam);
  showReached(view);
  if (isOtherPort(view.port)) fillIn(view.port);
}

function showTeam(item, { name, members }) {
  setText(item.children[0], name);
  setText(item.children[1], members.length > 0 ? members.join(", ") : "nobody yet");
  item.classList.toggle("is-empty", members.length === 0);
}

// ---- Addresses --------------------------------------------------------------------------------------------------

/** A card with a QR code; one that leads a phone to itself would only mislead. */
function addressCard(address) {
  const { url, is_loopback: isLoopback } = address;
  const through = isLoopback ? "for this computer alone" : `through ${address.interface}${isVirtual(address) ? ", a VPN or virtual network: seldom what a phone reaches" : ""}`;
  return el("li", { class: `card address${isLoopback || isVirtual(address) ? " is-second" : ""}` },
    !isLoopback && el("img", { src: codeImage(address), alt: `QR code of ${url}`, width: 200, height: 200 }),
    el("div", { class: "stack tight" },
      el("a", { class: "address-url", href: url, target: "_blank", rel: "noopener" }, shortUrl(address)),
      el("p", { class: "hint" }, through),
      copyButton(() => url, "Copy the link")));
}

// ---- Who has reached the room -----------------------------------------------------------------------------------

const hostOf = (url) => new URL(url).hostname.replace(/^\[|\]$/g, "");
const plain = (address) => address.replace(/^::ffff:/, "");

function showReached({ addresses, reached_from: reached, bind }) {
  const own = new Set(addresses.map(({ url }) => hostOf(url)));
  const isOwn = (address) => own.has(address) || address.startsWith("127.") || address === "::1";
  const devices = reached.map((each) => ({ ...each, address: plain(each.address) }));
  const others = devices.filter(({ address }) => !isOwn(address));
  const isLoopbackOnly = bind === "::1" || bind === "localhost" || bind.startsWith("127.");
  const outside = ranked(addresses).filter((address) => !address.is_loopback);

  let verdict = `Nothing from another device yet. Open ${shortUrl(outside[0] ?? addresses[0] ?? { url: "" })} on a phone: it appears here within a second.`;
  if (others.length > 0) verdict = `Yes: ${count(others.length, "other device")} ${others.length === 1 ? "has" : "have"} reached it.`;
  else if (isLoopbackOnly) verdict = `No: the room listens on ${bind} only, which no other device can reach. How to change that stands first below.`;
  else if (outside.length === 0) verdict = "No: this computer is in no network. Connect it to one, or open a hotspot on a phone.";
  setText(byId("reach-verdict"), verdict);
  byId("reach-verdict").classList.toggle("served", others.length > 0);
  if (isOtherBinding(bind)) byId("cause-loopback").open = isLoopbackOnly;
  setHidden(byId("cause-loopback"), !isLoopbackOnly);

  setHidden(byId("reached-table"), devices.length === 0);
  keep(byId("reached"), devices, ({ address }) => address, () => el("tr", {}, el("th", { scope: "row" }), el("td"), el("td")), (row, device) => {
    setText(row.children[0], device.address);
    setText(row.children[1], isOwn(device.address) ? "this computer itself" : throughOf(device.address, addresses));
    setText(row.children[2], ago(device.seconds_ago));
  });
}

/** The interface whose own address begins like the device's. */
function throughOf(address, addresses) {
  const network = address.slice(0, address.lastIndexOf(".") + 1);
  const near = network && addresses.find(({ url }) => hostOf(url).startsWith(network));
  return near ? near.interface : "a router between";
}

// ---- Remedies ---------------------------------------------------------------------------------------------------

function fillIn(port) {
  for (const node of byId("causes").querySelectorAll("[data-command]")) {
    node.dataset.template ??= node.textContent;
    setText(node, node.dataset.template.replaceAll("{port}", port));
    const box = node.closest("pre");
    if (!box.nextElementSibling?.matches(".copy")) {
      const copy = copyButton(() => node.textContent);
      copy.classList.add("copy");
      copy.setAttribute("aria-label", `Copy ${node.textContent}`);
      box.after(copy);
    }
  }
  for (const node of byId("causes").querySelectorAll("[data-port]")) setText(node, port);
}

/** The commands for the system that this page is read on come first; most often it is the one that serves the room. */
function ownSystemFirst() {
  const system = /Windows/.test(navigator.userAgent) ? "Windows" : /Mac OS/.test(navigator.userAgent) ? "macOS" : "Linux";
  const systems = document.querySelector(".systems");
  const own = [...systems.children].find((section) => section.querySelector("h4").textContent === system);
  if (own) systems.prepend(own);
}

ownSystemFirst();
