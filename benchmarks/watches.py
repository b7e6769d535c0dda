"""A whole fleet at once: what a look of `watch`, `fleet` and a page of `serve` take over very many scopes.

    python benchmarks/watches.py [--scopes 10000] [--slots 10] [--database sqlite|postgresql]

One preflight a scope, with its resolutions and pins, twenty aliases over all. Prints seconds, peak memory and requests.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from measuring import MODELGATE, Command, Cost, Running, gate_environ, sandbox
from stores import DATABASES, store

from modelgate.clock import Deadline, SystemClock
from modelgate.domain.codec import canonical, entry_to_json
from modelgate.domain.rows import Author, PinRow, ResolutionRow, Row, RunRow, Scope
from modelgate.domain.secret import Secret
from modelgate.domain.settings import ApiSettings, DatabaseSettings
from modelgate.sandbox.control_client import SandboxControl
from modelgate.store import Store, open_store

ALIASES = 20
AUTHOR = Author("bench", "pod", "0.1.0", None, None)


def main() -> None:
    """Seeds, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scopes", type=int, default=10_000)
    parser.add_argument("--slots", type=int, default=10)
    parser.add_argument("--database", choices=DATABASES, action="append")
    options = parser.parse_args()
    for database in options.database or DATABASES:
        for result in measure(database, options.scopes, options.slots):
            print(json.dumps({"database": database, "slots": options.scopes * options.slots, **result}), flush=True)


def measure(database: str, scopes: int, slots: int) -> Iterator[dict[str, Any]]:
    """One result for each command: `watch` on a quiet day, when an alias moves and a model is deprecated, and after."""
    with ExitStack() as stack:
        api: SandboxControl = stack.enter_context(sandbox())
        url = stack.enter_context(store(database))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environ = gate_environ(api, url)
        models = populate(api)
        seed(url, api.url, scopes, slots, models)
        (folder / "default.toml").write_text("[policy]\ndeadline_seconds = 120\n")
        words = ["--config-dir", str(folder)]
        for name, command in {
            "watch, quiet": ["watch"], "watch, bad day": ["watch"], "watch, the day after": ["watch"],
            "fleet": ["fleet", "--format", "json", "--out", str(folder / "fleet.json")],
            "fleet --model": ["fleet", "--model", models[0][1]], "fleet --due 30": ["fleet", "--due", "30"],
        }.items():  # fmt: skip
            if name == "watch, bad day":
                api.move_alias(models[0][0], models[1][1])
                api.deprecate(models[2][1], retires_in_days=20)
            api.forget_requests()
            cost = _cost(Command([*MODELGATE, *command, *words], folder, environ).start())
            yield {"command": name, "seconds": round(cost.seconds, 1), "cpu_seconds": round(cost.cpu_seconds, 1),
                   "peak_mb": round(cost.peak_mb), "requests": len(api.requests())}  # fmt: skip


def _cost(running: Running) -> Cost:
    """As `finish`, of a command that may have found something."""
    _, status, usage = os.wait4(running.process.pid, 0)
    seconds = time.perf_counter() - running.started
    running.process.returncode = os.waitstatus_to_exitcode(status)
    with running.told:
        if running.process.returncode not in (0, 1):
            running.told.seek(0)
            raise SystemExit(running.told.read().decode()[-2000:])
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def populate(api: SandboxControl) -> list[tuple[str, str]]:
    """Aliases and the models that they mean."""
    made = [(f"claude-bench-{n}", f"claude-bench-{n}-20260101") for n in range(ALIASES)]
    for alias, model in made:
        api.add_model(model)
        api.move_alias(alias, model)
    return made


def seed(url: str, origin: str, scopes: int, slots: int, models: Sequence[tuple[str, str]]) -> None:
    """One preflight a scope, as a gate leaves it behind."""
    entry = canonical(entry_to_json(_entry(origin)))
    clock = SystemClock()
    opened = open_store(DatabaseSettings(Secret(url)), deadline=Deadline.after(3600, clock), clock=clock)
    for number in range(scopes):
        _append(opened, Scope(f"service-{number // 4:05}", f"env-{number % 4}"), number, slots, models, (origin, entry))


def _append(
    opened: Store, scope: Scope, number: int, slots: int, models: Sequence[tuple[str, str]], known: tuple[str, str]
) -> None:
    origin, entry = known
    now, run_id = SystemClock().now(), f"run_{number:06}"
    told, rows, pins = [], list[Row](), list[Row]()
    for slot in range(slots):
        name, (alias, model) = f"slot_{slot}", models[(number + slot) % len(models)]
        told.append({"slot": name, "reference": alias, "source": f"config/prod.toml:{slot}", "requires": ["batch"]})
        rows.append(ResolutionRow(run_id, name, alias, "resolved", model, model, model, 1, lifecycle="active"))
        pinned = entry.replace('"id":"claude-sonnet-5"', f'"id":"{model}"')
        pins.append(PinRow(name, 1, "accept", alias, model, "bench", origin=origin, entry=pinned))
    run = RunRow(run_id, "preflight", "pass", True, 0, now, now, canonical(told), origin=origin)
    opened.append(scope, AUTHOR, [run, *rows, *pins], now=now)  # in the order of a gate


def _entry(origin: str) -> Any:
    from modelgate import api

    clock = SystemClock()
    environ = {"ANTHROPIC_API_KEY": "sandbox-key", "ANTHROPIC_BASE_URL": origin}
    listed = api.list_models(ApiSettings(), deadline=Deadline.after(30, clock), environ=environ)
    return next(each for each in listed if each.id == "claude-sonnet-5")


if __name__ == "__main__":
    main()
