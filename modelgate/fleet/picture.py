"""The picture of the fleet that the pages show: renewed in the background, never by a reader."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modelgate.domain.errors import ModelgateError
from modelgate.domain.fleet import MARKS, Fleet, FleetSlot
from modelgate.domain.rows import Scope
from modelgate.fleet.fleet import fleet
from modelgate.gate.context import Context
from modelgate.render.calendar import as_calendar
from modelgate.render.fleet import as_json
from modelgate.render.openmetrics import as_openmetrics

SECONDS = 30.0
"""Between two looks."""
_NEVER = 10**6
SORTS: dict[str, Callable[[FleetSlot], Any]] = {
    "state": lambda slot: (MARKS.index(slot.mark), slot.days_left if slot.days_left is not None else _NEVER),
    "service": lambda slot: (slot.scope.service, slot.scope.environment),
    "model": lambda slot: slot.model or "",
    "days left": lambda slot: slot.days_left if slot.days_left is not None else _NEVER,
}


@dataclass(frozen=True)
class Picture:
    """The fleet at one instant, drawn once for all readers; what is only sometimes asked for, when it first is."""

    fleet: Fleet
    metrics: bytes
    calendar: bytes
    document: bytes

    def found(self, query: str, state: str, sort: str) -> list[FleetSlot]:
        """The slots with all words of the query, of one state or any, in order."""
        parts = query.lower().split()
        return [
            slot
            for slot, words in self._sorted[sort]
            if state in ("", slot.mark) and all(part in words for part in parts)
        ]

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

    @cached_property
    def _words(self) -> list[tuple[FleetSlot, str]]:
        texts = ("\n".join((str(s.scope), s.slot, s.reference, s.model or "", s.mark)) for s in self.fleet.slots)
        return list(zip(self.fleet.slots, map(str.lower, texts), strict=True))

    @cached_property
    def _sorted(self) -> _Sorted:
        return _Sorted(self._words)


class _Sorted(dict[str, list[tuple[FleetSlot, str]]]):
    """By what they are sorted by, when that is first asked for."""

    def __init__(self, words: list[tuple[FleetSlot, str]]) -> None:
        super().__init__()
        self._words = words

    def __missing__(self, sort: str) -> list[tuple[FleetSlot, str]]:
        self[sort] = sorted(self._words, key=lambda pair: SORTS[sort](pair[0]))
        return self[sort]


class Gallery:
    """Holds the newest picture. `problem` says why there is no newer one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stopped = threading.Event()
        self.problem = ""
        self.picture = self._look()

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
            self.picture, self.problem = self._look(), ""
        except ModelgateError as error:
            self.problem = error.message
        except Exception as error:  # the next look may do better
            self.problem = f"a defect of modelgate: {type(error).__name__}"

    def _renew(self) -> None:
        while not self._stopped.wait(SECONDS):
            self.renew()

    def _look(self) -> Picture:
        found = fleet(self._context)
        drawn = (as_openmetrics(found), as_calendar(found), as_json(found))
        return Picture(found, *(text.encode() for text in drawn))
