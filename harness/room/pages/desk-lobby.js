// The lobby: how people join, who has joined, and why a phone may not reach the room.

import { byId, changes, copyButton, count, el, keep, rowHead, setHidden, setText } from "./lib.js";
import { ago, codeImage, isVirtual, ranked, shortUrl } from "./desk-words.js";

const isFirst = changes();
const isOtherBinding = changes();

export function update(/** @type {NamedDesk} */ view) {
  setText(byId("code"), view.code);
  const people = view.teams.flatMap((team) => team.members).length;
  const filled = view.teams.filter((team) => team.members.length > 0).length;
  setText(byId("joined"), `${count(people, "person has", "people have")} joined, in ${filled} of ${count(view.teams.length, "team")}`);
  keep(byId("addresses"), ranked(view.addresses), ({ url }) => url, addressCard);
  keep(byId("who"), view.teams.map(({ number, name, members }) => ({ number, name, members })), ({ number }) => number, ({ name, members }) =>
    el("li", { class: members.length > 0 ? "" : "is-empty" }, el("strong", {}, name), el("span", {}, members.join(", ") || "nobody yet")));
  showReached(view);
  if (isFirst("")) fillIn(view.port);
}

/** A card for an address, with a QR code. A loopback address gets no QR code: it would lead a phone to itself. */
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
  else if (isLoopbackOnly) verdict = `No: the room listens on ${bind} only, which no other device can reach. The first entry below says how to change that.`;
  else if (outside.length === 0) verdict = "No: this computer is in no network. Connect it to one, or open a hotspot on a phone.";
  setText(byId("reach-verdict"), verdict);
  byId("reach-verdict").classList.toggle("served", others.length > 0);
  if (isOtherBinding(bind)) byId("cause-loopback").open = isLoopbackOnly;
  setHidden(byId("cause-loopback"), !isLoopbackOnly);

  setHidden(byId("reached-table"), devices.length === 0);
  keep(byId("reached"), devices.map(({ address, seconds_ago: seconds }) => [address, ago(seconds)]), ([address]) => address, ([address, heard]) =>
    el("tr", {}, rowHead(address), el("td", {}, isOwn(address) ? "this computer itself" : throughOf(address, addresses)), el("td", {}, heard)));
}

/** The interface in the same network as the device, judged by the first part of the address. */
function throughOf(address, addresses) {
  const network = address.slice(0, address.lastIndexOf(".") + 1);
  const near = network && addresses.find(({ url }) => hostOf(url).startsWith(network));
  return near ? near.interface : "a router between";
}

function fillIn(port) {
  for (const node of byId("causes").querySelectorAll("[data-command]")) {
    setText(node, node.textContent.replaceAll("{port}", port));
    node.closest("pre").after(copyButton(() => node.textContent, "Copy", { class: "button small copy", "aria-label": `Copy ${node.textContent}` }));
  }
  for (const node of byId("causes").querySelectorAll("[data-port]")) setText(node, port);
}

// The commands for the reader's operating system come first: most often the room runs on the same computer.
const system = /Windows/.test(navigator.userAgent) ? "Windows" : /Mac OS/.test(navigator.userAgent) ? "macOS" : "Linux";
const systems = document.querySelector(".systems");
systems.prepend([...systems.children].find((section) => section.querySelector("h4").textContent === system));
