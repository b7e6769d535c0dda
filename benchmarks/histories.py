"""Long histories: what people and pods do, on a store with millions of resolutions and on one with a hundred."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measuring import MODELGATE, Command, gate_environ, in_turns, of_version, sandbox
from seeding import settings
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


_SEED = """
import sys
sys.path.insert(0, sys.argv[1] + "/benchmarks")
from seeding import seed
seed(sys.argv[2], int(sys.argv[3]))
"""


def measure(resolutions: dict[str, int], rounds: int, before: Path | None = None) -> Iterator[dict[str, Any]]:
    """One result for each database and command. `resolutions`: how many, by database; `before`: another checkout, on a
    store of its own that is as long.
    """
    here = Path(__file__).parents[1]
    for database in DATABASES:
        with ExitStack() as stack:
            api = stack.enter_context(sandbox())
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "config").mkdir()
            (folder / "config" / "prod.toml").write_text(settings())
            environs = {}
            sizes = {"short": (SHORT, None), "long": (resolutions[database], None)}
            sizes |= {"before": (resolutions[database], before)} if before else {}
            for name, (number, tree) in sizes.items():
                url = stack.enter_context(store(database, of_version(tree)))
                environs[name] = {**gate_environ(api, url), **of_version(tree)}
                for words in (["db", "upgrade"], ["db", "check"]):
                    Command([*MODELGATE, *words, "-e", "prod"], folder, environs[name]).run()
                seeds = [sys.executable, "-c", _SEED, str((tree or here).resolve()), url, str(number)]
                Command(seeds, folder, environs[name]).run()
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
