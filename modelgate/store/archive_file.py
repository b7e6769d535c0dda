"""The file of an archive: what `audit export` writes of the rows that leave, in gzip. Written whole, and read back."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from modelgate.domain.archives import ArchiveRow
from modelgate.domain.chain import Kind, Link, Misfit
from modelgate.domain.codec import canonical, content_digest
from modelgate.domain.errors import UsageError
from modelgate.domain.retention import Portion, Range
from modelgate.domain.rows import Scope
from modelgate.domain.text import printable
from modelgate.whole_file import whole_file

MARK = "part"
"""In the name of the file while it is written."""
BLOCK = 1 << 20
Named = tuple[Scope, tuple[ArchiveRow, ...]]
"""A portion: the rows of `archives` that will name its ranges."""
UNREADABLE = (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a file raises that is no archive."""


def write(path: Path, lines: Iterable[str]) -> None:
    """Writes the file whole and synced, with its folder; never over one that is there. Raises UsageError."""
    try:
        with whole_file(path, MARK) as raw:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                for line in lines:
                    packed.write(f"{line}\n".encode("ascii"))
            raw.flush()
            os.fsync(raw.fileno())
            # The name is taken before the file takes it: whoever made one in the meantime keeps it.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        _sync_folder(path)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"cannot write {path}: {reason}", hint="nothing was archived: name another file") from error


def need_new(path: Path) -> None:
    """Raises UsageError for a name that is taken: an archive is never written over."""
    if os.path.lexists(path):
        raise _taken(path)


def _taken(path: Path) -> UsageError:
    return UsageError(f"{printable(str(path), 200)} is there already", hint="--out takes the name of a new file")


def _sync_folder(path: Path) -> None:
    if os.name != "posix":
        return
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def file_digest(path: Path) -> str:
    """SHA-256 of the file. Raises OSError."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def rows_of(path: Path) -> Iterator[tuple[Scope, Link]]:
    """Each row of the file, in its order, with what is wrong with the entries that it names.

    Raises one of UNREADABLE where the file is no archive.
    """
    fit: set[str] = set()
    with _opened(path) as lines:
        for line in lines:
            stored: dict[str, Any] = json.loads(line)
            row, entries = stored["row"], dict[str, str](stored.get("entries", {}))
            place = Scope(str(row["service"]), str(row["environment"]))
            at = str(row["recorded_at"])
            link = Link(row["table"], row["sequence"], row["previous"], stored["hash"], canonical(row), at)
            fit |= {digest for digest, content in entries.items() if content_digest(content) == digest}
            wrong = next((digest for digest in link.named if digest not in fit), None)
            kind: Kind = "changed" if wrong in entries else "removed"
            fault = Misfit(kind, link.sequence, link.table, wrong) if wrong else None
            yield place, link._replace(fault=fault, entries=tuple(entries.items()))


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile]:
    with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as lines:
        yield lines


def read_back(path: Path, leaving: Iterable[tuple[Scope, Portion]], older_than: datetime) -> list[Named]:
    """What the file holds, as the rows that will name it, a portion after another.

    Every row is hashed anew and must stand in the place that was planned. Raises UsageError where one does not.
    """
    try:
        whole = file_digest(path)
        rows = rows_of(path)
        of = ArchiveRow(0, 0, "", "", older_than, path.name, whole)
        found = [(scope, tuple(_named(rows, scope, each, of) for each in portion)) for scope, portion in leaving]
        if next(rows, None) is not None:
            raise ValueError("more than was written")
    except UNREADABLE as error:
        hint = "nothing was archived; the disk may be at fault"
        raise UsageError(f"{path} was not read back as it was written", hint=hint) from error
    return found


def _named(rows: Iterator[tuple[Scope, Link]], scope: Scope, wanted: Range, of: ArchiveRow) -> ArchiveRow:
    previous = end = ""
    for place in range(wanted.first, wanted.last + 1):
        at, link = next(rows, (None, None))
        if link is None or at != scope or link.sequence != place or not link.fits_itself or link.fault:
            raise ValueError(f"row {place} is not there")
        if place == wanted.first:
            previous = link.previous
        elif link.previous != end:
            raise ValueError(f"row {place} does not name the row before it")
        end = link.hash
    return replace(of, first_sequence=wanted.first, last_sequence=wanted.last, first_previous=previous, last_hash=end)
