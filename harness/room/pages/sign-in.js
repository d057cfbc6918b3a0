// Signing in as the facilitator. The room sends the page behind it only to browsers that have signed in.

import { byId, get, onSubmit, send, setText } from "./lib.js";

const SIGNED_IN_KEY = "facilitator"; // notes that this browser has signed in; the session itself is in a cookie that no script can read

onSubmit(byId("sign-in-form"), () => signIn(byId("token").value.trim()));

async function signIn(token) {
  setText(byId("sign-in-error"), "");
  try {
    await send("POST", "/api/desk/sign-in", { token });
    enter();
  } catch ({ status, message }) {
    ask({ 403: "This token is not right. Copy all of it, and nothing else.", 429: "Too many attempts. Wait a moment, then try again." }[status] ?? message);
  }
}

function enter() {
  localStorage.setItem(SIGNED_IN_KEY, "yes");
  location.reload();
}

function ask(reason) {
  localStorage.removeItem(SIGNED_IN_KEY);
  setText(byId("sign-in-error"), reason);
  byId("token").focus();
}

// A link may carry the token behind a `#`, which no server and no log ever sees. The script removes it from the address at once.
const brought = new URLSearchParams(location.hash.slice(1)).get("token");
if (brought) {
  history.replaceState(null, "", location.pathname + location.search);
  signIn(brought);
} else if (localStorage.getItem(SIGNED_IN_KEY)) {
  // After a link on another site, as in a mail, a browser does not send its cookie with the page request. A request from this page sends it.
  get("/api/desk/openapi.json").then(enter, () => ask(""));
} else {
  const isOut = sessionStorage.getItem("signed-out") !== null;
  sessionStorage.removeItem("signed-out");
  ask(isOut ? "You are signed out, here or because the room was started again. Sign in again." : "");
}
