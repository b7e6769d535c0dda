"""Notices: what is news about the fleet, told once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
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

_SINCE = re.compile(r"; (earlier|later): \S+ instead of \S+$")
"""What a notice adds to its message where a date moved."""
BEGUN, REFUSED = ":begun", ":refused"

Kind = Literal["new", "worse", "changed", "over"]
TELLS_THE_DATE = ("catalogue.retires-soon", "catalogue.retirement-overdue", "drift.retirement-moved")
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
    """That a channel took everything up to a place of the chain; with a mark behind its name, less than that."""

    table: ClassVar[str] = "tellings"
    channel: str
    """With `BEGUN`: a digest is about to be sent. With `REFUSED`: that one was not taken, for certain."""
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


def news(
    troubles: Iterable[Trouble],
    before: Mapping[Key, NoticeRow],
    doubted: Collection[Key],
    dates: Mapping[str, datetime | None],
) -> list[NoticeRow]:
    """What changed since `before`: the newest notice of each key, whatever its kind, oldest first.

    `doubted` is of what nobody could know today whether it is over: keys, and keys that leave out the check, the model
    or the slot, for all of them. `dates`: ID to its date of retirement, where it is known whether there is one.
    """
    found = {trouble.key: trouble for trouble in troubles}
    dated = {place(row.key): row.retires_at for row in before.values() if row.retires_at}
    told = [
        _row(kind, trouble, before.get(key), dated.get(place(key)))
        for key, trouble in found.items()
        if (kind := _kind(trouble, before))
    ]
    moved = {place(key) for key, trouble in found.items() if trouble.retires_at or key.check_id in TELLS_THE_DATE}
    for key, row in before.items():
        if row.kind == "over" or key in found or _is_doubted(key, doubted):
            continue
        date = dates.get(row.model_id, row.retires_at) if row.retires_at else None
        told.append(_over(row, date, tells=place(key) not in moved))
    return told


def _is_doubted(key: Key, doubted: Collection[Key]) -> bool:
    """Nobody doubts what the store alone says, which is of no model."""
    if not key.model_id:
        return False
    scope = replace(key, slot="", check_id="", model_id="")
    slot, model = replace(key, check_id="", model_id=""), replace(key, check_id="")
    return any(each in doubted for each in (key, model, slot, scope))


def _kind(trouble: Trouble, before: Mapping[Key, NoticeRow]) -> Kind | None:
    last = before.get(trouble.key)
    if last is None or last.kind == "over":
        return "new"
    nearer = trouble.threshold is not None and (last.threshold is None or trouble.threshold < last.threshold)
    if nearer or RANK[trouble.level] > RANK[Level(last.level)]:
        return "worse"
    return "changed" if day(trouble.retires_at) != day(last.retires_at) else None


def place(key: Key) -> tuple[str, ...]:
    """The slot and the model: of one date there may be notices of more than one check."""
    return key.service, key.environment, key.slot, key.model_id


def _row(kind: Kind, trouble: Trouble, last: NoticeRow | None, told_date: datetime | None) -> NoticeRow:
    """The notice. `told_date` is the date of retirement that was told last of this slot and model."""
    key, message = trouble.key, trouble.message
    moved = _moved(told_date, trouble.retires_at) if told_date and trouble.retires_at else ""
    if moved:  # since it was told; `drift.retirement-moved` says what moved since it was pinned
        message = f"it retires {moved}" if key.check_id == "drift.retirement-moved" else f"{message}; {moved}"
    row = NoticeRow(
        "", kind, key.service, key.environment, key.slot, key.check_id, key.model_id, trouble.level, message,
        trouble.hint, trouble.threshold, trouble.retires_at,
    )  # fmt: skip
    return replace(row, notice_id=_id(row, last))


def _moved(was: datetime, now: datetime) -> str:
    """In words; empty where the day is the same."""
    if day(was) == day(now):
        return ""
    return f"{'earlier' if now < was else 'later'}: {day(now)} instead of {day(was)}"


def day(instant: datetime | None) -> str:
    """A date of retirement, as people are told it; empty for none."""
    return instant.date().isoformat() if instant else ""


def _over(last: NoticeRow, retires_at: datetime | None, *, tells: bool) -> NoticeRow:
    """That it is over, with the date of retirement as it is known now. `tells`: nothing else says that it moved."""
    message = _SINCE.sub("", last.message)
    if tells and last.retires_at and retires_at:
        moved = _moved(last.retires_at, retires_at)
        message = f"it retires {moved}" if moved else message
    elif tells and last.retires_at:
        message = f"its retirement on {day(last.retires_at)} was taken back"
    row = replace(last, kind="over", level=Level.NOTE, message=f"over: {message}"[:200], hint="", retires_at=retires_at)
    return replace(row, notice_id=_id(row, last))


def _id(row: NoticeRow, last: NoticeRow | None) -> str:
    key = row.key
    parts = (
        row.kind, key.service, key.environment, key.slot, key.check_id, key.model_id, row.level, str(row.threshold),
        format_instant(row.retires_at) if row.retires_at else "", last.notice_id if last else "",
    )  # fmt: skip
    return f"ntc_{sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()[:24]}"
