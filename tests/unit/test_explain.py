"""The page of the checks: every ID has its section, and `explain` finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelgate.domain.check_ids import BATCH_IDS, CHECK_IDS, PROBE_IDS, SCAN_IDS, WATCH_IDS, waivable
from modelgate.domain.errors import UsageError
from modelgate.render.explain import meaning, section, sections

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"

ALL = CHECK_IDS + WATCH_IDS + BATCH_IDS + PROBE_IDS + SCAN_IDS


def test_every_check_has_a_section_and_every_section_a_check():
    """The headings of the page are the list of IDs, no more and no less."""
    assert sorted(sections()) == sorted(ALL)


def test_sections_stand_under_their_area():
    """A level-2 heading names an area, and the IDs below it begin with that area."""
    area = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            area = line.removeprefix("## ").partition(":")[0]
        elif line.startswith("### "):
            assert line.removeprefix("### ").partition(".")[0] == area


@pytest.mark.parametrize("check", ALL)
def test_a_section_says_level_meaning_reason_and_remedy(check):
    """A section has its four parts in order, in a length that fits a screen."""
    text = section(check)
    heading, level, _, why, what, *_ = text.split("\n\n")
    assert heading == f"### {check}"
    assert level.startswith("**Level:** ")
    assert why.startswith("**Why it matters.** ")
    assert what.startswith("**What to do.** ")
    assert 9 <= len(text.splitlines()) <= 24
    assert 20 <= len(meaning(check)) <= 300


@pytest.mark.parametrize("check", [check for check in ALL if not check.startswith("settings.")])
def test_a_section_says_if_the_check_cannot_be_waived(check):
    """What a waiver may not name is told where people look before they write one."""
    level = section(check).split("\n\n")[1]
    assert ("Cannot be waived" in level) is not waivable(check)


def test_the_meaning_is_plain_text():
    """The paragraph that says what a check means comes on one line without marks."""
    assert meaning("catalogue.unknown-model") == (
        "The Models API does not know the reference: it is neither a model nor an alias, not even a retired one."
    )
    assert "`" not in meaning("drift.not-promoted")


def test_an_unknown_id_is_refused_with_a_suggestion():
    """A typing error in an ID names the nearest one."""
    with pytest.raises(UsageError, match=r"no check has the ID 'drift\.alias-move'") as caught:
        section("drift.alias-move")
    assert caught.value.hint == "did you mean drift.alias-moved?"


def test_a_hostile_id_is_shown_harmless():
    """Terminal escapes in an ID do not reach the terminal."""
    with pytest.raises(UsageError) as caught:
        section("\x1b[2Jdrift\n" + "x" * 10_000_000)
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 120
    assert (caught.value.hint, caught.value.commands) == ("all of them:", ("modelgate explain",))
