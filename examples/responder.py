#!/usr/bin/env python3
"""A responder in the standard library alone: what somebody on call does by rules of thumb, over the Model Context Protocol.

    glyphfall compare --quick --responder 'python3 examples/responder.py'

It asks whether customers fail, and for whom; then it goes through its rules from the cheapest look to the dearest. The first whose looks
agree is a suspicion: it is written down, its remedy is tried, and customers are asked again. Once they are served, the suspicion is the
explanation. It reads no telemetry that its level does not have, so it works at every level.
"""
import sys

from incident import Incident


class Responder:
    def __init__(self):
        self.incident = Incident("rules of thumb")
        self.incident.call("situation")
        self.checks = {check["name"] for check in self.incident.call("list_checks")["checks"]}
        self.catalogue = self.incident.call("catalogue")
        self.seen = {}

    def look(self, *names):
        """The outcome of the first of these checks that this level has. What was seen before is not looked at again."""
        name = next((name for name in names if name in self.checks), None)
        if name and name not in self.seen:
            self.seen[name] = self.incident.call("check", name=name) or {"outcome": "nothing"}
        return self.seen.get(name, {"outcome": "nothing"})

    def says(self, outcomes, *names):
        return self.look(*names)["outcome"] in outcomes.split()

    def are_served(self):
        for name in ("failed-share", "pages-outside"):
            self.seen.pop(name, None)
        # A figure covers minutes in which it was worse; pages that are opened now do not.
        return self.says("none", "pages-outside")

    def text(self):
        """The newest change of a text that stands out: by traces or error lines where there are any, else text by text."""
        changed = self.look("difference-traces", "difference-logs", "difference-changes", "editors-history")
        if changed["outcome"] in ("no-suspect", "no-answer", "nothing"):
            changed = self.look("difference-changes", "editors-history")
        return changed

    def chosen(self, kind, *words):
        """The id of the first entry of the catalogue that holds all of these words."""
        for entry in self.catalogue[kind + "s"]:
            if all(word in entry[kind].lower() for word in words):
                return entry["id"]
        sys.exit(f"the catalogue has no {kind} about {words}")

    def explain(self, cause, path, factors, change=None):
        named = {key: change[key] for key in ("asset", "character") if change and change.get(key)}
        factors = [self.chosen("factor", *FACTORS[factor]) for factor in factors]
        self.incident.call("explain", cause=self.chosen("cause", *cause), path=path, factors=factors, confidence=0.7, **named)

    def respond(self):
        if self.says("none", "pages-outside"):
            self.explain(("monitor", "phrase"), [], [])
        elif self.says("none", "pages-inside"):
            self.explain(("provider", "breaks connections"), [], [])
        else:
            self.tries(FIRST) or self.texts() or self.tries(LATER)
        self.incident.call("finish")

    def tries(self, rules):
        """Whether the remedy of a rule that suspects something helps."""
        return any(suspects(self) and self.restores(steps, *about) for suspects, steps, *about in rules)

    def restores(self, steps, cause, path, factors, change=None):
        """Whether customers are served after these steps; then it was this."""
        does = [{"remedy": "roll-back", "asset": change["asset"]} if step == "roll-back" else {"remedy": step} for step in steps]
        self.incident.call("hypothesis", text=" ".join((change or {}).get("asset", "").split() + list(cause)))
        if self.incident.call("remedy", steps=does) and self.are_served():
            self.explain(cause, path, factors, change)
            return True
        return False

    def texts(self):
        """Rolls back the text whose change stands out most; if that does not help, the next one stands out."""
        for _ in range(3):
            change = self.text()
            if not change.get("asset") or change["outcome"] not in TEXTS:
                return False
            steps, about = TEXTS[change["outcome"]]
            about = BY_CHARACTER.get(change.get("character"), about)
            if self.restores(steps, *about, change):
                return True
            self.seen = {name: said for name, said in self.seen.items() if not said.get("asset")}
        return False


ALL, SECOND, LAST = ["content-store", "cache", "web-front"], ["cache", "web-front"], ["web-front"]

FACTORS = {"rendering": ("json", "html"), "content": ("editors save",), "errors": ("retried",), "health": ("health check",),
           "telemetry": ("services tell",), "notice": ("keep a copy",), "time-out": ("time-out",), "release": ("release reaches",),
           "capacity": ("less capacity",)}

TOLD = ["errors", "telemetry"]


def process(name, state):
    return lambda one: one.says(state, "process-" + name)


# What is done about a text, by what is special about its change; and what it would explain.
HARMED, PRICES = ["rendering", "health", *TOLD], (["content-store", "web-front"], ["content", "telemetry"])
TEXTS = {
    "bytes": (["roll-back", "restart-cache"], (("bytes", "utf-8"), ALL, HARMED)),
    "control": (["roll-back", "restart-cache"], (("text with a control character",), ALL, HARMED)),
    "unusual": (["roll-back"], (("digits of full width",), *PRICES)),
    "punctuation": (["roll-back"], (("decimal commas",), *PRICES)),
}
BY_CHARACTER = {"U+0000": (("nul", "every page"), ALL, ["rendering", *TOLD]), "U+2028": (("line separators",), *PRICES)}

# Who is suspected when, what is then done, and what it would explain: what is cheap to look at, before any text is compared.
FIRST = [
    (lambda one: process("content-store", "gone")(one) and process("cache", "gone")(one),
     ["restart-content-store", "restart-cache"], ("processes", "cache end"), ALL, ["telemetry"]),
    (process("content-store", "gone"), ["restart-content-store"], ("store", "process ends"), ALL, TOLD),
    (process("content-store", "stopped"), ["restart-content-store"], ("store", "suspended"), ALL, TOLD),
    (process("cache", "stopped"), ["restart-cache"], ("cache", "suspended"), SECOND, ["health", "telemetry"]),
    (process("web-front", "stopped"), ["restart-web-front"], ("front", "suspended"), LAST, ["telemetry"]),
    (lambda one: one.says("web-front", "deployments") and one.says("one-kind", "pages-by-kind"),
     ["roll-back-release-web-front"], ("release", "not published"), ALL, ["release", *TOLD]),
    (lambda one: one.says("web-front", "deployments"),
     ["roll-back-release-web-front"], ("release", "too short"), LAST, ["time-out", "release", *TOLD]),
]

# What is left when no text is to blame.
LATER = [
    (lambda one: one.says("invited", "colleagues") or one.says("more", "traffic"),
     ["add-capacity-web-front"], ("newsletter",), LAST, ["capacity"]),
    (lambda one: one.says("one-missing", "ask-each-fragment"), ["flush-cache"], ("remembers", "missing"), SECOND, ["notice", *TOLD]),
    (lambda one: one.says("no-answer refused", "ask-store"),
     ["restart-content-store"], ("uploads", "never end"), ALL, ["time-out", *TOLD]),
    (lambda one: one.says("slow", "ask-store"), ["replace-disk"], ("disk", "store becomes slow"), ALL, TOLD),
    (lambda one: one.says("slow refused no-answer", "ask-cache"),
     ["repair-network"], ("cache and content store", "slow"), SECOND, ["health", *TOLD]),
    (lambda one: True, ["repair-network"], ("front and cache", "breaks connections"), LAST, TOLD),
]

if __name__ == "__main__":
    Responder().respond()
