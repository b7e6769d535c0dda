"""What the Message Batches API answered, checked before anything believes it. Pure: bytes in, batches out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelgate.api.parse import Unbelievable, instant_of, json_of, object_of
from modelgate.domain.batches import LARGEST, Batch, Counts
from modelgate.domain.text import printable

_LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One page of the list, newest first."""

    batches: tuple[Batch, ...]
    after_id: str | None
    """Where the next page begins; None on the last."""


def parse_batch(body: bytes) -> Batch:
    """The batch that `body` describes. Raises Unbelievable for anything else."""
    return _batch(json_of(body))


def parse_page(body: bytes) -> BatchPage:
    """The page that `body` holds. Raises Unbelievable for anything else."""
    page = object_of(json_of(body), "the list")
    data = page.get("data")
    if not isinstance(data, list) or not isinstance(page.get("has_more"), bool):
        raise Unbelievable("the list of batches has no `data` or no `has_more`")
    batches = tuple(_batch(item) for item in data)
    if page["has_more"] and not batches:
        raise Unbelievable("the list of batches says that it goes on, but not where")
    return BatchPage(batches, batches[-1].id if page["has_more"] else None)


def _batch(value: object) -> Batch:
    raw = object_of(value, "a batch")
    if raw.get("type") != "message_batch":
        raise Unbelievable("the answer is not of type `message_batch`")
    created_at, expires_at = instant_of(raw, "created_at", "a batch"), instant_of(raw, "expires_at", "a batch")
    if created_at is None or expires_at is None:
        raise Unbelievable("a batch has no `created_at` or no `expires_at`")
    return Batch(
        id=_text(raw, "id", _LONGEST_ID),
        status=printable(_text(raw, "processing_status", 64)),
        counts=_counts(raw.get("request_counts")),
        created_at=created_at,
        expires_at=expires_at,
        ended_at=instant_of(raw, "ended_at", "a batch"),
        archived_at=instant_of(raw, "archived_at", "a batch"),
        results_url=_text(raw, "results_url", 4096) if raw.get("results_url") is not None else None,
    )


def _text(raw: Mapping[str, object], key: str, longest: int) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable() or value in (".", ".."):
        raise Unbelievable(f"`{key}` of a batch is no usable text")
    return value


def _counts(value: object) -> Counts:
    raw = object_of(value, "`request_counts` of a batch")
    names = ("processing", "succeeded", "errored", "canceled", "expired")
    counts = [raw.get(name) for name in names]
    if not all(isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= LARGEST for count in counts):
        raise Unbelievable("`request_counts` of a batch are no counts")
    return Counts(*counts)  # type: ignore[arg-type]  # checked in the line above
