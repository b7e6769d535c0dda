"""Notices: what is news about the fleet, told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import ClassVar, Literal

from modelgate.domain.findings import Level
from modelgate.domain.rows import Scope
from modelgate.domain.times import format_instant

RESERVED = Scope("+watch", "notices")
"""Of what the chain of notices is: no settings can name it."""
SCHEMA = "modelgate.notices/1"

Kind = Literal["new", "worse", "changed", "over"]
RANK = {Level.REFUSE: 3, Level.UNKNOWN: 2, Level.WARN: 1, Level.NOTE: 0}


@dataclass(frozen=True, slots=True)
class Key:
    """What a notice is about: two with the same key follow each other."""

    service: str
    environment: str
    slot: str
    """Empty: the environment as a whole."""
    check_id: str
    model_id: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is so now."""

    key: Key
    level: Level
    message: str
    hint: str = ""
    threshold: int | None = None
    """The number of days left that was reached, of a retirement."""
    retires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One piece of news."""

    table: ClassVar[str] = "notices"
    notice_id: str
    """Stable: the same news has the same ID, however often it is told."""
    kind: Kind
    about_service: str
    about_environment: str
    slot: str
    check_id: str
    model_id: str
    level: str
    message: str
    hint: str
    threshold: int | None = None
    retires_at: datetime | None = None

    @property
    def key(self) -> Key:
        """What it is about."""
        return Key(self.about_service, self.about_environment, self.slot, self.check_id, self.model_id)


@dataclass(frozen=True, slots=True)
class TellingRow:
    """That a channel took everything up to a place of the chain."""

    table: ClassVar[str] = "tellings"
    channel: str
    digest_id: str
    through: int
    """The sequence of the last notice that it was told, or that was dropped."""
    notices: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A notice in its place."""

    sequence: int
    recorded_at: datetime
    notice: NoticeRow


def news(troubles: Iterable[Trouble], before: Mapping[Key, NoticeRow], doubted: Iterable[Key]) -> list[NoticeRow]:
    """What changed since `before`: the newest notice of each key, whatever its kind, oldest first.

    `doubted` are keys of which nobody could know today whether they are over.
    """
    found = {trouble.key: trouble for trouble in troubles}
    dates = {_place(row.key): row.retires_at for row in before.values() if row.retires_at}
    told = [
        _row(kind, trouble, before.get(key), dates.get(_place(key)))
        for key, trouble in found.items()
        if (kind := _kind(trouble, before))
    ]
    kept = set(doubted) | found.keys()
    ended = [row for key, row in before.items() if row.kind != "over" and key not in kept]
    return [*told, *(_over(row) for row in ended)]


def _kind(trouble: Trouble, before: Mapping[Key, NoticeRow]) -> Kind | None:
    last = before.get(trouble.key)
    if last is None or last.kind == "over":
        return "new"
    nearer = trouble.threshold is not None and (last.threshold is None or trouble.threshold < last.threshold)
    if nearer or RANK[trouble.level] > RANK[Level(last.level)]:
        return "worse"
    return "changed" if trouble.retires_at != last.retires_at else None


def _place(key: Key) -> tuple[str, ...]:
    """The slot and the model: of one date there may be notices of more than one check."""
    return key.service, key.environment, key.slot, key.model_id


def _row(kind: Kind, trouble: Trouble, last: NoticeRow | None, told_date: datetime | None) -> NoticeRow:
    """The notice. `told_date` is the date of retirement that was told last of this slot and model."""
    message, moved = trouble.message, ""
    if told_date and trouble.retires_at and trouble.retires_at != told_date:
        moved = _moved(told_date, trouble.retires_at)
    key = trouble.key
    row = NoticeRow(
        "", kind, key.service, key.environment, key.slot, key.check_id, key.model_id, trouble.level,
        f"{message}; {moved}" if moved else message, trouble.hint, trouble.threshold, trouble.retires_at,
    )  # fmt: skip
    return replace(row, notice_id=_id(row, last))


def _moved(was: datetime, now: datetime) -> str:
    return f"{'earlier' if now < was else 'later'}: {now.date()} instead of {was.date()}"


def _over(last: NoticeRow) -> NoticeRow:
    row = replace(last, kind="over", level=Level.NOTE, message=f"over: {last.message}"[:200], hint="")
    return replace(row, notice_id=_id(row, last))


def _id(row: NoticeRow, last: NoticeRow | None) -> str:
    key = row.key
    parts = (
        row.kind, key.service, key.environment, key.slot, key.check_id, key.model_id, row.level, str(row.threshold),
        format_instant(row.retires_at) if row.retires_at else "", last.notice_id if last else "",
    )  # fmt: skip
    return f"ntc_{sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()[:24]}"


def digest(recorded: Iterable[Recorded], known: frozenset[Key]) -> list[NoticeRow]:
    """What a channel is to be told, worst first: of each key the newest notice. What was over before the channel knew
    of it is dropped, and so is the end of one trouble where a worse one of the same slot and model began.

    `known` are the keys that the channel was told of before.
    """
    newest: dict[Key, NoticeRow] = {each.notice.key: each.notice for each in recorded}
    live = [row for row in newest.values() if row.kind != "over"]
    begun = {(r.about_service, r.about_environment, r.slot, r.model_id) for r in live}
    ended = [
        row
        for key, row in newest.items()
        if row.kind == "over"
        and key in known
        and (row.about_service, row.about_environment, row.slot, row.model_id) not in begun
    ]
    return sorted([*live, *ended], key=worst_first)


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
