"""db archive: rows that nobody will ask for leave for a file, and the chain says so. Asks the store alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from modelgate.domain.errors import ModelgateError, Refused, StoreProblem, UsageError
from modelgate.domain.problems import Problem
from modelgate.domain.retention import Portion
from modelgate.domain.rows import Scope
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant, to_the_minute
from modelgate.gate.context import Context
from modelgate.operations.storage import PATIENCE, need_store
from modelgate.store import Store
from modelgate.store.archiving import Archiving

YOUNG = timedelta(days=1)
"""What is younger always stays: `fleet` tells of the hosts of a day."""
BETWEEN = 0.2
"""Seconds between two portions: whoever waits for SQLite's lock looks for it ten times a second."""

Planned = Sequence[tuple[Scope, Portion]]
Progress = Callable[[str, int, int], None]
"""Told what is done, and how much of how much."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What leaves, or left."""

    before: datetime
    scopes: Mapping[Scope, int]
    """How many rows of each."""
    size: float
    """Bytes that they take in the store, indexes included, in equal shares for each row."""
    out: Path | None
    file_size: int | None = None
    """None where nothing was done yet."""
    file_digest: str | None = None
    on_sqlite: bool = False

    @property
    def rows(self) -> int:
        """Of all scopes."""
        return sum(self.scopes.values())

    @property
    def done(self) -> bool:
        """Whether they left."""
        return self.file_digest is not None


def archive(
    context: Context,
    before: datetime,
    out: Path | None,
    *,
    force: bool = False,
    confirm: Callable[[Archive], bool] | None = None,
    progress: Progress | None = None,
) -> Archive | None:
    """Writes what may leave to `out`, reads it back and deletes it, a portion at a time; without `out` only tells it.

    None if `confirm` said no. Raises UsageError for a time too young and a file that is there or cannot be written,
    Refused where a chain does not fit or versions that know no archives are in use, and StoreProblem.
    """
    now = context.clock.now()
    if before > now - YOUNG:
        raise UsageError("the last 24 hours stay in the store", hint="--before takes an earlier time")
    if out:
        from modelgate.store.archive_file import need_new

        need_new(out)
    with context.store(context.deadline(), read_only=True) as store:
        need_store(context, store)
        store.be_patient(PATIENCE)
        archiving = store.archiving(before)
        archiving.need_owner()
        if not force:
            _need_knowing(archiving, now)
        counts: Counter[str] = Counter()
        planned = archiving.planned(counts)
        found = _told(store, planned, counts, before, out, now)
        if out is None or not planned:
            return found
        if confirm and not confirm(found):
            return None
        return _archive(context, store, archiving, planned, found, progress or (lambda *_: None))


def _need_knowing(archiving: Archiving, now: datetime) -> None:
    """Raises Refused where a version ran lately to which a chain with gaps is tampered with."""
    if old := archiving.ignorant(now):
        told = printable(", ".join(old), 60)
        raise Refused(
            f"modelgate {told} ran here within 30 days, and knows no archives",
            hint="upgrade it first; or --force: its audit verify will call the chain tampered with",
        )


def _told(
    store: Store, planned: Planned, counts: Mapping[str, int], before: datetime, out: Path | None, now: datetime
) -> Archive:
    rows: Counter[Scope] = Counter()
    for scope, portion in planned:
        rows[scope] += sum(each.rows for each in portion)
    room = store.storage(now, None)
    size = sum(room.tables[name].size / room.tables[name].rows * count for name, count in counts.items() if count)
    return Archive(before, rows, size, out, on_sqlite=store.on_file)


def _archive(
    context: Context, store: Store, archiving: Archiving, planned: Planned, found: Archive, progress: Progress
) -> Archive:
    from modelgate.store import archive_file

    assert found.out is not None  # noqa: S101 # a dry run ends before
    for scope in found.scopes:
        _need_intact(store, scope, progress)
    lines, total = archiving.lines(planned), found.rows
    archive_file.write(found.out, _counted(lines, lambda done: progress("writing", done, total)))
    named = archive_file.read_back(found.out, planned, found.before)
    gone, patient = 0, context.store(context.deadline())
    patient.be_patient(PATIENCE)
    writing = patient.archiving(found.before)
    for scope, rows in named:
        try:
            writing.take(scope, context.author, rows, context.clock.now())
        except ModelgateError as error:
            raise _broken_off(error, found, gone) from error
        gone += sum(row.last_sequence - row.first_sequence + 1 for row in rows)
        progress("archiving", gone, total)
        context.clock.sleep(BETWEEN)
    return replace(found, file_size=found.out.stat().st_size, file_digest=named[0][1][0].file_digest)


def _need_intact(store: Store, scope: Scope, progress: Progress) -> None:
    """Raises Refused where a chain does not fit, StoreProblem where it could not be read whole."""
    found = store.verify(scope, progress=lambda done, total: progress(f"verifying {scope}", done, total))
    hint = f"modelgate audit verify {scope.flags}"
    if found.is_tampered_with:
        what = str(found.misfit) if found.misfit else f"unguarded: {found.guards[0]}"
        raise Refused(f"nothing was archived: {scope}: {what}", hint=hint)
    if not found.intact:
        raise StoreProblem(Problem("store.schema-incompatible", f"{scope} has rows of a newer modelgate", hint))


def _counted(lines: Any, told: Callable[[int], None]) -> Any:
    for done, line in enumerate(lines, 1):
        yield line
        if done % 1000 == 0:
            told(done)


def _broken_off(error: ModelgateError, found: Archive, gone: int) -> ModelgateError:
    """The failure, with what stands: portions that left are in the file, the others in the store."""
    name = printable(str(found.out), 200)
    stands = f"keep {name}: {gone} rows left for it" if gone else f"{name} is not needed: no row left for it"
    hint = f"{stands}; the rest is in the store: archive again, with another --out"
    if isinstance(error, StoreProblem):
        return StoreProblem(error.problem.hinting(hint))
    return Refused(error.message, hint=hint)


def archive_json(found: Archive) -> dict[str, Any]:
    """As JSON values."""
    return {
        "before": format_instant(found.before),
        "archived": found.done,
        "rows": found.rows,
        "bytes": round(found.size),
        "scopes": [
            {"service": scope.service, "environment": scope.environment, "rows": rows}
            for scope, rows in found.scopes.items()
        ],
        "file": str(found.out) if found.done else None,
        "file_bytes": found.file_size,
        "file_digest": found.file_digest,
    }


def archive_lines(found: Archive) -> list[str]:
    """For people."""
    from modelgate.render.storage import size

    if not found.rows:
        return [f"nothing before {to_the_minute(found.before)} may leave"]
    chains = "one chain" if len(found.scopes) == 1 else f"{len(found.scopes)} chains"
    what = f"{found.rows:,} rows of {chains} from before {to_the_minute(found.before)}, {size(found.size)} of the store"
    if not found.done:
        return [f"would leave: {what}"]
    lines = [
        f"archived {what}",
        f"in {printable(str(found.out), 200)}: {size(found.file_size or 0)}, SHA-256 {found.file_digest}",
        "Keep it: with it alone can audit verify --archive read those rows again.",
    ]
    if found.on_sqlite:
        lines.append("The database's file keeps its size, and new rows fill it: VACUUM makes it smaller.")
    return lines
