"""What the pages look up in a picture of the fleet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modelgate.domain.fleet import Fleet, FleetSlot, Look, ModelFacts
from modelgate.domain.rows import HandOver, Scope
from modelgate.fleet.picture import SORTS, Picture

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PROD, STAGING = Scope("checkout", "prod"), Scope("Search", "staging")
LOOK = Look(PROD, 1, NOW, "pod", "run_1", "preflight", "pass", True, "https://a", NOW, None)


def slot(scope: Scope, name: str, *handed: str, days: int | None = None, mark: str = "ok") -> FleetSlot:
    """A slot that was handed these, the newest first, and may run `claude-p`."""
    overs = tuple(HandOver(name, each, "claude", NOW, "run_1", "pod", "ada", "0.1.0") for each in handed)
    facts = ModelFacts("deprecated", NOW + timedelta(days=days), NOW) if days is not None else None
    return FleetSlot(
        scope, name, "claude", "claude-a", "claude-p", False, None, overs, 1, True, facts, {"preflight": LOOK},
        mark, days,  # type: ignore[arg-type]  # a mark is a text
    )  # fmt: skip


SLOTS = (
    slot(PROD, "one", "claude-b", "claude-c"), slot(STAGING, "two", "claude-c", days=5, mark="due"),
    replace(slot(PROD, "three", mark="refused"), may_run=None, resolved=None),
)  # fmt: skip
PICTURE = Picture(Fleet(NOW, SLOTS))


@pytest.mark.parametrize("name", ["claude", "claude-a", "claude-b", "claude-c", "claude-p", "claude-z", ""])
def test_who_has_to_do_with_a_model_is_as_the_fleet_says(name: str) -> None:
    """The same slots in the same order, looked up instead of looked through."""
    assert PICTURE.concerned.get(name, []) == list(PICTURE.fleet.of_model(name).slots)


@pytest.mark.parametrize(
    ("query", "state", "sort", "names"),
    [
        ("", "", "state", ["three", "two", "one"]), ("", "due", "state", ["two"]), ("SEARCH two", "", "state", ["two"]),
        ("claude-b", "", "model", ["one"]), ("", "", "days left", ["two", "one", "three"]), ("x y", "", "model", []),
        ("", "", "service", ["two", "one", "three"]), ("checkout/prod", "refused", "model", ["three"]),
    ],
)  # fmt: skip
def test_slots_are_found_and_sorted(query: str, state: str, sort: str, names: list[str]) -> None:
    """All words of the query, in any of its texts, in either case."""
    assert [found.slot for found in PICTURE.found(query, state, sort)] == names


def test_what_is_counted_and_dated() -> None:
    """The worst state first; one line for a model that retires."""
    assert PICTURE.counts == [("refused", 1), ("due", 1), ("ok", 1)]
    assert PICTURE.dates == [{"day": "2026-12-01", "left": 5, "model": "claude-c", "slots": 1}]
    assert {scope: len(found) for scope, found in PICTURE.scopes.items()} == {PROD: 2, STAGING: 1}
    assert set(SORTS) == {"state", "service", "model", "days left"}
