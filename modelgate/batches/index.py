"""Where each request of a file stands and how it ended, on disk: memory stays flat however long the file is.

A scratch database that the system forgets with the process, even if that is killed. Nothing here is evidence: all of it
is read again from the file and from the API.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from modelgate.batches.positions import Range
from modelgate.domain.errors import UsageError

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16000;
CREATE TABLE requests (
    position INTEGER PRIMARY KEY, custom_id TEXT NOT NULL UNIQUE, line INTEGER NOT NULL,
    start INTEGER NOT NULL, length INTEGER NOT NULL, sent INTEGER NOT NULL, mark INTEGER NOT NULL,
    part INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE results (
    position INTEGER PRIMARY KEY, start INTEGER NOT NULL, length INTEGER NOT NULL,
    outcome TEXT NOT NULL, stop TEXT NOT NULL, again INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request stands in its file, in bytes, and how many bytes it is as sent."""

    custom_id: str
    """As its caller calls it."""
    start: int
    length: int
    sent: int
    mark: int = 0
    """This process's `hash` of its line, by which a line that was checked is known again."""
    position: int = 0
    """Counted from 1; 0 for one that is not in an index yet."""


class Index:
    """The requests of one file by position, counted from 1, and what became of them."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # "": a temporary file without a name
        self._db.executescript(_SCHEMA)
        self._execute("BEGIN")

    def close(self) -> None:
        """Forgets everything."""
        self._db.close()

    def forget(self) -> None:
        """Begins anew."""
        self._execute("DELETE FROM requests")
        self._execute("DELETE FROM results")

    def add(self, line: int, place: Place) -> int | None:
        """Adds the next request; the line that already has its custom_id, if one has."""
        cursor = self._execute(
            "INSERT OR IGNORE INTO requests (custom_id, line, start, length, sent, mark) VALUES (?, ?, ?, ?, ?, ?)",
            (place.custom_id, line, place.start, place.length, place.sent, place.mark),
        )
        if cursor.rowcount:
            return None
        found = self._execute("SELECT line FROM requests WHERE custom_id = ?", (place.custom_id,)).fetchone()
        return int(found[0])

    def sizes(self) -> Iterator[tuple[int, int]]:
        """(position, bytes as sent) of every request."""
        yield from self._execute("SELECT position, sent FROM requests ORDER BY position")

    def sizes_again(self) -> Iterator[tuple[int, int]]:
        """(position, bytes as sent) of the requests that are worth sending again."""
        yield from self._execute(
            "SELECT position, sent FROM requests JOIN results USING (position) WHERE again ORDER BY position"
        )

    def sizes_failed(self, *, strict: bool) -> Iterator[tuple[int, int]]:
        """The same of those that errored, expired or were canceled; `strict`: or were refused."""
        yield from self._execute(
            "SELECT position, sent FROM requests JOIN results USING (position)"
            " WHERE outcome LIKE 'errored:%' OR outcome IN ('expired', 'canceled')"
            " OR (? AND outcome = 'succeeded' AND stop = 'refusal') ORDER BY position",
            (strict,),
        )

    def sizes_missing(self) -> Iterator[tuple[int, int]]:
        """The same of those that were sent and have no result."""
        yield from self._execute(
            "SELECT position, r.sent FROM requests r LEFT JOIN results s USING (position)"
            " WHERE r.part > 0 AND s.position IS NULL ORDER BY position"
        )

    def places(self, ranges: Iterable[Range]) -> Iterator[Place]:
        """The requests of a part, in order."""
        query = (
            "SELECT custom_id, start, length, sent, mark, position FROM requests WHERE position BETWEEN ? AND ?"
            " ORDER BY position"
        )
        for bounds in ranges:
            for row in self._execute(query, bounds):
                yield Place(*row)

    def expect(self, part: int, ranges: Iterable[Range]) -> None:
        """From now on the requests of `ranges` are the part's, and have no result."""
        for bounds in ranges:
            self._execute("UPDATE requests SET part = ? WHERE position BETWEEN ? AND ?", (part, *bounds))
            self._execute("DELETE FROM results WHERE position BETWEEN ? AND ?", bounds)

    def expect_rest(self, part: int, ranges: Iterable[Range]) -> int:
        """The same of those of `ranges` that are no later part's and have no result; how many there are."""
        found = 0
        for bounds in ranges:
            query = (
                "UPDATE requests SET part = ? WHERE position BETWEEN ? AND ? AND part <= ?"
                " AND NOT EXISTS (SELECT 1 FROM results s WHERE s.position = requests.position)"
            )
            found += self._execute(query, (part, *bounds, part)).rowcount
        return found

    def position(self, custom_id: str) -> int | None:
        """The position of a request, if the file has it."""
        found = self._execute("SELECT position FROM requests WHERE custom_id = ?", (custom_id,)).fetchone()
        return int(found[0]) if found else None

    def custom_id(self, position: int) -> str | None:
        """What the caller calls the request at a position, if the file has it."""
        found = self._execute("SELECT custom_id FROM requests WHERE position = ?", (position,)).fetchone()
        return str(found[0]) if found else None

    def answer(self, position: int, place: tuple[int, int], outcome: str, stop: str, *, again: bool) -> bool:
        """Notes where a request's result stands (start, length) and what it is; false if it already has one."""
        cursor = self._execute(
            "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?)", (position, *place, outcome, stop, again)
        )
        return bool(cursor.rowcount)

    def outcomes(self) -> dict[str, int]:
        """How many requests ended how; under "" those of a part without a result, under "unsent" those of no part."""
        query = (
            "SELECT CASE WHEN r.part = 0 THEN 'unsent' ELSE coalesce(s.outcome, '') END AS ended, count(*)"
            " FROM requests r LEFT JOIN results s USING (position) GROUP BY ended"
        )
        return dict(self._execute(query))

    def failures(self, part: int) -> list[tuple[str, int, str]]:
        """(outcome, requests, one custom_id) of what ended without success in a part."""
        query = (
            "SELECT coalesce(s.outcome, 'errored:no_result') AS ended, count(*), r.custom_id, min(position)"
            " FROM requests r LEFT JOIN results s USING (position)"
            " WHERE r.part = ? AND ended <> 'succeeded' GROUP BY ended ORDER BY 2 DESC, 4"
        )
        return [(row[0], row[1], row[2]) for row in self._execute(query, (part,))]

    def stop_reasons(self) -> dict[str, int]:
        """Why the answers ended that succeeded."""
        query = "SELECT stop, count(*) FROM results WHERE outcome = 'succeeded' GROUP BY stop"
        return dict(self._execute(query))

    def results(self) -> Iterator[tuple[int, str, int, int | None, int | None]]:
        """(position, custom_id, part, start, length) of every request, in order; no place where there is no result."""
        yield from self._execute(
            "SELECT r.position, r.custom_id, r.part, s.start, s.length FROM requests r"
            " LEFT JOIN results s USING (position) ORDER BY r.position"
        )

    def _execute(self, statement: str, values: Sequence[str | int] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement, values)
        except sqlite3.OperationalError as error:
            hint = "free the folder for temporary files, or name another one: SQLITE_TMPDIR=…"
            raise UsageError(f"no room for the places of the requests: {error}", hint=hint) from None
