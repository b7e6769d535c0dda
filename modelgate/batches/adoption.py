"""Finding the batch whose create was not answered among the batches of the account."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime, timedelta

from modelgate.batches.job import Part
from modelgate.domain.batches import Batch

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far our clock may be ahead of the API's."""


def earliest(intent_at: datetime) -> datetime:
    """The earliest `created_at`, by the API's clock, of a batch that an intent at `intent_at` made."""
    return intent_at - CLOCKS_DIFFER


def candidates(batches: Iterable[Batch], part: Part, owned: Set[str]) -> list[Batch]:
    """The batches that may have come of the part's intent, newest first as given.

    They are as many requests, were created since the intent, belong to no part that is known and were not disowned
    before. The API tells no custom_ids before a batch has ended (documented): only the results prove it.
    """
    if part.intent_at is None:
        return []
    since = earliest(part.intent_at)
    return [
        batch
        for batch in batches
        if batch.created_at >= since
        and batch.counts.total == part.plan.requests
        and batch.id not in owned
        and batch.id not in part.disowned
    ]
