"""The fleet, read from real stores that real gates wrote."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from support.sites import ALIAS, NEW, OLD, Site

from modelgate.domain.fleet import Fleet, FleetSlot
from modelgate.fleet.fleet import fleet
from modelgate.gate.context import prepare


def fleet_at(site: Site, **environ: str) -> Fleet:
    """The fleet as somebody sees it who has none of the services' settings."""
    context = prepare({**site.environ, **environ}, config_dir=site.folder, clock=site.clock, anywhere=True)
    return fleet(context)


def one(found: Fleet, environment: str = "prod", slot: str = "summarizer") -> FleetSlot:
    """One of its slots."""
    (it,) = [each for each in found.slots if (each.scope.environment, each.slot) == (environment, slot)]
    return it


def told(slot: FleetSlot) -> tuple[str, str, str | None, list[str]]:
    """Its state, reference, what it may run, and what it was handed, the newest first."""
    return slot.mark, slot.reference, slot.may_run, [each.model_id for each in slot.handed]


def test_an_empty_store_has_no_slots(site: Site) -> None:
    """Nothing ran yet."""
    site.store()
    assert fleet_at(site).slots == ()


def test_a_store_that_is_not_there_is_a_wrong_setting(file_site: Site) -> None:
    """An empty fleet would look like a quiet one."""
    from modelgate.domain.errors import SettingsError

    (file_site.folder / "modelgate.db").unlink()
    with pytest.raises(SettingsError, match="there is no audit store"):
        fleet_at(file_site)


def test_a_slot_is_told_from_its_first_refusal_to_its_hold(site: Site) -> None:
    """Refused while nothing is approved; then what it may run, what it was handed, and that it is held."""
    site.check()
    assert told(one(fleet_at(site))) == ("refused", ALIAS, None, [])
    site.accept("summarizer")
    site.preflight()
    assert told(one(fleet_at(site))) == ("ok", ALIAS, OLD, [OLD])
    site.sandbox.move_alias(ALIAS, NEW)
    site.accept("summarizer")
    site.preflight()
    assert told(one(fleet_at(site))) == ("ok", ALIAS, NEW, [NEW, OLD])
    site.rollback("summarizer")
    site.preflight()
    held = one(fleet_at(site))
    assert (told(held), held.held, held.hosts) == (("held", ALIAS, OLD, [OLD, NEW]), True, 1)


def test_a_pull_request_that_is_refused_is_told_and_changes_nothing(site: Site) -> None:
    """The reference stays that of what is deployed; the newest check says "refuse"."""
    site.accept("summarizer")
    site.preflight()
    site.asks(summarizer="claude-never")
    site.check()
    slot = one(fleet_at(site))
    assert (told(slot), slot.verdicts["check"].verdict) == (("refused", ALIAS, OLD, [OLD]), "refuse")


def test_many_slots_and_environments_are_read_at_once(site: Site) -> None:
    """Every environment has its own rows, each with its own slots in order."""
    for environment in ("staging", "prod"):
        site.asks(environment, policy={"first_use": "accept"}, b=ALIAS, a=NEW)
        site.preflight(environment)
    found = [(s.scope.environment, s.slot, s.model) for s in fleet_at(site).slots]
    assert found == [(e, s, m) for e in ("prod", "staging") for s, m in (("b", OLD), ("a", NEW))]


def test_who_has_to_do_with_a_model(site: Site) -> None:
    """May run it, was handed it, or asks for it, by alias or ID; nobody for another one."""
    site.accept("summarizer")
    site.preflight()
    found = fleet_at(site)
    assert [len(found.of_model(name).slots) for name in (OLD, ALIAS, NEW)] == [1, 1, 0]


def test_what_retires_soon_is_due_and_first(site: Site) -> None:
    """Days count from now, not from when the gate asked."""
    site.accept("summarizer")
    site.sandbox.deprecate(OLD, retires_in_days=41)
    site.check()
    site.preflight()
    assert (one(fleet_at(site)).days_left, len(fleet_at(site).due(35).slots)) == (40, 0)
    site.clock.ahead += timedelta(days=30)
    assert (one(fleet_at(site)).days_left, len(fleet_at(site).due(35).slots)) == (10, 1)
    assert one(fleet_at(site)).mark == "due"


def test_the_silent_are_told_and_the_forgotten_are_not(site: Site) -> None:
    """After `quiet_days` without a start a slot is silent; after `forget_days` it is gone."""
    site.accept("summarizer")
    site.preflight()
    site.clock.ahead += timedelta(days=31)
    assert one(fleet_at(site)).mark == "silent"
    assert one(fleet_at(site, MODELGATE_WATCH__QUIET_DAYS="40")).mark == "ok"
    site.clock.ahead += timedelta(days=335)
    assert fleet_at(site).slots == ()


@pytest.mark.parametrize("days", ["0", "-1", "soon"])
def test_a_wrong_number_of_days_is_a_wrong_setting(site: Site, days: str) -> None:
    """The source of the value is named."""
    from modelgate.domain.errors import SettingsError

    with pytest.raises(SettingsError, match=r"\$MODELGATE_WATCH__QUIET_DAYS"):
        fleet_at(site, MODELGATE_WATCH__QUIET_DAYS=days)


@pytest.mark.parametrize("commit", ["a" * 40, ""])
def test_approvals_in_git_are_what_the_run_recorded(file_site: Site, commit: str) -> None:
    """The store has no pins; the slot may run what the lock said, of a known commit or not."""
    file_site.asks(policy={"pins_from": "lock"}, summarizer=ALIAS)
    file_site.lock()
    file_site.environ["GITHUB_SHA"] = commit
    file_site.preflight()
    assert told(one(fleet_at(file_site))) == ("ok", ALIAS, OLD, [OLD])


def test_json_is_json(site: Site) -> None:
    """The document parses, and names what it was asked for."""
    from modelgate.render.fleet import as_json

    site.accept("summarizer")
    site.preflight()
    document = json.loads(as_json(fleet_at(site), OLD))
    assert [s["concerned"]["may_run"] for s in document["slots"]] == [True]


def test_an_observed_hand_over_counts(site: Site) -> None:
    """Where a gate only observes, the slot runs what its reference means, and nothing is enforced."""
    site.asks(policy={"enforce": False}, summarizer=ALIAS)
    site.preflight()
    slot = one(fleet_at(site))
    assert ([each.model_id for each in slot.handed], slot.enforced, slot.hosts) == ([OLD], False, 1)
