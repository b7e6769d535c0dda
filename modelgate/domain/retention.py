"""Which rows may leave the store for an archive: a pure function of what the store holds.

A run leaves whole, with its resolutions and findings, or stays whole. It stays if anything may ever ask for it:

- the newest run of each verb and verdict, enforced or observed (`status`, `fleet`, `watch`);
- the newest runs whose facts serve reuse or grace, for each fingerprint, the newest that asked at all, and the
  newest that is a witness of the schema (`audit verify`);
- the runs of the newest resolutions, which tell a gate what is an alias;
- of what a slot was handed or observed on: the first and the last run of each stretch of one ID. A revision of the slot
  ends a stretch too. `history`, `rollback`, promotion and soak hop from end to end, and never look in between;
- the run that a revision names: what an approval rested on;
- the last run before T that handed a slot each of its IDs: the answer to what ran at T or later.

What is added later only makes runs needless that are asked for now. So a plan stays right while gates go on.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from modelgate.domain.history import CANDIDATES, RECENT_RESOLUTIONS

PORTION = 20_000
"""Rows that leave in one transaction, at the most: writers of the same chain wait for one."""
RANGES = 500
"""Gaps that one transaction leaves, at the most."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run."""

    sequence: int
    run_id: str
    verb: str
    verdict: str
    enforced: bool = True
    marks: tuple[str | None, ...] = ()
    """The fingerprints under which its facts are looked for, of one kind each."""
    asked: bool = False
    """Whether it has facts of its own."""
    witness: bool = False
    """Whether it tells what the store said of itself."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A resolution."""

    sequence: int
    run_id: str
    slot: str
    handed_off_id: str | None = None
    observed_id: str | None = None


@dataclass(frozen=True, slots=True)
class Revised:
    """A revision of a slot."""

    sequence: int
    slot: str
    run_id: str | None = None
    """The run that pinned it or that was accepted."""


@dataclass(frozen=True, slots=True)
class Range:
    """Sequences without a hole, both ends included."""

    first: int
    last: int

    @property
    def rows(self) -> int:
        """How many."""
        return self.last - self.first + 1


Portion = tuple[Range, ...]


def staying(events: Iterable[Ran | Answered | Revised], end: int) -> frozenset[str]:
    """The IDs of the runs that stay. `events` are all of one scope, in order; from `end` on they are not old."""
    kept: set[str] = set()
    newest: dict[tuple[str, str, bool], str] = {}
    last: dict[str, str] = {}
    marked: dict[tuple[int, str], deque[str]] = defaultdict(lambda: deque(maxlen=CANDIDATES))
    recent: deque[str] = deque(maxlen=RECENT_RESOLUTIONS)
    stretches = _Stretches()
    for event in events:
        if isinstance(event, Ran):
            newest[event.verb, event.verdict, event.enforced] = event.run_id
            last |= {"asked": event.run_id} if event.asked else {}
            last |= {"witness": event.run_id} if event.witness else {}
            for kind, mark in enumerate(event.marks):
                if mark is not None:
                    marked[kind, mark].append(event.run_id)
        elif isinstance(event, Answered):
            recent.append(event.run_id)
            if event.sequence < end:
                stretches.answered(event)
        else:
            kept |= {event.run_id} if event.run_id else set()
            if event.sequence < end:
                stretches.revised(event.slot)
    return frozenset(kept.union(newest.values(), last.values(), *marked.values(), recent, stretches.ends()))


class _Stretches:
    """Both ends of each stretch in which a slot had one ID, and the last run that gave it each."""

    def __init__(self) -> None:
        self._kept: set[str] = set()
        self._present: dict[tuple[str, str], tuple[str, str]] = {}
        """By slot and kind: the ID, and the last run that gave it."""
        self._last: dict[tuple[str, str, str], str] = {}

    def answered(self, row: Answered) -> None:
        for kind, model_id in (("handed", row.handed_off_id), ("observed", row.observed_id)):
            if model_id is None:
                continue
            before = self._present.get((row.slot, kind))
            if before is None or before[0] != model_id:
                self._kept |= {row.run_id, before[1]} if before else {row.run_id}
            self._present[row.slot, kind] = model_id, row.run_id
            self._last[row.slot, kind, model_id] = row.run_id

    def revised(self, slot: str) -> None:
        for kind in ("handed", "observed"):
            if before := self._present.pop((slot, kind), None):
                self._kept.add(before[1])

    def ends(self) -> set[str]:
        return self._kept.union((run_id for _, run_id in self._present.values()), self._last.values())


def portions(rows: Iterable[tuple[int, str]], stays: Container[str]) -> Iterator[Portion]:
    """What leaves, a transaction at a time. `rows` are sequence and run ID of what is older than T, in order.

    What stays, and rows of other tables, bound the ranges. No run is cut: one that is longer than a portion stays.
    """
    ranges: list[Range] = []
    size = 0
    for run in _runs(rows, stays):
        follows = bool(ranges) and ranges[-1].last + 1 == run.first
        if size + run.rows > PORTION or (len(ranges) == RANGES and not follows):
            yield tuple(ranges)
            ranges, size, follows = [], 0, False
        if follows:
            ranges[-1] = Range(ranges[-1].first, run.last)
        else:
            ranges.append(run)
        size += run.rows
    if ranges:
        yield tuple(ranges)


def _runs(rows: Iterable[tuple[int, str]], stays: Container[str]) -> Iterator[Range]:
    """The ranges of the runs that leave, each by itself."""
    run: Range | None = None
    of = ""
    for sequence, run_id in rows:
        if run and run_id == of and sequence == run.last + 1:
            run = Range(run.first, sequence)
            continue
        if run and run.rows <= PORTION:
            yield run
        run, of = (None, "") if run_id in stays else (Range(sequence, sequence), run_id)
    if run and run.rows <= PORTION:
        yield run
