// The team's page. Each part starts when it is imported, and watches its own piece of the state, which the room sends every second.

import { live, setExample } from "./lib.js";
import { take } from "./state.js";
import "./columns.js";
import "./bar.js";
import "./between.js";
import "./shop.js";
import "./log.js";
import "./tools.js";
import "./evidence.js";
import "./remedies.js";
import "./hypotheses.js";
import "./pins.js";
import "./explain.js";
import "./question.js";
import "./ticket.js";
import "./solo.js";
import "./roles.js";
import "./more.js";

live("/api/team/events", (next) => {
  setExample(next.purpose === "example");
  take(next);
});
