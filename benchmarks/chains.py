"""A chain that can be verified: how fast `audit verify` reads it, and that its memory does not grow with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measuring import MODELGATE, Command
from stores import DATABASES, store

from modelgate.clock import Deadline, SystemClock
from modelgate.domain.rows import Author, ResolutionRow, Scope
from modelgate.domain.secret import Secret
from modelgate.domain.settings import DatabaseSettings
from modelgate.store import open_store

ROWS_A_WRITE = 20_000


def measure(rows: int) -> Iterator[dict[str, Any]]:
    """For each database a chain of a tenth of the rows, then of all of them, then from a head in its middle on."""
    for database in DATABASES:
        with store(database) as url, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "config").mkdir()
            (folder / "config" / "prod.toml").write_text('service = "bench"')
            environ = {"MODELGATE_DATABASE_URL": url}
            head = ""
            for number, after in ((rows // 10, False), (rows, False), (rows, True)):
                head = _write(url, number) if not after else head
                verify = [*MODELGATE, "audit", "verify", "-e", "prod", *(["--after", head] if after else [])]
                cost = Command(verify, folder, environ).run()
                yield {"database": database, "rows": number, "after": after, **asdict(cost)}


def _write(url: str, rows: int) -> str:
    """Makes the chain that long, by appending; returns the head that it had before."""
    clock, scope = SystemClock(), Scope("bench", "prod")
    opened = open_store(DatabaseSettings(Secret(url)), deadline=Deadline.after(3600, clock), clock=clock)
    before = opened.head(scope)
    done = before.sequence if before else 0
    author = Author("bench", "pod", "0.1.0")
    while done < rows:
        count = min(ROWS_A_WRITE, rows - done)
        row = ResolutionRow("run_bench", "summarizer", "claude-sonnet-5", "resolved", "claude-sonnet-5")
        done = opened.append(scope, author, [row] * count, now=datetime.now(UTC)).sequence
    return str(before) if before else ""
