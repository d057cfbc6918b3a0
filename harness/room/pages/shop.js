// The shop as a customer sees it. Each reload loads a new frame behind the shown one, and swaps them when the page has
// come. So people see a page hang: a count of seconds covers the last page that came, which fades.

import { attempt, byId, el, setHidden, setText } from "./lib.js";
import { nowUnix, momentText, state, watch } from "./state.js";
import { pin } from "./pins.js";

const PAGES = [
  { route: "home", path: "", label: "Home" },
  { route: "category", path: "c/coffee", label: "A category: coffee" },
  { route: "product", path: "p/moka-pot", label: "A product: moka pot" },
  { route: "checkout", path: "checkout", label: "Checkout" },
];
const RELOAD_MS = 10_000;
const TICK_MS = 500;
const GIVE_UP_MS = 60_000;
const WAIT_SHOWN_S = 2; // below this, a slow page does not make the picture flicker
const PATIENCE_S = 10; // then a customer gives up, and the room answers in the shop's place

let shown = null; // the loaded frame
let coming = null; // { frame, since }: the frame that is still loading
let cameAt = 0;

const seconds = el("b", {});
const waiting = el("div", { class: "shop-waiting", hidden: true, "aria-hidden": "true" },
  seconds, el("span", {}, "and no page has come."), el("span", { class: "tiny" }, `A customer gives up after ${PATIENCE_S} s.`));

byId("shop-frames").append(waiting);
byId("shop-page").append(...PAGES.map(({ route, label }) => el("option", { value: route }, label)));
byId("shop-page").addEventListener("change", () => { forget(); open(); });
byId("shop-reload").addEventListener("click", open);
byId("shop-pin").addEventListener("click", (event) => attempt(event.currentTarget, () => pin({ source: "page", route: page().route })));
watch((s) => s.round && s.shop, (shop) => {
  forget();
  if (shop) open();
});
watch((s) => s.guess === null, (isClosed) => setHidden(byId("shop-pin"), isClosed));
setInterval(follow, TICK_MS);

const page = () => PAGES.find(({ route }) => route === byId("shop-page").value);

function forget() {
  shown?.remove();
  coming?.frame.remove();
  shown = coming = null;
}

function open() {
  const address = new URL(state().shop.replace(/\/?$/, "/") + page().path, location.origin).href;
  byId("shop-open").href = address;
  coming?.frame.remove();
  const frame = el("iframe", { class: "coming", title: `The shop: ${page().label}`, src: address, referrerPolicy: "no-referrer" });
  frame.setAttribute("sandbox", "allow-forms");
  frame.tabIndex = -1;
  coming = { frame, since: performance.now() };
  frame.addEventListener("load", () => came(frame));
  byId("shop-frames").append(frame);
  say();
}

function came(frame) {
  if (coming?.frame !== frame) return; // a later load of the shown frame: somebody followed a link in the shop
  shown?.remove();
  shown = frame;
  frame.classList.remove("coming");
  frame.tabIndex = 0;
  coming = null;
  cameAt = nowUnix();
  say();
}

function follow() {
  say();
  const frames = byId("shop-frames");
  const isSeen = !document.hidden && frames.offsetParent !== null;
  if (coming && performance.now() - coming.since > GIVE_UP_MS) open();
  if (!shown || coming || !isSeen || !byId("shop-follow").checked || document.activeElement === shown) return;
  if ((nowUnix() - cameAt) * 1000 > RELOAD_MS) open();
}

function say() {
  const waited = coming ? Math.floor((performance.now() - coming.since) / 1000) : 0;
  const last = shown ? `Opened at ${momentText(cameAt)}.` : "";
  setHidden(waiting, waited < WAIT_SHOWN_S);
  setText(seconds, `${waited} s`);
  if (coming && waited >= 1) setText(byId("shop-status"), `Waiting for the page for ${waited} s. ${last && "Behind it: the last one that came."}`);
  else if (shown) setText(byId("shop-status"), last);
  else if (!coming) setText(byId("shop-status"), "The shop is not open: no round is running.");
}
