"""Each finding of the contract's list for `watch`, at its level: by a gate of today, and by an older one's rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from support.commands import Shell
from support.ledger import AUTHOR
from support.receivers import receiver
from support.sites import ALIAS, NEW, OLD, Site
from support.watching import look

from modelgate.domain.rows import PinRow, ResolutionRow, RunRow
from modelgate.sandbox import Sandbox

Told = list[tuple[str, str, str]]


def _past(site: Site) -> None:
    site.sandbox.deprecate(OLD, retires_in_days=1)
    site.clock.ahead += timedelta(days=3)


def _smaller(site: Site) -> None:
    site.sandbox.patch_model(OLD, max_tokens=16)


def _later(site: Site) -> None:
    site.sandbox.deprecate(OLD, retires_in_days=300)


DEPRECATED = ("catalogue.deprecated", OLD, "warn")
EVENTS: dict[str, tuple[Callable[[Site], object], Told]] = {
    "announced": (lambda site: site.sandbox.deprecate(OLD, retires_in_days=200),
                  [DEPRECATED, ("drift.retirement-moved", OLD, "warn")]),
    "soon": (lambda site: site.sandbox.deprecate(OLD, retires_in_days=20),
             [DEPRECATED, ("catalogue.retires-soon", OLD, "warn")]),
    "very soon": (lambda site: site.sandbox.deprecate(OLD, retires_in_days=10),
                  [DEPRECATED, ("catalogue.retires-soon", OLD, "refuse")]),
    "overdue": (_past, [DEPRECATED, ("catalogue.retirement-overdue", OLD, "refuse")]),
    "retired": (lambda site: site.sandbox.retire(OLD),
                [("catalogue.retired", ALIAS, "refuse"), ("drift.pin-retired", OLD, "refuse")]),
    "gone": (lambda site: (site.sandbox.move_alias(ALIAS, NEW), site.sandbox.remove_model(OLD)),
             [("drift.pin-missing", OLD, "warn")]),
    "moved": (lambda site: site.sandbox.move_alias(ALIAS, NEW), [("drift.alias-moved", ALIAS, "refuse")]),
    "smaller": (_smaller, [("drift.facts-changed", OLD, "warn")]),
    "silent": (lambda site: setattr(site.clock, "ahead", timedelta(days=31)), [("watch.silent", "", "note")]),
}  # fmt: skip
BY_FACTS = ("drift.retirement-moved", "drift.facts-changed")
"""They compare with the facts of the day of the approval."""


def started(site: Site) -> None:
    """Approved and started by a gate of today."""
    site.asks(policy={"first_use": "accept"}, summarizer=ALIAS)
    site.preflight()


def older(site: Site) -> None:
    """As an older gate recorded it: no terms, no facts beside the pin."""
    now, slots = site.clock.now(), json.dumps([{"slot": "summarizer", "reference": ALIAS, "source": "x:1"}])
    run = RunRow("run_1", "preflight", "pass", True, 0, now, now, slots)
    row = ResolutionRow("run_1", "summarizer", ALIAS, "resolved", OLD, OLD, OLD, 1)
    site.store().append(
        site.scope(), AUTHOR, [run, row, PinRow("summarizer", 1, "accept", ALIAS, OLD, "first")], now=now
    )


@pytest.mark.parametrize("recorded", [started, older])
@pytest.mark.parametrize("event", EVENTS)
def test_each_finding_is_told_at_its_level(file_site: Site, event: str, recorded: Callable[[Site], None]) -> None:
    """Nothing before it happens; then what it is, once."""
    recorded(file_site)
    assert look(file_site).news == ()
    happens, expected = EVENTS[event]
    happens(file_site)
    if recorded is older:
        expected = [told for told in expected if told[0] not in BY_FACTS]
    found = look(file_site)
    assert sorted((row.check_id, row.model_id, row.level) for row in found.news) == sorted(expected)
    assert found.exit_code == (1 if {level for *_, level in expected} & {"warn", "refuse"} else 0)
    assert look(file_site).news == ()


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [(250, "warn", "retires earlier"), (350, "note", "retires later"), (None, "note", "taken back")],
)
def test_a_date_that_moved_since_the_approval(file_site: Site, days: int | None, level: str, words: str) -> None:
    """Earlier warns; later, and taken back, are notes."""
    file_site.sandbox.deprecate(OLD, retires_in_days=300)
    file_site.asks(policy={"first_use": "accept", "deprecated": "note"}, summarizer=OLD)
    file_site.preflight()
    look(file_site)
    file_site.sandbox.deprecate(OLD, retires_in_days=days)
    (row,) = look(file_site).news
    assert (row.check_id, row.level, words in row.message) == ("drift.retirement-moved", level, True)


def test_who_asks_another_api_is_named(file_site: Site) -> None:
    """With the finding's ID, in text and in JSON; it is no news, and no reason to be red."""
    with Sandbox() as gateway:
        file_site.environ["ANTHROPIC_BASE_URL"] = gateway.url
        started(file_site)
    file_site.environ["ANTHROPIC_BASE_URL"] = file_site.sandbox.url
    shell = Shell(file_site)
    told = shell.run("watch")
    assert (told.returncode, "checkout/prod" in told.stdout, "(watch.not-asked)" in told.stdout) == (0, True, True)
    document = json.loads(shell.run("watch", "--format", "json").stdout)
    assert (document["not_asked"], document["news"]) == (["checkout/prod"], [])


@pytest.mark.parametrize("recorded", [started, older])
def test_a_channel_hears_of_a_date_that_moves_until_it_is_taken_back(
    file_site: Site, recorded: Callable[[Site], None]
) -> None:
    """Each move once, with both dates, whoever recorded the approval; a new channel gets what is open."""
    recorded(file_site)
    days: dict[int | None, str] = {}
    with receiver() as hook, receiver() as late:
        for left in (60, 50, 70, 200, 80, None):
            days[left] = (file_site.sandbox.deprecate(OLD, retires_in_days=left)["retires_at"] or "")[:10]
            for _ in range(2):
                look(file_site, hook)
            if left == 80:
                look(file_site, late)
        told = [notice for document in hook.documents for notice in document["notices"]]
        assert {notice[1] for notice in late.notices()} == {"catalogue.deprecated", "catalogue.retires-soon"}
    ended = ("over", "drift.retirement-moved")  # of what gave way to `retires-soon`
    texts = [each["message"] for each in told if (each["kind"], each["check_id"]) != ended]
    moves = [text for text in texts if "instead of" in text or "taken back" in text]
    expected = [("earlier", 50, 60), ("later", 70, 50), ("later", 200, 70), ("earlier", 80, 200)]
    words = [f"{word}: {days[now]} instead of {days[was]}" for word, now, was in expected]
    words.append(f"{days[80]} was taken back")
    assert [text[-len(word) :] for text, word in zip(moves, words, strict=True)] == words
