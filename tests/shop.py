"""A small shop in one process, in Python's standard library alone: content store, cache and web front at one address.

It keeps the contract of docs/contract.md, and four defects sleep in it on purpose. None is marked: finding them is
the exercise of exercises/3-by-code.

    GLYPHFALL_EDITOR_TOKEN=$(openssl rand -hex 16) python3 shop.py 8000
"""

import hmac
import html
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ASSETS = {"promo-banner": b"Spring sale: 15 % off", "home-intro": b"Pots, pans & patience."}
ASSET_BYTES_MAX = 1_048_576
PERMITS = 16  # fills at once: they spare the content store a stampede
FRESH_S = 15
RETRY_PAUSE_S = 1
EVENTS_MAX = 1_000


class ContentStore:
    """Assets in versions. Whoever reads one gets its envelope, as JSON."""

    def __init__(self):
        self.lock = threading.Lock()
        self.assets = {asset: (1, text) for asset, text in ASSETS.items()}

    def refuses(self, text):
        """Why a text cannot be published; None if it can."""
        if len(text) > ASSET_BYTES_MAX:
            return f"A text has at most {ASSET_BYTES_MAX} bytes."
        return None

    def publish(self, asset, text):
        with self.lock:
            version = self.assets.get(asset, (0, b""))[0] + 1
            self.assets[asset] = (version, text)
        return version

    def delete(self, asset):
        with self.lock:
            return self.assets.pop(asset, None) is not None

    def envelope(self, asset):
        """The current version as JSON; None if there is no such asset."""
        with self.lock:
            found = self.assets.get(asset)
        if found is None:
            return None
        version, text = found
        for sign, escaped in [(b"\\", rb"\\"), (b'"', rb"\""), (b"\n", rb"\n"), (b"\r", rb"\r"), (b"\t", rb"\t")]:
            text = text.replace(sign, escaped)
        return b'{"id":"%s","version":%d,"body":"%s"}' % (asset.encode(), version, text)


class Evidence:
    """What whoever responds can ask for."""

    def __init__(self):
        self.logs, self.changes = [], []

    def line(self, body, **attributes):
        del self.logs[: -EVENTS_MAX + 1]
        self.logs.append({"body": body, "attributes": attributes})

    def changed(self, asset):
        """An editor has published or deleted an asset."""
        self.line("content changed")


class Cache:
    """Texts kept for a while. A fill fetches one from the content store, holding a permit."""

    def __init__(self, store, evidence):
        self.store, self.evidence = store, evidence
        self.kept = {}
        self.permits = threading.Semaphore(PERMITS)

    def text(self, asset):
        """The text of an asset; None if there is no such asset."""
        text, until = self.kept.get(asset, (None, 0))
        if time.monotonic() < until:
            return text
        with self.permits:
            text = self.fill(asset)
        if text is not None:
            self.kept[asset] = (text, time.monotonic() + FRESH_S)
        return text

    def fill(self, asset):
        while True:
            envelope = self.store.envelope(asset)
            if envelope is None:
                return None
            try:
                return json.loads(envelope)["body"]
            except ValueError:
                self.evidence.line("fill failed")
                time.sleep(RETRY_PAUSE_S)

    def forget(self, asset):
        self.kept.pop(asset, None)

    def ready(self):
        """Whether whoever asks for a text can expect one."""
        return True


class Front(BaseHTTPRequestHandler):
    """The routes of all three parts."""

    protocol_version = "HTTP/1.1"
    store = ContentStore()
    evidence = Evidence()
    cache = Cache(store, evidence)
    editor_token = os.environ.get("GLYPHFALL_EDITOR_TOKEN", "").encode()

    def do_GET(self):
        url = urlsplit(self.path)
        match url.path.split("/")[1:]:
            case [""]:
                parts = [html.escape(self.cache.text(asset) or "") for asset in ASSETS]
                self.answer(200, "<!doctype html><title>Shop</title><p>" + "<p>".join(parts), "text/html")
            case ["healthz"]:
                self.answer(200, "ok")
            case ["readyz"]:
                ready = self.cache.ready()
                self.answer(200 if ready else 503, "ok" if ready else "fills do not end")
            case ["assets", asset]:
                envelope = self.store.envelope(asset)
                self.answer(404 if envelope is None else 200, envelope or b"{}", "application/json")
            case ["fragments", asset]:
                text = self.cache.text(asset)
                self.answer(404 if text is None else 200, text or "")
            case ["evidence", "changes"]:
                self.answer(200, json.dumps({"changes": self.evidence.changes}), "application/json")
            case ["evidence", "logs"]:
                wanted = [pair.split("=", 1) for pair in parse_qs(url.query).get("attribute", [])]
                lines = [line for line in self.evidence.logs if all(line["attributes"].get(k) == v for k, v in wanted)]
                self.answer(200, json.dumps({"logs": lines}), "application/json")
            case _:
                self.answer(404, "no such page")

    def do_PUT(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if (asset := self.asset_to_change()) is None:
            return
        if reason := self.store.refuses(text):
            self.answer(422, json.dumps({"detail": reason}), "application/problem+json")
            return
        version = self.store.publish(asset, text)
        self.cache.forget(asset)
        self.evidence.changed(asset)
        self.answer(200, json.dumps({"id": asset, "version": version}), "application/json")

    def do_DELETE(self):
        if (asset := self.asset_to_change()) is None:
            return
        found = self.store.delete(asset)
        self.cache.forget(asset)
        self.evidence.changed(asset)
        self.answer(200 if found else 404, "")

    def asset_to_change(self):
        """The asset that an editor may change; None if that was refused, and the editor told."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        path = re.fullmatch(r"/assets/([a-z0-9][a-z0-9-]{0,63})", self.path)
        if not self.editor_token or not hmac.compare_digest(token, self.editor_token):
            return self.answer(401, "an editor's token is needed")
        return path[1] if path else self.answer(404, "no such asset")

    def answer(self, status, body, content_type="text/plain"):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", f"{content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Front).serve_forever()
