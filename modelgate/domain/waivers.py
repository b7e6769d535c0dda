"""Waivers: which of them covers what, and as of when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from modelgate.domain.settings import Waiver
from modelgate.domain.times import end_of_day


def expired(waiver: Waiver, now: datetime) -> bool:
    """Whether the waiver's last day, UTC, is over."""
    return end_of_day(waiver.until) < now


def covers(waiver: Waiver, check: str, slot: str | None) -> bool:
    """Whether the waiver speaks of this check in this slot."""
    return waiver.check == check and waiver.slot in (None, slot)


def is_waived(waivers: Iterable[Waiver], check: str, slot: str | None, now: datetime) -> bool:
    """Whether a waiver that still runs covers this check in this slot."""
    return any(covers(waiver, check, slot) and not expired(waiver, now) for waiver in waivers)
