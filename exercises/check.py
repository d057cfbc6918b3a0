#!/usr/bin/env python3
"""The tests of the exercises: starts the shop as you have repaired it, and lets `glyphfall verify` judge it.

    python3 exercises/check.py 1        # or 2, or 3

Exit code 0: all four latent faults are repaired. All four programs are taken from target/release, or from the folder of
the program that the variable GLYPHFALL names; nothing keeps running afterwards.
"""

import os
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ORIGINAL = HERE.parent / "tests" / "shop.py"
PROGRAM = Path(os.environ.get("GLYPHFALL") or HERE.parent / "target" / "release" / "glyphfall").resolve()
SERVICES = ("content-store", "cache", "web-front")
OPENS_WITHIN_S = 30
# The exit code where nothing was judged: 1 is a verdict.
MISSING = 3

# Your shop with a defect of the first one put back. Only where text is still written as it was can anybody see what
# your cache makes of what it cannot read, and only where a fill still hangs, whether your readiness check notices.
WITH_DEFECTS = """
import sys
sys.path[:0] = [{mine!r}, {first!r}]
import shop, first_shop
if "rendering" in {defects!r}:
    shop.Front.store.__class__ = first_shop.ContentStore
if "fill" in {defects!r}:
    shop.Front.cache.fill = first_shop.Cache.fill.__get__(shop.Front.cache)
shop.Server(("127.0.0.1", {port}), shop.Front).serve_forever()
"""


class Running:
    """The programs of one shop, ended with the block."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        token = secrets.token_hex(16)
        names = ("EDITOR", "OPERATOR", "NOTIFICATION")
        self.environment = {**os.environ, **{f"GLYPHFALL_{name}_TOKEN": token + name.lower() for name in names}}
        self.programs = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.programs:
            program.terminate()
        for program in self.programs:
            try:
                program.wait(15)
            except subprocess.TimeoutExpired:
                program.kill()
        self.folder.cleanup()

    def start(self, command, port, environment=None):
        log = open(self.path / "log", "ab")
        program = subprocess.Popen(
            command, env=environment or self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        self.programs.append(program)
        until = time.monotonic() + OPENS_WITHIN_S
        while time.monotonic() < until and program.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"{shlex.join(map(str, command))} does not open:\n{(self.path / 'log').read_text()}")

    def run(self, *command):
        return subprocess.run(command, env=self.environment).returncode


def free_ports(count):
    """The first of some ports in a row that nobody holds."""
    while True:
        first = secrets.randbelow(10_000) + 20_000
        try:
            held = [socket.create_server(("127.0.0.1", first + place)) for place in range(count)]
        except OSError:
            continue
        for one in held:
            one.close()
        return first


def options(first):
    """The shop's ports, as options."""
    names = ("--web-front-port", "--cache-port", "--content-store-port", "--operator-port")
    return [word for place, name in enumerate(names) for word in (name, str(first + place))]


def doors(first):
    """The ports of its evidence store."""
    names = ("--room-port", "--otlp-grpc-port", "--otlp-http-port")
    return [word for place, name in enumerate(names) for word in (name, str(first + 7 + place))]


def by_switch(shop):
    first = free_ports(10)
    command = [PROGRAM, "up", "--views", "1", "--out", shop.path / "out", *options(first), *doors(first)]
    shop.start(command, first)
    # In the file stands `glyphfall repair ...`; here it reaches this shop.
    wrapper = shop.path / "glyphfall"
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PROGRAM))} "$@" {shlex.join(options(first))}\n')
    wrapper.chmod(0o755)
    shop.environment["PATH"] = f"{shop.path}:{os.environ['PATH']}"
    if code := shop.run("sh", "-e", HERE / "1-by-switch" / "repair.sh"):
        sys.exit(f"repair.sh ended with {code}")
    return shop.run(PROGRAM, "verify", *options(first), "--room-port", str(first + 7))


def by_configuration(shop):
    first = free_ports(10)
    front, cache, store = (f"127.0.0.1:{first + place}" for place in range(3))
    lines = (HERE / "2-by-configuration" / "shop.env").read_text().splitlines()
    chosen = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    chosen = {name: value.replace("EVIDENCE", f"127.0.0.1:{first + 8}") for name, value in chosen.items()}
    addresses = {"GLYPHFALL_CACHE": cache, "GLYPHFALL_CONTENT_STORE": store, "GLYPHFALL_WEB_FRONT": front}
    for name, address, operator in zip(SERVICES, (store, cache, front), (4, 3, 5)):
        binds = {"GLYPHFALL_BIND": address, "GLYPHFALL_OPERATOR_BIND": f"127.0.0.1:{first + operator}"}
        command = [PROGRAM.parent / name]
        if name == "content-store":
            command += ["--data", shop.path / "data"]
        shop.start(command, int(address.rsplit(":", 1)[1]), {**shop.environment, **addresses, **binds, **chosen})
    ports = [str(first + operator) for operator in (3, 4, 5)]
    watch = [PROGRAM, "watch", "--views", "1", "--operator-ports", *ports, *doors(first)]
    shop.start(watch, first + 7, {**shop.environment, **addresses})
    return shop.run(PROGRAM, "verify", *options(first), "--room-port", str(first + 7))


def by_code(shop):
    mine = HERE / "3-by-code" / "shop.py"
    if not mine.exists():
        sys.exit(f"First make your copy of the shop: cp {ORIGINAL} {mine}")
    shutil.copy(ORIGINAL, shop.path / "first_shop.py")
    first, known = free_ports(3), []
    for place, defects in enumerate([["rendering"], ["rendering", "fill"]]):
        port, card = first + place, shop.path / f"card-{place}.json"
        program = WITH_DEFECTS.format(mine=str(mine.parent), first=str(shop.path), defects=defects, port=port)
        shop.start([sys.executable, "-B", "-c", program], port)
        verify = [PROGRAM, "verify", "--format", "json", "--target", f"http://127.0.0.1:{port}"]
        with open(card, "wb") as file:
            known.append((card, subprocess.Popen(verify, env=shop.environment, stdout=file)))
    shop.start([sys.executable, "-B", mine, str(first + 2)], first + 2)
    for card, verify in known:
        verify.wait()
        if not card.stat().st_size:
            sys.exit(f"Your shop broke while it was judged. What it wrote:\n{(shop.path / 'log').read_text()}")
    cards = [word for card, _ in known for word in ("--known", card)]
    return shop.run(PROGRAM, "verify", *cards, "--target", f"http://127.0.0.1:{first + 2}")


def main():
    exercises = {"1": by_switch, "2": by_configuration, "3": by_code}
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__)
        return
    if len(sys.argv) != 2 or sys.argv[1] not in exercises:
        sys.exit(__doc__)
    for program in (PROGRAM, *(PROGRAM.parent / name for name in SERVICES)):
        if not program.exists():
            print(f"Nothing was tried: {program} is missing. 'cargo build --release --workspace --bins' makes it; GLYPHFALL=/path/to/glyphfall "
                  "names one elsewhere, with content-store, cache and web-front beside it", file=sys.stderr)
            sys.exit(MISSING)
    with Running() as shop:
        code = exercises[sys.argv[1]](shop)
    print("All four are repaired." if code == 0 else "Not yet.")
    sys.exit(code)


if __name__ == "__main__":
    main()
