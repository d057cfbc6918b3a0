"""The incident that a program is called to, over the Model Context Protocol, in the standard library alone.

It speaks on standard input and output, one JSON-RPC message a line; or over streamable HTTP, where GLYPHFALL_AGENT_URL says where
(`compare --http` sets it). Every call of a tool is answered before the next.
"""
import json
import os
import sys
import urllib.request


class Incident:
    def __init__(self, name):
        self.calls, self.session = 0, {}
        self.url = os.environ.get("GLYPHFALL_AGENT_URL")
        self.request("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": name, "version": "1"}})
        list(self.send({"method": "notifications/initialized"}))

    def send(self, message):
        """Sends a message; what comes back, message by message."""
        message = json.dumps({"jsonrpc": "2.0", **message})
        if not self.url:
            print(message, flush=True)
            return map(json.loads, sys.stdin) if '"id"' in message else []
        return self.post(message.encode())

    def post(self, message):
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                   "Authorization": f"Bearer {os.environ['GLYPHFALL_AGENT_TOKEN']}", **self.session}
        with urllib.request.urlopen(urllib.request.Request(self.url, message, headers)) as response:
            if session := response.headers.get("Mcp-Session-Id"):
                self.session = {"Mcp-Session-Id": session}
            # One JSON object, or events with one each.
            for line in response:
                line = line.decode().removeprefix("data:").strip()
                if line.startswith("{"):
                    yield json.loads(line)

    def request(self, method, params):
        self.calls += 1
        for answer in self.send({"id": self.calls, "method": method, "params": params}):
            if answer.get("id") == self.calls:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']['message']}")
                return answer["result"]
        sys.exit("the incident went away")

    def call(self, tool, **arguments):
        """What a tool answers; nothing if it refuses, as it does when a budget is used up."""
        result = self.request("tools/call", {"name": tool, "arguments": arguments})
        text = result["content"][0]["text"]
        if result.get("isError"):
            print(f"{tool}: {text}", file=sys.stderr)
            return None
        return json.loads(text)
