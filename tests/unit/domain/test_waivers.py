"""Waivers: what they cover, and until when."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from modelgate.domain.settings import Waiver
from modelgate.domain.source import Source
from modelgate.domain.waivers import covers, expired, is_waived

WAIVER = Waiver("drift.alias-moved", date(2026, 11, 22), "migration", Source("config/prod.toml", 40), slot="summarizer")
OF_ANY_SLOT = Waiver("drift.alias-moved", date(2026, 11, 22), "migration", Source("config/prod.toml", 40))
LAST_INSTANT = datetime(2026, 11, 23, tzinfo=UTC) - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("now", "is_over"),
    [
        (LAST_INSTANT, False),
        (LAST_INSTANT + timedelta(microseconds=1), True),
        (datetime(2026, 11, 23, 1, tzinfo=timezone(timedelta(hours=2))), False),
    ],
)
def test_it_holds_through_the_end_of_its_day_in_utc(now: datetime, is_over: bool) -> None:
    """The last day counts whole, wherever the clock stands."""
    assert expired(WAIVER, now) is is_over
    assert is_waived([WAIVER], "drift.alias-moved", "summarizer", now) is not is_over


@pytest.mark.parametrize(
    ("waiver", "check", "slot", "covered"),
    [
        (WAIVER, "drift.alias-moved", "grader", False),
        (WAIVER, "drift.reference-changed", "summarizer", False),
        (WAIVER, "drift.alias-moved", None, False),
        (WAIVER, "drift.alias-moved", "summarizer", True),
        (OF_ANY_SLOT, "drift.alias-moved", "grader", True),
        (OF_ANY_SLOT, "drift.alias-moved", None, True),
    ],
)
def test_what_it_covers(waiver: Waiver, check: str, slot: str | None, covered: bool) -> None:
    """One check, in one slot or, where none is named, in any."""
    assert covers(waiver, check, slot) is covered
