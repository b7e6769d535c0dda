"""Long histories: what people and pods do, on a store with millions of resolutions and on one with a hundred."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measuring import MODELGATE, Command, gate_environ, in_turns, sandbox
from seeding import seed, settings
from stores import DATABASES, store

SHORT = 100
"""Resolutions of the store to compare with: no more than a first day's."""
_THEN = (datetime.now(UTC) - timedelta(days=180)).isoformat()
ASKED = {
    "check": ["check"],
    "preflight": ["preflight"],
    "status": ["status"],
    "rollback --dry-run": ["rollback", "slot_3", "--reason", "bench", "--dry-run"],
    "rollback --to-time --dry-run": ["rollback", "slot_3", "--to-time", _THEN, "--reason", "bench", "--dry-run"],
    "history --limit 20": ["history", "--limit", "20"],
    "history --at": ["history", "--at", _THEN],
    "audit head": ["audit", "head"],
}


def measure(resolutions: dict[str, int], rounds: int) -> Iterator[dict[str, Any]]:
    """One result for each database and command. `resolutions`: how many, by database."""
    for database in DATABASES:
        with ExitStack() as stack:
            api = stack.enter_context(sandbox())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "config").mkdir()
            (folder / "config" / "prod.toml").write_text(settings())
            environs = {}
            for name, number in (("short", SHORT), ("long", resolutions[database])):
                url = stack.enter_context(store(database))
                environs[name] = gate_environ(api, url)
                for words in (["db", "upgrade"], ["db", "check"]):
                    Command([*MODELGATE, *words, "-e", "prod"], folder, environs[name]).run()
                seed(url, number)
                Command([*MODELGATE, "preflight", "-e", "prod"], folder, environs[name]).run()
            for asked, words in ASKED.items():
                commands = {
                    name: Command([*MODELGATE, *words, "-e", "prod"], folder, environ)
                    for name, environ in environs.items()
                }
                costs = in_turns(commands, rounds)
                yield {
                    "database": database,
                    "resolutions": resolutions[database],
                    "command": asked,
                    "costs": {name: asdict(cost) for name, cost in costs.items()},
                }
