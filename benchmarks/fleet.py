"""A fleet of 10,000 services with ten slots each on PostgreSQL: what looks at all of them, and readers of its pages.

    python benchmarks/fleet.py [--resolutions 1000000]

By itself it prints a line of JSON for each figure. Seconds are of the clock on the wall, the least of several rounds
where nothing is written; CPU is the command's own, without the database's.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from measuring import MODELGATE, Command, Cost, Running, gate_environ, sandbox
from seeding import SLOTS, seed_fleet
from stores import DATABASES, store

from modelgate import api
from modelgate.clock import Deadline, SystemClock
from modelgate.domain.codec import canonical, entry_to_json
from modelgate.domain.settings import ApiSettings
from modelgate.sandbox.control_client import SandboxControl

SCOPES = 10_000
READERS = 20
READING = 45.0
"""Seconds: the picture is renewed meanwhile, at least once."""
PORT = 18787
DUE = "claude-sonnet-4-5-20250929"
"""What one slot of each service runs, and what retires soon."""
ALIASES = {f"claude-fleet-{number}": f"claude-fleet-{number}-20260101" for number in range(20)}
LOOKS = ("watch, a quiet day", "watch, a bad day", "watch, the day after")
ASKED = {
    "fleet --model": ["fleet", "--model", DUE],
    "fleet --model, of nobody": ["fleet", "--model", "claude-never"],
    "fleet --due 30": ["fleet", "--due", "30"],
    "fleet": ["fleet"],
}


def measure(resolutions: int, rounds: int = 3) -> Iterator[dict[str, Any]]:
    """One result for each command, and one for the pages. `resolutions`: how many rows of them."""
    if "postgresql" not in DATABASES:
        return
    with ExitStack() as stack:
        models, url = stack.enter_context(sandbox()), stack.enter_context(store("postgresql"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for alias, model in ALIASES.items():
            models.add_model(model)
            models.move_alias(alias, model)
        seed_fleet(url, SCOPES, resolutions // (SCOPES * SLOTS), (models.url, _entry(models)), DUE, ALIASES)
        size = {"scopes": SCOPES, "slots": SCOPES * SLOTS, "resolutions": resolutions}
        environ = gate_environ(models, url)
        for name in LOOKS:
            if name == LOOKS[1]:  # a tenth of all slots is deprecated, every fortieth is moved
                models.deprecate(DUE, retires_in_days=20)
                models.move_alias("claude-fleet-0", "claude-sonnet-5")
            models.forget_requests()
            cost = Command([*MODELGATE, "watch"], folder, environ, codes=(0, 1)).run()
            yield {**size, "what": name, "requests": len(models.requests()), **asdict(cost)}
        for name, words in ASKED.items():
            command = Command([*MODELGATE, *words, "--format", "json"], folder, environ)
            quietest = min((command.run() for _ in range(rounds)), key=lambda cost: cost.seconds)
            yield {**size, "what": name, "requests": 0, **asdict(quietest)}
        yield from ({**size, "requests": 0, **told} for told in _pages(folder, environ))


def _entry(sandbox_api: SandboxControl) -> str:
    """One that the API lists, as a pin records it."""
    clock, environ = SystemClock(), {"ANTHROPIC_API_KEY": "sandbox-key", "ANTHROPIC_BASE_URL": sandbox_api.url}
    listed = api.list_models(ApiSettings(), deadline=Deadline.after(30, clock), environ=environ)
    return canonical(entry_to_json(next(each for each in listed if each.id == "claude-sonnet-5")))


def _pages(folder: Path, environ: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What readers waited, what a page took, and how much memory the process ever had."""
    with _served(folder, environ) as running:
        before, until = _cpu(running), time.monotonic() + READING
        with ThreadPoolExecutor(READERS) as readers:
            each = list(readers.map(lambda number: _read(random.Random(number), until), range(READERS)))
        took = [seconds for reader in each for seconds in reader]
        name = f"a page, {READERS} readers, 95th percentile of {len(took):,}"
        cost = Cost(quantiles(took, n=100)[94], (_cpu(running) - before) / len(took), _peak(running))
        yield {"what": name, **asdict(cost)}
        started, before = time.perf_counter(), _cpu(running)
        with urlopen(f"http://127.0.0.1:{PORT}/api/fleet", timeout=120) as answer:
            while answer.read(2**20):
                pass
        cost = Cost(time.perf_counter() - started, _cpu(running) - before, _peak(running))
        yield {"what": "all of it from serve, as JSON", **asdict(cost)}


def _read(dice: random.Random, until: float) -> list[float]:
    """One page after the other, as somebody does who looks for something."""
    took = []
    while time.monotonic() < until:
        started = time.perf_counter()
        with urlopen(f"http://127.0.0.1:{PORT}{_page(dice)}", timeout=120) as answer:
            answer.read()
        took.append(time.perf_counter() - started)
    return took


def _page(dice: random.Random) -> str:
    service, sort = f"svc_{dice.randrange(SCOPES):05}", quote(dice.choice(("model", "service", "days left")))
    page = dice.randrange(1, 100)
    return dice.choice(
        (
            "/", f"/?q={service}", f"/?sort={sort}&page={page}", f"/service/{service}/prod",
            f"/model?id={DUE}&page={page}", "/retirements",
        )
    )  # fmt: skip


@contextmanager
def _served(folder: Path, environ: dict[str, str]) -> Iterator[Running]:
    running = Command([*MODELGATE, "serve", "--port", str(PORT)], folder, environ).start()
    try:
        for _ in range(600):
            with suppress(OSError), urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=10):
                break
            time.sleep(0.5)
        yield running
    finally:
        running.process.terminate()
        running.process.wait()
        running.told.close()


def _cpu(running: Running) -> float:
    """Seconds that it took so far."""
    words = Path(f"/proc/{running.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / 100


def _peak(running: Running) -> float:
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolutions", type=int, default=1_000_000)
    for result in measure(parser.parse_args().resolutions):
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
