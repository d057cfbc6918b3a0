// Signing in as the facilitator. The page behind it is sent only to who has signed in.

import { byId, get, onSubmit, send, setText } from "./lib.js";

const SIGNED_IN_KEY = "facilitator"; // that this browser has signed in; the session itself is in a cookie that no script can read

onSubmit(byId("sign-in-form"), () => signIn(byId("token").value.trim()));

async function signIn(token) {
  setText(byId("sign-in-error"), "");
  try {
    await send("POST", "/api/desk/sign-in", { token });
    enter();
  } catch (error) {
    const said = { 403: "This token is not right. Copy all of it, and nothing else.", 429: "Too many attempts. Wait a moment, then try again." };
    ask(said[error.status] ?? error.message);
  }
}

function enter() {
  localStorage.setItem(SIGNED_IN_KEY, "yes");
  location.reload();
}

function ask(reason = "") {
  setText(byId("sign-in-error"), reason);
  byId("token").focus();
}

/** A browser that came from elsewhere, as from a link in a mail, left its cookie behind on the way here; asked from this page it shows it. */
async function enterAgain() {
  try {
    await get("/api/desk/openapi.json");
    enter();
  } catch {
    localStorage.removeItem(SIGNED_IN_KEY);
    ask();
  }
}

// A link may bring the token behind a `#`, which no server and no log ever sees; it leaves the address at once.
const brought = new URLSearchParams(location.hash.slice(1)).get("token");
if (brought) {
  history.replaceState(null, "", location.pathname + location.search);
  signIn(brought);
} else if (localStorage.getItem(SIGNED_IN_KEY)) enterAgain();
else {
  const isOut = sessionStorage.getItem("signed-out") !== null;
  sessionStorage.removeItem("signed-out");
  ask(isOut ? "You are signed out, here or because the room was started anew. Sign in again." : "");
}
