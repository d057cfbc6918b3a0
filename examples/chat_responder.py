#!/usr/bin/env python3
"""A responder that asks a language model at any chat endpoint that speaks as OpenAI's does, in the standard library alone.

    export OPENAI_API_KEY=... OPENAI_MODEL=... OPENAI_BASE_URL=https://api.openai.com/v1
    glyphfall compare --quick --seed 1 --responder 'python3 examples/chat_responder.py'

The tools of the incident are handed to the model as they are, and what it calls is called. It is told nothing else but its task.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request

from incident import Incident

TASK = """You are on call for a web shop and have just been called. Find out with the tools what keeps customers from being served, restore
service, and explain what happened. Every call takes story minutes, in which the shop loses money. Write down what you suspect as a
hypothesis. Call `explain` once you are as sure as you can be at a reasonable price, and `finish` when nothing is left to do."""

GO_ON = "Call a tool. If nothing is left to do, call `explain` and then `finish`."

# A model that talks without an end costs without an end.
TURNS_MAX = 80
ANSWER_TIMEOUT_S = 120
# Waits before asking again an endpoint that is busy or failing.
PAUSES_S = (1, 4, 15)


class Chat:
    """The endpoint, and what it has taken so far."""

    def __init__(self):
        missing = [name for name in ("OPENAI_API_KEY", "OPENAI_MODEL") if not os.environ.get(name)]
        if missing:
            sys.exit(f"set {' and '.join(missing)} in the environment; OPENAI_BASE_URL names another endpoint than OpenAI's")
        base = os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
        self.url = base.rstrip("/") + "/chat/completions"
        self.spent = {"input_tokens": 0, "output_tokens": 0}

    def ask(self, messages, tools):
        body = {"model": os.environ["OPENAI_MODEL"], "messages": messages, "tools": tools}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        for pause in (*PAUSES_S, None):
            try:
                with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as response:
                    answer = json.load(response)
                break
            except urllib.error.HTTPError as error:
                if pause is None or error.code not in (429, 500, 502, 503, 504):
                    sys.exit(f"{self.url} answers {error.code}: {error.read(500).decode(errors='replace')}")
            except OSError as error:
                if pause is None:
                    sys.exit(f"{self.url} cannot be reached: {error}")
            time.sleep(pause)
        usage = answer.get("usage") or {}
        self.spent["input_tokens"] += usage.get("prompt_tokens", 0)
        self.spent["output_tokens"] += usage.get("completion_tokens", 0)
        return answer["choices"][0]["message"]


def called(incident, known, function):
    """What the model reads of its call: the tool's answer, or why there is none."""
    if function["name"] not in known:
        return f"there is no tool {function['name']}; there are {', '.join(known)}"
    try:
        arguments = json.loads(function.get("arguments") or "{}")
    except ValueError as error:
        return f"the arguments are not JSON: {error}"
    return incident.request("tools/call", {"name": function["name"], "arguments": arguments})["content"][0]["text"]


def main():
    chat, incident = Chat(), Incident("a language model")
    tools = [{"type": "function", "function": {"name": tool["name"], "description": tool.get("description", ""), "parameters": tool["inputSchema"]}}
             for tool in incident.request("tools/list", {})["tools"]]
    known = [tool["function"]["name"] for tool in tools]
    messages = [{"role": "system", "content": TASK}, {"role": "user", "content": json.dumps(incident.call("situation"))}]
    for _ in range(TURNS_MAX):
        message = chat.ask(messages, tools)
        messages.append(message)
        calls = message.get("tool_calls") or []
        if any(call["function"]["name"] == "finish" for call in calls):
            break
        for call in calls:
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": called(incident, known, call["function"])})
        if not calls:
            messages.append({"role": "user", "content": GO_ON})
    incident.call("finish", **chat.spent)


if __name__ == "__main__":
    main()
