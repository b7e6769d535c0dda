"""Digests: what of the notices a channel is told, and how people hear it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from modelgate.domain.findings import Level
from modelgate.domain.notices import RANK, TELLS_THE_DATE, Key, NoticeRow, day, place

_WAY_TO_THE_END = ("catalogue.deprecated", *TELLS_THE_DATE, "catalogue.retired", "drift.pin-retired")
"""Each gives way to another of them while a model goes out of service."""


def digest(
    pending: Iterable[NoticeRow], told: Mapping[Key, NoticeRow], perhaps: Iterable[NoticeRow] = ()
) -> list[NoticeRow]:
    """What a channel is to be told of the newest notice of each key, worst first.

    `told` is the notice of each key that the channel was told last; `perhaps` are those since then that it may have
    taken, as their answer was lost. What was over before the channel can have known of it is dropped, and so is what
    came back as the channel is certain to know it.
    """
    perhaps = list(perhaps)
    doubted, perhaps_open = {row.key for row in perhaps}, {row.key for row in perhaps if row.kind != "over"}
    return sorted(
        (row for row in pending if _is_news(row, told.get(row.key), row.key in doubted, row.key in perhaps_open)),
        key=worst_first,
    )


def _is_news(row: NoticeRow, last: NoticeRow | None, doubted: bool, perhaps_open: bool) -> bool:
    known = last is not None and last.kind != "over"
    if row.kind == "over":
        return known or perhaps_open
    if last is None or not known or doubted:
        return True
    same = (row.level, row.threshold, day(row.retires_at)) == (last.level, last.threshold, day(last.retires_at))
    return not same


def heard(rows: Sequence[NoticeRow]) -> list[NoticeRow]:
    """As people want to hear it: without the end of what gave way to worse of the same slot and model."""
    worse = {place(row.key) for row in rows if row.kind != "over" and row.check_id in _WAY_TO_THE_END}
    return [
        row for row in rows if not (row.kind == "over" and row.check_id in _WAY_TO_THE_END and place(row.key) in worse)
    ]


def worst_first(row: NoticeRow) -> tuple[object, ...]:
    """A key to sort by: what is over comes last."""
    left = row.threshold if row.threshold is not None else 10_000
    place = (row.model_id, row.check_id, row.about_service, row.about_environment, row.slot)
    return (row.kind == "over", -RANK[Level(row.level)], left, *place)


def grouped(rows: Iterable[NoticeRow]) -> list[list[NoticeRow]]:
    """What many slots share, together, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[NoticeRow]] = {}
    for row in rows:
        groups.setdefault((row.kind, row.check_id, row.model_id, row.message), []).append(row)
    return list(groups.values())


def places(shared: Sequence[NoticeRow], most: int) -> list[str]:
    """Where that is: `checkout/prod summarizer`, …, `and 39 more`."""
    named = [f"{r.about_service}/{r.about_environment}{f' {r.slot}' if r.slot else ''}" for r in shared[:most]]
    return [*named, f"and {len(shared) - most} more"] if len(shared) > most else named


def digest_id(channel: str, rows: Iterable[NoticeRow]) -> str:
    """Stable: the same news to the same channel."""
    ids = chr(0).join([channel, *(row.notice_id for row in rows)])
    return f"dig_{sha256(ids.encode()).hexdigest()[:24]}"
