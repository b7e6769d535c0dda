"""What the Message Batches API answered, checked before anything believes it. Pure: bytes in, batches out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelgate.domain.batches import LARGEST, Batch, Counts
from modelgate.domain.text import printable
from modelgate.domain.times import parse_instant

_LONGEST_ID = 256


class BadAnswer(Exception):
    """The answer is not one that the Message Batches API gives. The text says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One page of the list, newest first."""

    batches: tuple[Batch, ...]
    after_id: str | None
    """Where the next page begins; None on the last."""


def parse_batch(body: bytes) -> Batch:
    """The batch that `body` describes. Raises BadAnswer for anything else."""
    return _batch(_json(body))


def parse_page(body: bytes) -> BatchPage:
    """The page that `body` holds. Raises BadAnswer for anything else."""
    page = _object(_json(body), "the list")
    data = page.get("data")
    if not isinstance(data, list) or not isinstance(page.get("has_more"), bool):
        raise BadAnswer("the list of batches has no `data` or no `has_more`")
    batches = tuple(_batch(item) for item in data)
    return BatchPage(batches, batches[-1].id if page["has_more"] and batches else None)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("the answer is not JSON") from None


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadAnswer(f"{what} is not a JSON object")
    return value


def _batch(value: object) -> Batch:
    raw = _object(value, "a batch")
    if raw.get("type") != "message_batch":
        raise BadAnswer("the answer is not of type `message_batch`")
    created_at, expires_at = _instant(raw, "created_at"), _instant(raw, "expires_at")
    if created_at is None or expires_at is None:
        raise BadAnswer("a batch has no `created_at` or no `expires_at`")
    return Batch(
        id=_text(raw, "id", _LONGEST_ID),
        status=printable(_text(raw, "processing_status", 64)),
        counts=_counts(raw.get("request_counts")),
        created_at=created_at,
        expires_at=expires_at,
        ended_at=_instant(raw, "ended_at"),
        archived_at=_instant(raw, "archived_at"),
        results_url=_text(raw, "results_url", 4096) if raw.get("results_url") is not None else None,
    )


def _text(raw: Mapping[str, Any], key: str, longest: int) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable() or value in (".", ".."):
        raise BadAnswer(f"`{key}` of a batch is no usable text")
    return value


def _instant(raw: Mapping[str, Any], key: str) -> datetime | None:
    value = raw.get(key)
    if value is None:
        return None
    try:
        return parse_instant(value)
    except (ValueError, OverflowError, TypeError, AttributeError):
        raise BadAnswer(f"`{key}` of a batch is no instant") from None


def _counts(value: object) -> Counts:
    raw = _object(value, "`request_counts` of a batch")
    names = ("processing", "succeeded", "errored", "canceled", "expired")
    counts = [raw.get(name) for name in names]
    if not all(isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= LARGEST for count in counts):
        raise BadAnswer("`request_counts` of a batch are no counts")
    return Counts(*counts)  # type: ignore[arg-type]  # checked in the line above
