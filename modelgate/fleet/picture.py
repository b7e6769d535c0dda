"""The picture of the fleet that the pages show: renewed in the background, never by a reader."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from modelgate.domain.fleet import Fleet
from modelgate.errors import CouldNotKnow
from modelgate.fleet.fleet import fleet
from modelgate.gate.context import Context
from modelgate.render.calendar import as_calendar
from modelgate.render.fleet import as_json
from modelgate.render.openmetrics import as_openmetrics

SECONDS = 30.0
"""Between two looks."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The fleet at one instant, drawn once for all readers."""

    fleet: Fleet
    metrics: str
    calendar: str
    document: str


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

    def _renew(self) -> None:
        while not self._stopped.wait(SECONDS):
            try:
                self.picture, self.problem = self._look(), ""
            except CouldNotKnow as error:
                self.problem = error.message

    def _look(self) -> Picture:
        found = fleet(self._context)
        return Picture(found, as_openmetrics(found), as_calendar(found), as_json(found))
