"""The walk along a chain, which finds the first row that does not fit and says what must have happened to it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from modelgate.domain.archives import ArchiveRow, Gap, Gaps
from modelgate.domain.chain import GENESIS, WINDOW, Link, Misfit, Verification
from modelgate.domain.rows import Head, Scope

PROGRESS_EVERY = 1000


def walk(
    scope: Scope,
    links: Iterable[Link],
    *,
    after: Head | None = None,
    expect: Head | None = None,
    gaps: Iterable[Gap] = (),
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Reads `links`, in order of sequence, and stops at the first that does not fit. Memory stays flat.

    With `after`, a head that was verified before, `links` begin with that very row. `expect` is a head kept elsewhere,
    at or after `after`. `gaps` are those that rows of `archives` name: where one is, no row may be or all must.
    `progress` is told how far in the chain the walk has come, from where it began.
    """
    walker = _Walker(after, Gaps(gaps))
    remaining = iter(links)
    for link in remaining:
        walker.cross(link.sequence)
        misfit = walker.misfit(link, remaining) or _unexpected(link, expect) or walker.contradicted(link)
        if misfit:
            return walker.verification(scope, misfit)
        walker.take(link)
        if progress and walker.rows % PROGRESS_EVERY == 0:
            progress(walker.place - walker.first)
    return walker.verification(scope, walker.missing(expect or after) or walker.unproved())


def _unexpected(link: Link, expect: Head | None) -> Misfit | None:
    if expect and link.sequence == expect.sequence and link.hash != expect.hash:
        return Misfit("changed", link.sequence, link.table)
    return None


class _Walker:
    """Where a walk stands: the two rows before, oldest first, and the place of the next."""

    def __init__(self, after: Head | None, gaps: Gaps) -> None:
        self.after = after
        self.gaps = gaps
        self.before: deque[Link] = deque(maxlen=2)
        self.place = self.first = after.sequence if after else 1
        self.rows = self.unread = 0

    def take(self, link: Link) -> None:
        self.before.append(link)
        self.place = link.sequence + 1
        self.rows += 1
        self.unread += link.text is None
        if link.table == ArchiveRow.table:
            self.gaps.met(link.sequence, None if link.text is None else json.loads(link.text))

    def cross(self, place: int) -> None:
        """Passes the gaps before a place, if what stands before each is what its row of `archives` names."""
        while self.place < place and (gap := self.gaps.at(self.place)) and gap.previous == self.end:
            self.gaps.take(gap)
            at = self.before[-1].recorded_at if self.before else ""
            self.before.append(Link("", gap.last, "", gap.hash, None, at))  # of its last row no more is known
            self.place = gap.last + 1

    @property
    def end(self) -> str | None:
        """The hash that the next row has to name; None where the walk begins at a row that is still to come."""
        if self.before:
            return self.before[-1].hash
        return None if self.after else GENESIS

    def follows(self, link: Link) -> bool:
        """Whether `link` names the row before it, or is the row that the walk was to begin with."""
        if self.after and not self.before:
            return link.hash == self.after.hash
        return link.previous == self.end

    def misfit(self, link: Link, later: Iterator[Link]) -> Misfit | None:
        """What is wrong with `link` at this place; `later` is read only if something is."""
        if link.sequence > self.place:
            return self._hole()
        if link.sequence < self.place:
            return Misfit("inserted", link.sequence, link.table)
        if link.fits_itself and self.follows(link):
            is_earlier = self.before and link.recorded_at < self.before[-1].recorded_at
            return Misfit("backdated", link.sequence, link.table) if is_earlier else link.fault
        return self._explained(link, later)

    def contradicted(self, link: Link) -> Misfit | None:
        """A row of `archives` says other hashes of a gap's ends than the rows that fill it have."""
        gap = self.gaps.contradicted(link.sequence, link.previous, link.hash)
        return Misfit("changed", gap.sequence, ArchiveRow.table) if gap else None

    def _hole(self) -> Misfit:
        if self.gaps.at(self.place) and self.before:  # rows left here, but another one stood before them
            return Misfit("changed", self.before[-1].sequence, self.before[-1].table or None)
        return Misfit("removed", self.place)

    def _explained(self, link: Link, later: Iterator[Link]) -> Misfit:
        if any(self.follows(other) for other in islice(later, WINDOW)):
            return Misfit("reordered" if link.fits_elsewhere() else "inserted", link.sequence, link.table)
        if self.before and link.previous == self.before[-1].previous:
            return Misfit("inserted", self.before[-1].sequence, self.before[-1].table or None)
        if link.fits_itself and self.before:  # whole in itself, so the row before it is another than it was
            return Misfit("changed", self.before[-1].sequence, self.before[-1].table or None)
        if not self.follows(link) and link.fits_elsewhere():
            return Misfit("removed", link.sequence)
        return Misfit("changed", link.sequence, link.table)

    def missing(self, kept: Head | None) -> Misfit | None:
        """The end of the chain was cut off before a head that was kept."""
        return Misfit("removed", self.place) if kept and self.place <= kept.sequence else None

    def unproved(self) -> Misfit | None:
        """A gap was passed, but the row that accounts for it is not in the chain."""
        gap = self.gaps.unproved
        return Misfit("removed", gap.first) if gap else None

    def verification(self, scope: Scope, misfit: Misfit | None) -> Verification:
        last = self.before[-1] if self.before else None
        head = Head(scope, last.sequence, last.hash) if last else None
        return Verification(scope, head, self.rows, self.unread, misfit, gaps=tuple(self.gaps.passed))
