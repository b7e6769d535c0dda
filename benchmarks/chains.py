"""A chain that can be verified: how fast `audit verify` reads it, and that its memory does not grow with it.

Runs of ten slots that asked the API, each with its resolutions, as gates of the version that is measured write them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measuring import MODELGATE, Command, of_version
from stores import DATABASES, store

_WRITE = """
import sys
from datetime import UTC, datetime
from modelgate.clock import Deadline, SystemClock
from modelgate.domain import codec
from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.rows import Author, ResolutionRow, RunRow, Scope
from modelgate.domain.secret import Secret
from modelgate.domain.settings import DatabaseSettings
from modelgate.store import open_store

SLOTS, RUNS_A_WRITE = 10, 1000
url, rows, clock, now = sys.argv[1], int(sys.argv[2]), SystemClock(), datetime.now(UTC)
ids = [f"claude-bench-{number}-20261001" for number in range(SLOTS)]
entries = {each: Entry(each, "active", capabilities={f"capability.{n}": True for n in range(24)}) for each in ids}
facts = Facts("http://bench", now, {each: Answer(each, Outcome.RESOLVED, each) for each in ids}, entries)
if hasattr(codec, "seen_of"):
    seen = codec.seen_of(facts, ids)
    more = {"entries": seen.entries}
    told = {"answers": seen.answers, "entries": seen.digests, "seen_at": now, "grace_mark": "0" * 32}
else:  # a version that knows no entries
    more = {}
    told = {"facts": codec.facts_to_json(facts, ids), "asked_at": now, "grace_fingerprint": "0" * 64}
store = open_store(DatabaseSettings(Secret(url)), deadline=Deadline.after(3600, clock), clock=clock)
head = store.head(Scope("bench", "prod"))
print(head or "")
done = head.sequence if head else 0
while done < rows:
    batch = []
    for number in range(min(RUNS_A_WRITE, -(-(rows - done) // (SLOTS + 1)))):
        run_id = f"run_{done}_{number}"
        batch.append(RunRow(run_id, "preflight", "pass", True, 0, now, now, "[]", "http://bench", 1, **told))
        for n, each in enumerate(ids):
            batch.append(ResolutionRow(run_id, f"slot_{n}", each, "resolved", each, each, each, 1))
    done = store.append(Scope("bench", "prod"), Author("bench", "pod", "0.1.0"), batch, now=now, **more).sequence
"""


def measure(rows: int, versions: Mapping[str, Path | None]) -> Iterator[dict[str, Any]]:
    """For each database and version a chain of a tenth of the rows, then of all, then from a head in its middle on.
    `versions`: names to checkouts.
    """
    for database in DATABASES:
        for name, tree in versions.items():
            for result in _of_version(database, rows, of_version(tree)):
                yield {"database": database, "version": name, **result}


def _of_version(database: str, rows: int, version: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    with store(database, version) as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config").mkdir()
        (folder / "config" / "prod.toml").write_text('service = "bench"')
        environ = {"MODELGATE_DATABASE_URL": url, **version}
        head = ""
        for number, after in ((rows // 10, False), (rows, False), (rows, True)):
            if not after:
                head = Command([sys.executable, "-c", _WRITE, url, str(number)], folder, environ).told().strip()
            verify = [*MODELGATE, "audit", "verify", "-e", "prod", *(["--after", head] if after else [])]
            yield {"rows": number, "after": after, **asdict(Command(verify, folder, environ).run())}
