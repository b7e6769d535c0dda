"""Instants, days and durations."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelgate.domain.times import (
    days_left,
    end_of_day,
    format_instant,
    is_young,
    parse_duration,
    parse_instant,
    to_the_minute,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_survive_their_text(instant: datetime) -> None:
    """Every instant is read back as it was written, the zero time of Go's gateways included."""
    assert parse_instant(format_instant(instant)) == instant


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_texts_sort_as_instants_do(one: datetime, other: datetime) -> None:
    """A database may compare the texts."""
    assert (format_instant(one) < format_instant(other)) == (one < other)


def test_people_are_shown_minutes() -> None:
    """UTC, cut, not rounded; the zero time of Go's gateways has four digits of the year too."""
    shown = [to_the_minute(NOW + timedelta(seconds=59.9)), to_the_minute(datetime(1, 1, 1, tzinfo=UTC))]
    assert shown == ["2026-11-22T12:00Z", "0001-01-01T00:00Z"]


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "2026-02-30", "2026-11-22T25:00", "1", "0001-01-01T00:00+14:00"]
)
def test_what_is_no_instant(text: str) -> None:
    """Anything but an ISO 8601 date or date-time is a ValueError, an instant before the first year too."""
    with pytest.raises(ValueError, match=r".+"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T12:00", NOW),
        ("2026-11-22T12:00:00Z", NOW),
        ("2026-11-22T14:00:00+02:00", NOW),
        (" 2026-11-22T12:00:00.000001Z\n", NOW + TICK),
    ],
)
def test_an_instant_without_an_offset_is_utc(text: str, instant: datetime) -> None:
    """Dates and times without an offset are UTC; others are converted."""
    assert parse_instant(text) == instant
    assert parse_instant(text).tzinfo is UTC


def test_an_instant_is_written_in_utc() -> None:
    """Whatever its own zone, an instant is written in UTC with microseconds."""
    assert format_instant(NOW.astimezone(timezone(2 * timedelta(hours=1)))) == "2026-11-22T12:00:00.000000Z"


@pytest.mark.parametrize(
    "text", ["", " ", "h", "1x", "-1h", "1h-", "1h 30m", "1e3", "1,5h", "inf", "9" * 400, "99999999999w"]
)
def test_what_is_no_duration(text: str) -> None:
    """Anything but numbers with units is a ValueError, and so is what no clock can count."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_a_hostile_duration_is_not_repeated_at_length() -> None:
    """The message about 10 MB of text is short."""
    with pytest.raises(ValueError, match="duration") as raised:
        parse_duration("x" * 10_000_000)
    assert len(str(raised.value)) < 100


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("10m", 600),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("250ms", 0.25),
        ("1.5H", 5400),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """Numbers with units add up; a bare number is seconds."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_durations_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    """All units together are the sum of their parts."""
    text = f"{days}d{hours}h{minutes}m{seconds}s"
    assert parse_duration(text) == timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@pytest.mark.parametrize(
    ("left", "days"),
    [(14 * DAY, 14), (14 * DAY - TICK, 13), (15 * DAY - TICK, 14), (TICK, 0), (0 * DAY, 0), (-TICK, -1), (-DAY, -1)],
)
def test_days_left_are_whole_and_rounded_down(left: timedelta, days: int) -> None:
    """A day that is not whole does not count; what has passed is negative."""
    assert days_left(NOW + left, NOW) == days


def test_a_day_ends_with_its_last_microsecond() -> None:
    """The end of a day is the instant before the next one begins, UTC."""
    assert end_of_day(date(2026, 11, 22)) + TICK == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(("ago", "young"), [(DAY, True), (DAY + TICK, False), (0 * DAY, True), (-TICK, False)])
def test_what_is_young(ago: timedelta, young: bool) -> None:
    """At most the limit ago is young; a time in the future is not."""
    assert is_young(NOW - ago, NOW, DAY) is young
