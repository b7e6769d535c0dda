"""An archive of a long history: what it takes, how long others wait for it, and what verifying costs before and after.

Started with a URL and a number it writes that history: a process of its own, whose memory is nobody else's.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measuring import MODELGATE, Command
from seeding import insert_rows
from stores import DATABASES, store

from modelgate.clock import Deadline, SystemClock
from modelgate.domain.chain import GENESIS, canonical_row, digest
from modelgate.domain.rows import Author, FindingRow, ResolutionRow, RunRow, Scope
from modelgate.domain.secret import Secret
from modelgate.domain.settings import DatabaseSettings
from modelgate.store import open_store
from modelgate.store.append import _columns
from modelgate.store.families import CHAINED

SLOTS = 10
ROWS_A_RUN = SLOTS + 2
SCOPE = Scope("bench", "prod")
AUTHOR = Author("bench", "pod", "0.1.0")
_SLOTS_JSON = "[" + ",".join(f'{{"slot":"slot_{slot}","reference":"claude-sonnet-5"}}' for slot in range(SLOTS)) + "]"


READING = {
    "status": ("-e", "prod"),
    "history": ("-e", "prod"),
    "audit head": ("-e", "prod"),
    "fleet": (),
    "db stats": (),
}
"""Commands that people type, and the scope of each: they cost the same before and after."""
_SETTINGS = 'service = "bench"\n' + "".join(
    f'[slots.slot_{slot}]\nmodel = "claude-sonnet-5"\n' for slot in range(SLOTS)
)


def measure(rows: int) -> Iterator[dict[str, Any]]:
    """For each database: what each step of an archive of so many rows takes."""
    for database in DATABASES:
        with store(database) as url, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "config").mkdir()
            (folder / "config" / "prod.toml").write_text(_SETTINGS)
            environ = {"MODELGATE_DATABASE_URL": url}
            if database == "sqlite":
                Command([*MODELGATE, "db", "upgrade", "-e", "prod"], folder, environ).run()
            seeding = [sys.executable, __file__, url, str(rows)]
            Command(seeding, folder).run()
            out = folder / "old.jsonl.gz"
            old = [*MODELGATE, "db", "archive", "--before", "2d"]
            steps = {
                **{f"{each} before": [*MODELGATE, *each.split(), *scoped] for each, scoped in READING.items()},
                "audit verify before": [*MODELGATE, "audit", "verify", "-e", "prod"],
                "db archive --dry-run": [*old, "--dry-run"],
                "db archive": [*old, "--out", str(out), "--yes"],
                "audit verify after": [*MODELGATE, "audit", "verify", "-e", "prod"],
                "audit verify --archive": [*MODELGATE, "audit", "verify", "-e", "prod", "--archive", str(out)],
                **{f"{each} after": [*MODELGATE, *each.split(), *scoped] for each, scoped in READING.items()},
            }
            for step, words in steps.items():
                with Beside(url) as beside:
                    cost = Command(words, folder, environ).run()
                size = out.stat().st_size if out.exists() else 0
                told = {"file_mb": size / 1e6, "waited": beside.longest, "appends": beside.count}
                yield {"database": database, "rows": rows, "step": step, **told, **asdict(cost)}


def chain(rows: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """A year of runs of one service that hand over the same, as gates would have left them: table and columns."""
    runs = rows // ROWS_A_RUN
    begin, previous, sequence = datetime.now(UTC) - timedelta(days=368), GENESIS, 0
    for number in range(runs):
        at, run_id = begin + timedelta(days=365) * (number / runs), f"run_{number}"
        common = {"finished_at": at, "slots": _SLOTS_JSON, "origin": "https://api.anthropic.com"}
        of_run: list[Any] = [RunRow(run_id, "preflight", "pass", enforced=True, exit_code=0, started_at=at, **common)]
        model = "claude-sonnet-5"
        of_run += [
            ResolutionRow(run_id, f"slot_{slot}", model, "resolved", model, model, model, 1, lifecycle="active")
            for slot in range(SLOTS)
        ]
        of_run.append(FindingRow(run_id, "catalogue.deprecated", "warn", "claude-sonnet-5 is deprecated", "upgrade"))
        for row in of_run:
            sequence += 1
            values = {
                **_columns(row), **_columns(AUTHOR), "service": SCOPE.service, "environment": SCOPE.environment,
                "recorded_at": at, "clock_at": at, "database_user": None, "form": 1, "sequence": sequence,
                "previous": previous,
            }  # fmt: skip
            previous = values["hash"] = digest(canonical_row(row.table, values))
            yield row.table, {column.name: values.get(column.name) for column in CHAINED[row.table].columns}


class Beside:
    """A gate that records a run of the same service again and again, and how long it waited at the most."""

    def __init__(self, url: str) -> None:
        clock = SystemClock()
        self._store = open_store(DatabaseSettings(Secret(url)), deadline=Deadline.after(7200, clock), clock=clock)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._record)
        self.longest = 0.0
        self.count = 0

    def __enter__(self) -> Beside:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _record(self) -> None:
        while not self._over.wait(0.05):
            now, started = datetime.now(UTC), time.perf_counter()
            run_id = f"run_beside_{now.timestamp()}"
            times = {"started_at": now, "finished_at": now}
            run = RunRow(run_id, "preflight", "pass", enforced=True, exit_code=0, slots="[]", **times)
            self._store.append(SCOPE, AUTHOR, [run], now=now)
            self.longest = max(self.longest, time.perf_counter() - started)
            self.count += 1


if __name__ == "__main__":
    insert_rows(sys.argv[1], chain(int(sys.argv[2])))
