// The participant's page for printing: the text of the documentation, with this room's code and address.

import { byId, get, setText } from "./lib.js";
import { showAddress } from "./desk-words.js";

async function show() {
  const [{ code, addresses }, text] = await Promise.all([get("/api/desk"), fetch("/participant.html").then((answer) => answer.text())]);
  setText(byId("handout-code"), code);
  showAddress("handout", addresses);
  byId("handout-text").replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.children);
}

byId("print").addEventListener("click", () => print());
show();
