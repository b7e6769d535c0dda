"""One batch: its requests kept compactly, its way from in_progress to ended, and how the API shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from modelgate.sandbox.outcomes import CANCELED, ERRORED, EXPIRED, SUCCEEDED

EXPIRES_AFTER = timedelta(hours=24)
"""From creation to `expires_at` (documented)."""
ARCHIVED_AFTER = timedelta(days=29)
"""From creation to the end of its results (documented)."""


class SentRequest(NamedTuple):
    """What a batch keeps of a request: never its prompt. `problem`: what the API will say against `params`, or ""."""

    custom_id: str
    model: str
    max_tokens: int
    input_tokens: int
    problem: str
    planned: str


Judge = Callable[[SentRequest], str]
"""Says how a request ends that nothing stopped: an outcome, as in `outcomes`."""


@dataclass(slots=True)
class Batch:
    """A batch on its way; `step` moves it on.

    polls_left: in-progress GETs to come. busy_until: not ended before. not_found_left: GETs that will answer 404.
    outcomes: how each request ended, in the order of `requests`; empty until ended.
    """

    id: str
    created_at: datetime
    requests: list[SentRequest]
    polls_left: int
    busy_until: datetime
    not_found_left: int
    ended_at: datetime | None = None
    cancel_initiated_at: datetime | None = None
    outcomes: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`in_progress`, `canceling` or `ended` (documented)."""
        if self.ended_at is not None:
            return "ended"
        return "in_progress" if self.cancel_initiated_at is None else "canceling"

    def step(self, now: datetime, judge: Judge, polled: bool = False) -> None:
        """End the batch if it is due; a poll before that counts."""
        if self.ended_at is not None:
            return
        late = now >= self.created_at + EXPIRES_AFTER
        if late or (self.polls_left <= 0 and now >= self.busy_until):
            self._end(now, judge, late)
        elif polled:
            self.polls_left -= 1

    def hurry(self, now: datetime) -> None:
        """Let the batch be due now."""
        self.polls_left = 0
        self.busy_until = now

    def cancel(self, now: datetime, polls: int) -> None:
        """Begin to cancel: ended after `polls` more GETs."""
        self.cancel_initiated_at = now
        self.hurry(now)
        self.polls_left = polls

    def archived_at(self, now: datetime) -> datetime | None:
        """When the results became unavailable, or None if they have not."""
        due = self.created_at + ARCHIVED_AFTER
        return due if self.ended_at is not None and now >= due else None

    def shown(self, now: datetime, origin: str) -> dict[str, Any]:
        """The batch as the API answers it: keys and their order as seen in recordings; `results_url` is absolute, below
        `origin`.
        """
        archived_at = self.archived_at(now)
        readable = self.ended_at is not None and archived_at is None
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self.status,
            "request_counts": self._counts(),
            "ended_at": _timestamp(self.ended_at),
            "created_at": _timestamp(self.created_at),
            "expires_at": _timestamp(self.created_at + EXPIRES_AFTER),
            "archived_at": _timestamp(archived_at),
            "cancel_initiated_at": _timestamp(self.cancel_initiated_at),
            "results_url": f"{origin}/v1/messages/batches/{self.id}/results" if readable else None,
        }

    def _end(self, now: datetime, judge: Judge, late: bool) -> None:
        if late:
            self.outcomes = [EXPIRED] * len(self.requests)
        elif self.cancel_initiated_at is not None:
            self.outcomes = [CANCELED] * len(self.requests)
        else:
            self.outcomes = [judge(request) for request in self.requests]
        self.ended_at = min(now, self.created_at + EXPIRES_AFTER)

    def _counts(self) -> dict[str, int]:
        counts = {"processing": 0, SUCCEEDED: 0, "errored": 0, CANCELED: 0, EXPIRED: 0}
        if self.ended_at is None:
            counts["processing"] = len(self.requests)
        for outcome, number in Counter(self.outcomes).items():
            name = "errored" if outcome.startswith(ERRORED) else outcome
            counts[name if name in counts else SUCCEEDED] += number
        return counts


def _timestamp(when: datetime | None) -> str | None:
    return when.isoformat(timespec="microseconds") if when else None
