"""Many gates of one rollout that start in the same moment: how often they ask the API, and when the last is done."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from gates import populate, settings
from measuring import MODELGATE, Command, gate_environ, sandbox
from stores import DATABASES, store

SLOTS = 10
LATENCY_MS = 100


def measure(gates: int) -> Iterator[dict[str, Any]]:
    """One result for each database. The slots are pinned, and no facts may be reused: the key was changed."""
    for database in DATABASES:
        with sandbox() as api, store(database) as url, tempfile.TemporaryDirectory() as name:
            populate(api)
            folder = Path(name)
            (folder / "config").mkdir()
            (folder / "config" / "prod.toml").write_text(settings(SLOTS, 86400))
            command = Command([*MODELGATE, "preflight", "-e", "prod"], folder, gate_environ(api, url))
            command.run()
            api.configure(latency_ms=LATENCY_MS)
            api.forget_requests()
            rollout = Command(command.words, folder, {**command.environ, "ANTHROPIC_API_KEY": "rotated"})
            running = [rollout.start() for _ in range(gates)]
            costs = [each.finish() for each in running]
            yield {
                "database": database,
                "gates": gates,
                "requests": len(api.requests()),
                "lists": api.counters()["GET /v1/models"],
                "median_seconds": median(cost.seconds for cost in costs),
                "last_seconds": max(cost.seconds for cost in costs),
                "cpu_seconds": sum(cost.cpu_seconds for cost in costs),
            }
