"""Archives that are given to be verified: which are those that the chain names, and their rows as links of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from modelgate.domain.archives import Gap
from modelgate.domain.chain import Link
from modelgate.domain.errors import UsageError
from modelgate.domain.rows import Head, Scope
from modelgate.domain.text import printable
from modelgate.store.archive_file import UNREADABLE, file_digest, rows_of
from modelgate.store.families import archives


@dataclass(frozen=True, slots=True)
class Archives:
    """The files that were given, as far as they are what the chain names."""

    files: dict[Path, tuple[Gap, ...]]
    """Those that rows of this chain name, with the gaps that they fill."""
    faults: tuple[str, ...] = ()
    """What is to be said of the others, a line each."""

    def links(self, scope: Scope, first: int) -> Iterator[Link]:
        """The rows that fill them, in order, from `first` on. Raises UsageError where a file cannot be read.

        A file may have more: what a killed archive wrote and did not take is in the store, or in the next file.
        """
        each = (_links(path, scope, [gap for gap in gaps if gap.last >= first]) for path, gaps in self.files.items())
        return (link for link in heapq.merge(*each, key=lambda link: link.sequence) if link.sequence >= first)

    def fills(self, gap: Gap) -> bool:
        """Whether the file that took the gap's rows was given."""
        return any(gap in gaps for gaps in self.files.values())


def of(connection: Connection, gaps: Sequence[Gap], files: Sequence[Path]) -> Archives:
    """What the files are. Raises UsageError where one cannot be read at all."""
    found: dict[Path, tuple[Gap, ...]] = {}
    faults: list[str] = []
    for path in files:
        try:
            whole = file_digest(path)
        except OSError as error:
            raise _unreadable(path, error) from error
        theirs = tuple(gap for gap in gaps if gap.file_digest == whole)
        if theirs:
            found |= {path: theirs} if theirs not in found.values() else {}
        elif not _is_of_another(connection, whole):
            faults.append(f"{printable(str(path), 200)} is none that this store names: changed, or another's")
    return Archives(found, tuple(faults))


def _is_of_another(connection: Connection, whole: str) -> bool:
    """Whether only other chains of the store have rows in it: one file has those of all."""
    found = connection.execute(select(archives.c.file_digest).where(archives.c.file_digest == whole).limit(1)).first()
    connection.rollback()
    return found is not None


def _links(path: Path, scope: Scope, gaps: Sequence[Gap]) -> Iterator[Link]:
    """The rows of the gaps, which are in order, as the file's rows of one scope are."""
    wanted = iter(gaps)
    present = next(wanted, None)
    try:
        for place, link in rows_of(path):
            while present and place == scope and link.sequence > present.last:
                present = next(wanted, None)
            if present is None:
                return
            if place == scope and present.holds(link.sequence):
                yield link
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def compared(gaps: Sequence[Gap], read: Archives, head: Head) -> Gap | None:
    """The gap with whose end a head was compared that has to be: it fits there. None: its row will be read.

    Raises UsageError where the row is in an archive which was not given, and its hash is nowhere else.
    """
    gap = next((gap for gap in gaps if gap.holds(head.sequence) and not read.fills(gap)), None)
    if gap and head.sequence != gap.last:
        message = f"the row of that head left for the archive {printable(gap.file_name, 80)}"
        raise UsageError(message, hint=f"--archive {printable(gap.file_name, 80)}")
    return gap


def _unreadable(path: Path, error: BaseException) -> UsageError:
    reason = getattr(error, "strerror", None) or "it is no archive"
    return UsageError(f"cannot read {printable(str(path), 200)}: {reason}", hint="--archive takes files of db archive")
