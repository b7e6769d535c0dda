"""Entries as evidence: whether those that rows name are there, and are what their digests say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from modelgate.domain.chain import Kind, Misfit
from modelgate.domain.codec import content_digest, digests_of
from modelgate.store.tables import entries

IN_ONE_GO = 500
"""Entries that are fetched with one statement."""
REMEMBERED = 100_000
"""Digests that are known to fit at a time: memory stays flat, however many entries there are."""


class Named(NamedTuple):
    """What one row names."""

    fault: Misfit | None = None
    """The first entry that is not there or not its digest's."""
    new: tuple[tuple[str, str], ...] = ()
    """Digest and text of those that no row before it named."""


NONE = Named()


class Entries:
    """Looks at each entry once, however many rows name it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._fit: set[str] = set()

    def of(self, page: Sequence[Row[Any]]) -> dict[int, Named]:
        """By sequence, of the rows of a page that name entries which were not looked at yet."""
        named = {row.sequence: digests_of(str(row.entries)) for row in page if row.entries is not None}
        unseen = {digest for digests in named.values() for digest in digests} - self._fit
        stored = read(self._connection, unseen)
        fit = {digest for digest, content in stored.items() if content_digest(content) == digest}
        self._fit = self._fit | fit if len(self._fit) < REMEMBERED else fit
        found: dict[int, Named] = {}
        for sequence, digests in named.items():
            wrong = next((digest for digest in digests if digest in unseen and digest not in fit), None)
            new = tuple((digest, stored.pop(digest)) for digest in digests if digest in fit and digest in stored)
            kind: Kind = "changed" if wrong in stored else "removed"
            found[sequence] = Named(Misfit(kind, sequence, "runs", wrong) if wrong is not None else None, new)
        return found


def read(connection: Connection, digests: Iterable[str]) -> dict[str, str]:
    """What is stored under each of these digests, whatever it is."""
    wanted, found = sorted(digests), dict[str, str]()
    for start in range(0, len(wanted), IN_ONE_GO):
        part = entries.c.digest.in_(wanted[start : start + IN_ONE_GO])
        found |= {row.digest: row.entry for row in connection.execute(select(entries).where(part))}
    return found
