"""What is news, and what of it a channel hears: pure decisions about rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modelgate.domain.digests import digest, heard
from modelgate.domain.findings import Level
from modelgate.domain.notices import Key, NoticeRow, Trouble, news

FIRST = datetime(2027, 1, 22, 8, tzinfo=UTC)
EARLIER, LATER = FIRST - timedelta(days=30), FIRST + timedelta(days=60)
SOON = Key("checkout", "prod", "summarizer", "catalogue.retires-soon", "claude-a")
MOVED = replace(SOON, check_id="drift.retirement-moved")
DEPRECATED = replace(SOON, check_id="catalogue.deprecated")
ALIAS = replace(SOON, check_id="drift.alias-moved", model_id="claude")
SILENT = Key("checkout", "prod", "", "watch.silent", "")

Rows = dict[Key, NoticeRow]


def trouble(key: Key = SOON, level: Level = Level.WARN, **more: object) -> Trouble:
    """Something that is so."""
    return Trouble(key, level, "it is so", **more)  # type: ignore[arg-type]  # as a test says


def after(before: Rows, *troubles: Trouble, doubted: tuple[Key, ...] = (), **dates: datetime | None) -> list[NoticeRow]:
    """What is news; `before` is then as the store has it."""
    found = news(troubles, before, doubted, {name.replace("_", "-"): date for name, date in dates.items()})
    for row in found:
        before.pop(row.key, None)
        before[row.key] = row
    return found


def said(rows: list[NoticeRow]) -> list[tuple[str, str, str]]:
    """Kind, check and message."""
    return [(row.kind, row.check_id, row.message) for row in rows]


@pytest.mark.parametrize(
    ("date", "words"),
    [(EARLIER, "earlier: 2026-12-23 instead of 2027-01-22"), (LATER, "later: 2027-03-23 instead of 2027-01-22")],
)
def test_a_date_that_moved_is_told_with_both_dates_once(date: datetime, words: str) -> None:
    """Within the horizon the same notice tells it; a second look has no news."""
    before: Rows = {}
    after(before, trouble(threshold=90, retires_at=FIRST))
    (row,) = after(before, trouble(threshold=90, retires_at=date))
    assert (row.kind, row.message) == ("changed", f"it is so; {words}")
    assert after(before, trouble(threshold=90, retires_at=date)) == []


def test_a_date_that_left_the_horizon_is_told_by_the_end_of_what_was_told() -> None:
    """Where the pin holds no facts no other check says so."""
    before: Rows = {}
    after(before, trouble(threshold=90, retires_at=FIRST))
    assert said(after(before, claude_a=LATER)) == [
        ("over", SOON.check_id, "over: it retires later: 2027-03-23 instead of 2027-01-22")
    ]
    (row,) = after(before, trouble(threshold=90, retires_at=EARLIER), claude_a=EARLIER)
    assert row.message == "it is so; earlier: 2026-12-23 instead of 2027-03-23"


def test_a_date_that_is_told_by_another_check_is_not_told_twice() -> None:
    """`drift.retirement-moved` takes over from `retires-soon`, and knows which date was told last."""
    before: Rows = {}
    after(before, trouble(threshold=90, retires_at=FIRST))
    assert said(after(before, trouble(MOVED, retires_at=LATER), claude_a=LATER)) == [
        ("new", MOVED.check_id, "it retires later: 2027-03-23 instead of 2027-01-22"),
        ("over", SOON.check_id, "over: it is so"),
    ]
    (row,) = after(before, trouble(MOVED, retires_at=FIRST), claude_a=FIRST)
    assert row.message == "it retires earlier: 2027-01-22 instead of 2027-03-23"


def test_a_retirement_that_was_taken_back_is_told() -> None:
    """With the date that is void now."""
    before: Rows = {}
    after(before, trouble(threshold=30, retires_at=FIRST))
    assert [row.message for row in after(before, claude_a=None)] == [
        "over: its retirement on 2027-01-22 was taken back"
    ]
    assert after(before, claude_a=None) == []


def test_another_hour_of_the_same_day_is_no_news() -> None:
    """Dates are told as days."""
    before: Rows = {}
    after(before, trouble(threshold=90, retires_at=FIRST))
    assert after(before, trouble(threshold=90, retires_at=FIRST + timedelta(hours=9))) == []


def test_each_threshold_and_a_worse_level_are_told_once() -> None:
    """Fewer days left, then a refusal; better is no news."""
    before: Rows = {}
    after(before, trouble(threshold=90, retires_at=FIRST))
    assert [row.kind for row in after(before, trouble(threshold=30, retires_at=FIRST))] == ["worse"]
    assert [row.kind for row in after(before, trouble(level=Level.REFUSE, threshold=30, retires_at=FIRST))] == ["worse"]
    assert after(before, trouble(threshold=90, retires_at=FIRST)) == []


@pytest.mark.parametrize(
    "doubt",
    [DEPRECATED, replace(DEPRECATED, check_id=""), Key("checkout", "prod", "summarizer", "", ""),
     Key("checkout", "prod", "", "", "")],
)  # fmt: skip
def test_what_is_doubted_does_not_end(doubt: Key) -> None:
    """A check, a model, a slot or an environment of which nobody knows; what the store alone tells ends."""
    before: Rows = {}
    after(before, trouble(DEPRECATED), trouble(SILENT, Level.NOTE))
    assert [row.check_id for row in after(before, doubted=(doubt,))] == ["watch.silent"]


def test_the_same_news_has_the_same_id_and_each_other_its_own() -> None:
    """Whoever works it out; also where the same trouble comes back."""
    ids = []
    before: Rows = {}
    for _ in range(3):
        one, two = (news([trouble(ALIAS)], before, (), {}) for _ in range(2))
        assert one == two
        ids += [row.notice_id for row in after(before, trouble(ALIAS))]
        ids += [row.notice_id for row in after(before)]
    assert len(set(ids)) == len(ids) == 6


def test_a_channel_hears_what_is_new_to_it() -> None:
    """What was over before it heard of it is dropped; so is what went and came back as the channel knows it."""
    before: Rows = {}
    (new,) = after(before, trouble(ALIAS))
    (over,) = after(before)
    (again,) = after(before, trouble(ALIAS))
    (worse,) = after(before, trouble(ALIAS, Level.REFUSE))
    assert digest([new], {}) == [new]
    assert digest([over], {}) == []
    assert digest([over], {ALIAS: new}) == [over]
    assert digest([over], {ALIAS: over}) == []
    assert digest([again], {ALIAS: new}) == []
    assert digest([again], {ALIAS: over}) == [again]
    assert digest([worse], {ALIAS: new}) == [worse]


def test_what_a_channel_perhaps_heard_decides_nothing_against_it() -> None:
    """An answer was lost: an end is told to who may know the beginning, and the beginning to who may know an end."""
    before: Rows = {}
    (new,) = after(before, trouble(ALIAS))
    (over,) = after(before)
    (again,) = after(before, trouble(ALIAS))
    assert digest([over], {}, [new]) == [over]
    assert digest([again], {ALIAS: new}, [over]) == [again]


def test_people_do_not_hear_of_the_end_of_what_gave_way_to_worse() -> None:
    """A deprecated model that is retired is no good news; the end of anything else is."""
    before: Rows = {}
    after(before, trouble(DEPRECATED), trouble(replace(SOON, check_id="drift.facts-changed")))
    rows = after(before, trouble(replace(SOON, check_id="drift.pin-retired"), Level.REFUSE))
    assert [row.check_id for row in heard(rows)] == ["drift.pin-retired", "drift.facts-changed"]
