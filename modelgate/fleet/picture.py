"""The picture of the fleet that the pages show: renewed in the background, never by a reader."""

from __future__ import annotations

import threading
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from modelgate.domain.errors import ModelgateError
from modelgate.domain.fleet import MARKS, Fleet, FleetSlot
from modelgate.domain.rows import Scope
from modelgate.fleet.fleet import fleet, open_whole
from modelgate.gate.context import Context
from modelgate.render.calendar import as_calendar
from modelgate.render.fleet import json_lines
from modelgate.render.openmetrics import as_openmetrics
from modelgate.store import Store

SECONDS = 30.0
"""Between two looks."""
GZIP = 31
"""To zlib: with the header and the sum of gzip."""
_NEVER = 10**6
SORTS: dict[str, Callable[[FleetSlot], Any]] = {
    "state": lambda slot: MARKS.index(slot.mark) * 2 * _NEVER + _left(slot),
    "service": lambda slot: (slot.scope.service, slot.scope.environment),
    "model": lambda slot: slot.model or "",
    "days left": lambda slot: _left(slot),
}


def _left(slot: FleetSlot) -> int:
    return slot.days_left if slot.days_left is not None else _NEVER


class Picture:
    """The fleet at one instant, drawn for all readers alike. What most of them ask for is there from the start; what is
    only sometimes asked for is made when it first is.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._drawing = threading.Lock()
        words = [(slot, _words(slot)) for slot in fleet.slots]
        self._sorted = {sort: sorted(words, key=_by(key)) for sort, key in SORTS.items()}
        self._all = {sort: [slot for slot, _ in pairs] for sort, pairs in self._sorted.items()}

    def found(self, query: str, state: str, sort: str) -> Sequence[FleetSlot]:
        """The slots with all words of the query, of one state or any, in order."""
        parts = set(query.lower().split())
        if not parts:
            return [slot for slot in self._all[sort] if slot.mark == state] if state else self._all[sort]
        found = self._sorted[sort]
        for part in parts:
            found = [pair for pair in found if part in pair[1]]
        return [slot for slot, _ in found if state in ("", slot.mark)]

    @cached_property
    def metrics(self) -> bytes:
        """For a monitoring system."""
        return as_openmetrics(self.fleet).encode()

    @cached_property
    def calendar(self) -> bytes:
        """For calendars."""
        return as_calendar(self.fleet).encode()

    @property
    def document(self) -> bytes:
        """All of it as JSON, compressed (gzip): the text of a large fleet is too much to keep."""
        with self._drawing:
            return self._document

    @cached_property
    def _document(self) -> bytes:
        packing, lines = zlib.compressobj(wbits=GZIP), json_lines(self.fleet)
        parts = [packing.compress(f"{line}\n".encode()) for line in lines]
        return b"".join([*parts, packing.flush()])

    @cached_property
    def counts(self) -> list[tuple[str, int]]:
        """Of each state that there is, how many slots, the worst first."""
        counts = Counter(slot.mark for slot in self.fleet.slots)
        return [(mark, counts[mark]) for mark in MARKS if counts[mark]]

    @cached_property
    def scopes(self) -> dict[Scope, list[FleetSlot]]:
        """The slots of each service and environment."""
        found: dict[Scope, list[FleetSlot]] = defaultdict(list)
        for slot in self.fleet.slots:
            found[slot.scope].append(slot)
        return dict(found)

    @cached_property
    def concerned(self) -> dict[str, list[FleetSlot]]:
        """The slots that have to do with a name: as `FleetSlot.concerns`, for every name."""
        found: dict[str, list[FleetSlot]] = defaultdict(list)
        for slot in self.fleet.slots:
            handed = (each.model_id for each in slot.handed)
            for name in {slot.may_run, slot.reference, slot.resolved, *handed} - {None}:
                found[str(name)].append(slot)
        return dict(found)

    @cached_property
    def dates(self) -> list[dict[str, Any]]:
        """The days on which models retire that somebody runs, the nearest first."""
        slots: dict[tuple[str, str], list[FleetSlot]] = defaultdict(list)
        for slot in self.fleet.slots:
            if slot.model and slot.facts and slot.facts.retires_at:
                slots[slot.facts.retires_at.date().isoformat(), slot.model].append(slot)
        return [
            {"day": day, "left": of[0].days_left, "model": model, "slots": len(of)}
            for (day, model), of in sorted(slots.items())
        ]


def _by(key: Callable[[FleetSlot], Any]) -> Callable[[tuple[FleetSlot, str]], Any]:
    return lambda pair: key(pair[0])


def _words(slot: FleetSlot) -> str:
    return "\n".join((str(slot.scope), slot.slot, slot.reference, slot.model or "", slot.mark)).lower()


class Gallery:
    """Holds the newest picture. `problem` says why there is no newer one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stopped = threading.Event()
        self.problem = ""
        self.picture, self.store = self._look()

    def start(self) -> None:
        """Begins to renew it."""
        threading.Thread(target=self._renew, name="modelgate-fleet", daemon=True).start()

    def stop(self) -> None:
        """Ends that."""
        self._stopped.set()

    @property
    def age(self) -> float:
        """Seconds since the store was read."""
        return max(0.0, (self._context.clock.now() - self.picture.fleet.seen_at).total_seconds())

    def renew(self) -> None:
        """Looks once; the picture stays where that fails, whatever the reason, and the pages say so."""
        try:
            self.picture, self.store = self._look()
            self.problem = ""
        except ModelgateError as error:
            self.problem = error.message
        except Exception as error:  # the next look may do better
            self.problem = f"a defect of modelgate: {type(error).__name__}"

    def _renew(self) -> None:
        while not self._stopped.wait(SECONDS):
            self.renew()

    def _look(self) -> tuple[Picture, Store]:
        """The store, too, is opened anew each time: it may have been migrated."""
        store = open_whole(self._context)
        return Picture(fleet(self._context, store)), store
