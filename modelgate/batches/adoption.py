"""Finding the batch whose create was not answered among the batches of the account."""

from __future__ import annotations

import json
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from modelgate.domain.batches import Batch, Listing
from modelgate.domain.codec import canonical
from modelgate.domain.times import format_instant, parse_instant

REPEATED_AFTER = 600.0
"""Seconds after an intent before its create counts as one that made nothing: lists of the API may lag."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far our clock may be ahead of the API's: for the intents of older versions, which kept no list."""


@dataclass(frozen=True, slots=True)
class Before:
    """What the API's list showed right before a create: no clock but the API's decides what is new."""

    shown: frozenset[str] = frozenset()
    """The IDs of the batches with as many requests as the part."""
    at: datetime | None = None
    """By the API's clock."""
    since: datetime | None = None
    """How far back the list went."""
    kept: bool = True
    """False for the intent of an older version, which kept no list: then `since` is by our clock."""

    def waited(self, listing: Listing, seconds: float) -> bool:
        """Whether the time is up: by the API's clock, else as `seconds` of this process say."""
        if self.at and listing.at:
            seconds = (listing.at - self.at).total_seconds()
        return seconds >= REPEATED_AFTER


def before(listing: Listing, requests: int) -> str:
    """The JSON `detail` of an intent."""
    shown = sorted(batch.id for batch in listing.batches if batch.counts.total == requests)
    instants = {"at": listing.at, "since": listing.since}
    return canonical({"shown": shown} | {name: format_instant(at) for name, at in instants.items() if at})


def before_of(detail: str | None, intent_at: datetime) -> Before:
    """The inverse of `before`; of an older version's intent, what its clock says."""
    if detail is None:
        return Before(since=intent_at - CLOCKS_DIFFER, kept=False)
    kept = json.loads(detail)
    at, since = (parse_instant(kept[name]) if name in kept else None for name in ("at", "since"))
    return Before(frozenset(kept["shown"]), at, since)


def candidates(batches: Iterable[Batch], intent: Before, requests: int, taken: Set[str]) -> list[Batch]:
    """The batches that may have come of the intent, newest first as given.

    They are as many requests, were not there right before it, and are not `taken`: known to be another part's, or
    disowned. The API tells no custom_ids before a batch has ended (documented): only the results prove it.
    """
    return [
        batch
        for batch in batches
        if batch.counts.total == requests
        and batch.id not in intent.shown
        and batch.id not in taken
        and (intent.since is None or batch.created_at >= intent.since)
    ]
