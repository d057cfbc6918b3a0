// The team's page: puts its parts together. The state comes every second; each part watches its own piece of it.

import { byId, live, setExample, setHidden } from "./lib.js";
import { isAtWork, take, watch } from "./state.js";
import { arrange } from "./columns.js";
import { startBar } from "./bar.js";
import { startWaiting } from "./waiting.js";
import { startBetween } from "./between.js";
import { startShop } from "./shop.js";
import { startLog } from "./log.js";
import { startTools } from "./tools.js";
import { startEvidence } from "./evidence.js";
import { startGuess } from "./guess.js";
import { startRemedies } from "./remedies.js";
import { startHypotheses } from "./hypotheses.js";
import { startPins } from "./pins.js";
import { startExplain } from "./explain.js";
import { startQuestion } from "./question.js";
import { startTicket } from "./ticket.js";
import { startSolo } from "./solo.js";
import { startRoles } from "./roles.js";
import { startMore } from "./more.js";

watch(isAtWork, (isNow) => {
  setHidden(byId("columns"), !isNow);
  document.body.classList.toggle("in-round", isNow);
  arrange();
});

for (const start of [
  startBar, startWaiting, startBetween, startShop, startLog, startTools, startEvidence, startGuess,
  startRemedies, startHypotheses, startPins, startExplain, startQuestion, startTicket, startSolo,
  startRoles, startMore,
]) start();

live("/api/team/events", (next) => {
  setExample(next.purpose === "example");
  take(next);
});
