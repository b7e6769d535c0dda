"""What one sandbox knows: its catalogue, its settings, its clock and what it was asked.

Everything is read and changed by coroutines of one event loop, so nothing here needs a lock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from modelgate.clock import SystemClock
from modelgate.sandbox.catalogue import ALIASES, MODELS, entry
from modelgate.sandbox.fields import NONE, NUMBER, Kinds


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches of a sandbox; `PATCH /_sandbox/settings` changes them by these names.

    hidden: IDs left out of the list, still answered by name. forbidden: IDs that answer 403 and are left out of the
    list. list_forbidden: the list answers 403. dropped_fields: top-level fields left out of every entry. accepted_keys:
    empty means any key. latency_ms: before every answer. page_cap: longest page, or None. retired_answer: 200 or 404,
    what a retired model's retrieve says (unknown of the real API). retry_after: header of an in-progress GET (10 in
    recordings; None: no header). batch_polls and batch_seconds: how many GETs, and how long, a batch stays in progress.
    cancel_polls: GETs that answer `canceling`. not_found_polls: GETs right after create that answer 404. last_newline,
    results_content_type (None: no header), results_origin (None: own origin): of the results. served_models: requested
    canonical ID to the `message.model` of its answers. max_batch_requests, max_batch_bytes: limits of one batch
    (100,000 and 256 MB documented). tells_date: answers have a `Date`, of the sandbox's own time. list_lag_seconds: a
    batch stands in no list before.
    """

    hidden: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    list_forbidden: bool = False
    dropped_fields: tuple[str, ...] = ()
    accepted_keys: tuple[str, ...] = ()
    latency_ms: float = 0
    page_cap: int | None = None
    retired_answer: int = 200
    retry_after: str | float | None = "10"
    batch_polls: int = 1
    batch_seconds: float = 0
    cancel_polls: int = 1
    not_found_polls: int = 0
    last_newline: bool = True
    results_content_type: str | None = "application/x-jsonl"
    results_origin: str | None = None
    served_models: Mapping[str, str] = field(default_factory=dict)
    max_batch_requests: int = 100_000
    max_batch_bytes: int = 256_000_000
    tells_date: bool = True
    list_lag_seconds: float = 0


SETTINGS_KINDS: Kinds = {
    "hidden": (tuple,),
    "forbidden": (tuple,),
    "list_forbidden": (bool,),
    "dropped_fields": (tuple,),
    "accepted_keys": (tuple,),
    "latency_ms": NUMBER,
    "tells_date": (bool,),
    "list_lag_seconds": NUMBER,
    "page_cap": (int, NONE),
    "retired_answer": (int,),
    "retry_after": (str, *NUMBER, NONE),
    "batch_polls": (int,),
    "batch_seconds": NUMBER,
    "cancel_polls": (int,),
    "not_found_polls": (int,),
    "last_newline": (bool,),
    "results_content_type": (str, NONE),
    "results_origin": (str, NONE),
    "served_models": (dict,),
    "max_batch_requests": (int,),
    "max_batch_bytes": (int,),
}
"""The kinds of the values of `Settings`, as JSON brings them."""


class State:
    """The changeable heart of a sandbox; `reset()` makes it fresh, the dates of its catalogue counted from then."""

    def __init__(self) -> None:
        self.advanced = timedelta()
        self.settings = Settings()
        self.models: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, str] = {}
        self.log: deque[dict[str, Any]] = deque(maxlen=100_000)
        self.counters: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Forget every change, every request and the clock's advance."""
        self.advanced = timedelta()
        self.settings = Settings()
        self.models = {model.id: entry(model, self.now()) for model in MODELS}
        self.aliases = dict(ALIASES)
        self.log.clear()
        self.counters.clear()

    def now(self) -> datetime:
        """The sandbox's time, UTC: the machine's plus what `POST /_sandbox/clock` added."""
        return SystemClock().now() + self.advanced

    def resolve(self, name: str) -> dict[str, Any] | None:
        """The entry that a canonical ID or an alias means now, or None."""
        return self.models.get(name) or self.models.get(self.aliases.get(name, ""))

    def newest_first(self) -> list[dict[str, Any]]:
        """All entries in the list's order; of equal creation dates the one added last comes last."""
        return sorted(self.models.values(), key=lambda model: str(model.get("created_at") or ""), reverse=True)
