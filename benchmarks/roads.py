"""A database far away: how often commands wait for it and for how long, each round trip 0, 20 and 60 ms longer."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, unquote

from gates import populate, settings
from measuring import MODELGATE, Command, gate_environ, sandbox
from stores import DATABASES, store

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support.roads import Road, long_road

SLOTS = 10
MILLISECONDS = (0, 20, 60)
ASKED = {
    "preflight, reused": (["preflight"], {}),
    "preflight that asks": (["preflight"], {"ANTHROPIC_API_KEY": "rotated"}),
    "check": (["check"], {}),
    "status": (["status"], {}),
    "history": (["history"], {}),
    "rollback --dry-run": (
        ["rollback", "slot_3", "--to", "claude-sonnet-5", "--never-run", "--reason", "x", "--dry-run"],
        {},
    ),
    "audit head": (["audit", "head"], {}),
}


def measure(rounds: int) -> Iterator[dict[str, Any]]:
    """One result for each command and length of the road, on PostgreSQL."""
    if "postgresql" not in DATABASES:
        return
    with ExitStack() as stack:
        api, url = stack.enter_context(sandbox()), stack.enter_context(store("postgresql"))
        populate(api)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "config").mkdir()
        (folder / "config" / "prod.toml").write_text(settings(SLOTS, 86400))
        Command([*MODELGATE, "preflight", "-e", "prod"], folder, gate_environ(api, url)).run()
        road = Road()
        upstream, way = Path(unquote(url.partition("host=")[2])), stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(long_road(upstream, Path(way), road))
        environ = gate_environ(api, f"{url.partition('?')[0]}?host={quote(way, safe='')}")
        for name, (words, more) in ASKED.items():
            for milliseconds in MILLISECONDS:
                road.seconds = milliseconds / 1000
                yield {"command": name, "road_ms": milliseconds, **_costs(words, folder, environ | more, road, rounds)}


def _costs(words: list[str], folder: Path, environ: dict[str, str], road: Road, rounds: int) -> dict[str, Any]:
    seconds, waited = [], []
    for number in range(rounds):
        road.forget()
        key = environ["ANTHROPIC_API_KEY"]
        another = {"ANTHROPIC_API_KEY": f"{key}-{road.seconds}-{number}"} if key == "rotated" else {}
        cost = Command([*MODELGATE, *words, "-e", "prod"], folder, environ | another).run()
        seconds.append(cost.seconds)
        waited.append(road.waited)
    return {
        "connections": len(road.connections),
        "round_trips": len(road.trips),
        "waited": median(waited),
        "seconds": median(seconds),
    }
