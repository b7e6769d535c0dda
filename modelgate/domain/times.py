"""Instants, days and durations: pure arithmetic on aware UTC datetimes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)?")
_UNITS = {"ms": 0.001, None: 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


@lru_cache(maxsize=1024)  # rows of one run have the same few
def format_instant(instant: datetime) -> str:
    """`2026-11-22T20:24:22.123456Z`: always UTC, four digits of the year and microseconds, so that texts sort."""
    # Not strftime: glibc writes the year 1, which is the zero time of gateways written in Go, as `1`.
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def to_the_minute(instant: datetime) -> str:
    """`2026-11-22T20:24Z`: an instant as people are shown it."""
    return format_instant(instant)[:16] + "Z"


def parse_instant(text: str) -> datetime:
    """An ISO 8601 date or date-time as an aware UTC datetime; without an offset it is UTC.

    Raises ValueError for anything else.
    """
    moment = datetime.fromisoformat(text.strip())
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"out of range: {text[:40]!r}") from None


def parse_duration(text: str) -> timedelta:
    """`90`, `90s`, `10m`, `1h30m`, `2d`. Raises ValueError for anything else."""
    text = text.strip().lower()
    position, seconds = 0, 0.0
    while match := _DURATION.match(text, position):
        seconds += float(match[1]) * _UNITS[match[2]]
        position = match.end()
    if position != len(text) or not text:
        raise ValueError(f"not a duration: {text[:40]!r}")
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"too long a duration: {text[:40]!r}") from None


def days_left(until: datetime, now: datetime) -> int:
    """Whole days from `now` to `until`, rounded down; negative once it has passed."""
    return (until - now) // timedelta(days=1)


def end_of_day(day: date) -> datetime:
    """The last instant of `day`, UTC."""
    return datetime.combine(day, time.max, tzinfo=UTC)


def is_young(happened: datetime, now: datetime, limit: timedelta) -> bool:
    """Whether `happened` is at most `limit` ago. A time in the future is not young."""
    return timedelta(0) <= now - happened <= limit
