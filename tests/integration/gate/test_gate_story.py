"""The main path, as it happens: refused, approved, passed, drifted, refused, approved again. On both databases."""

from __future__ import annotations

import re

import pytest
from support.sites import ALIAS, NEW, OLD, OTHER, Site, finding, found

import modelgate
from modelgate import Refused
from modelgate.domain.findings import Verdict


def test_a_slot_that_nobody_approved_is_refused_and_nothing_is_pinned(site: Site) -> None:
    """First use: check and preflight refuse, hand over nothing and leave the slot without a revision."""
    checked, started = site.check(), site.preflight()
    assert [found(report) for report in (checked, started)] == [{"drift.unpinned": "refuse"}] * 2
    assert [report.exit_code for report in (checked, started)] == [1, 1]
    assert started.models == {}
    assert site.pins() == []


def test_what_is_approved_is_handed_over(site: Site) -> None:
    """After an accept check passes and hands over nothing; preflight passes and hands over the approved ID."""
    site.accept("summarizer")
    checked, started = site.check(), site.preflight()
    assert (found(checked), found(started)) == ({}, {})
    assert checked.slots[0].handed_off is None
    assert started.models == {"summarizer": OLD}
    assert started.exports == {"MODELGATE_MODEL_SUMMARIZER": OLD}


def test_an_alias_that_moves_is_refused_until_the_hint_is_typed(site: Site) -> None:
    """The hint of the refusal names the run; accepting that run pins what it saw, and the gate passes."""
    site.accept("summarizer")
    site.preflight()
    site.sandbox.move_alias(ALIAS, NEW)
    refused = site.preflight()
    assert found(refused) == {"drift.alias-moved": "refuse"}
    (run_id,) = re.findall(r"--run (\S+)", finding(refused, "drift.alias-moved").commands[0])
    assert run_id == refused.run_id
    assert site.preflight().models == {}
    site.accept("summarizer", run_id=run_id)
    assert site.preflight().models == {"summarizer": NEW}
    assert site.pins() == [("accept", ALIAS, OLD), ("accept", ALIAS, NEW)]


def test_the_alias_moved_hint_to_stay_holds_in_place(site: Site) -> None:
    """The second command of the hint holds the present ID: the next start passes on it."""
    site.accept("summarizer")
    site.sandbox.move_alias(ALIAS, NEW)
    _, stay = finding(site.check(), "drift.alias-moved").commands
    assert stay.startswith(f"modelgate rollback summarizer --to {OLD} ")
    site.rollback("summarizer", to=OLD)
    assert found(site.preflight()) == {"drift.held": "note"}
    assert site.preflight().models == {"summarizer": OLD}


def test_policy_accept_pins_on_a_passing_preflight_alone(site: Site) -> None:
    """With the policy "accept" preflight pins a first use, a moved alias, a changed reference; check pins nothing."""
    policy = {"first_use": "accept", "alias_moved": "accept", "reference_changed": "accept"}
    site.asks(policy=policy, summarizer=ALIAS)
    assert site.check().verdict is Verdict.PASS
    assert site.pins() == []
    assert site.preflight().models == {"summarizer": OLD}
    site.sandbox.move_alias(ALIAS, NEW)
    assert site.preflight().models == {"summarizer": NEW}
    site.asks(policy=policy, summarizer=OTHER)
    assert site.preflight().models == {"summarizer": OTHER}
    assert site.pins() == [("first-use", ALIAS, OLD), ("accept", ALIAS, NEW), ("accept", OTHER, OTHER)]
    assert site.preflight().models == {"summarizer": OTHER}
    assert len(site.pins()) == 3


def test_policy_accept_pins_all_slots_or_none(site: Site) -> None:
    """A second slot that cannot be served keeps the first from being pinned."""
    site.asks(policy={"first_use": "accept"}, summarizer=ALIAS, grader="claude-3-opus-20240229")
    refused = site.preflight()
    assert found(refused)["catalogue.retired"] == "refuse"
    assert (site.pins("summarizer"), site.pins("grader")) == ([], [])


def test_policy_warn_keeps_pods_on_the_approved_id(site: Site) -> None:
    """`alias_moved = "warn"` for preflight alone: pods start on the pin while CI refuses."""
    site.asks(policy={"preflight": {"alias_moved": "warn"}}, summarizer=ALIAS)
    site.accept("summarizer")
    site.sandbox.move_alias(ALIAS, NEW)
    assert site.check().exit_code == 1
    started = site.preflight()
    assert found(started) == {"drift.alias-moved": "warn"}
    assert started.models == {"summarizer": OLD}


def test_old_and_new_pods_start_side_by_side(site: Site) -> None:
    """An older checkout, whose reference was approved, still starts after a newer one was approved."""
    site.accept("summarizer")
    site.asks(summarizer=OTHER)
    site.accept("summarizer")
    assert site.preflight().models == {"summarizer": OTHER}
    site.asks(summarizer=ALIAS)
    older = site.preflight()
    assert found(older) == {"drift.earlier-pin": "note"}
    assert older.models == {"summarizer": OLD}


def test_a_reference_that_only_changed_its_name_passes(site: Site) -> None:
    """Asking for the pinned ID by its own name is told, and is no drift."""
    site.accept("summarizer")
    site.asks(summarizer=OLD)
    renamed = site.preflight()
    assert found(renamed) == {"drift.reference-renamed": "note"}
    assert renamed.models == {"summarizer": OLD}


def test_a_pinned_model_that_retires_is_refused(site: Site) -> None:
    """Nobody is handed an ID that the API no longer serves, whatever was approved."""
    site.accept("summarizer")
    site.sandbox.retire(OLD)
    refused = site.preflight()
    assert found(refused)["drift.pin-retired"] == "refuse"
    assert refused.models == {}


def test_a_pinned_model_that_vanishes_is_refused(site: Site) -> None:
    """An ID that was never there is told apart from a retired one."""
    site.accept("summarizer")
    site.sandbox.move_alias(ALIAS, NEW)
    site.sandbox.remove_model(OLD)
    assert found(site.preflight()) == {"drift.pin-missing": "refuse"}


def test_the_library_judges_as_the_commands_do(site: Site) -> None:
    """`modelgate.check` and `modelgate.preflight` return the report; `raise_for_refusal` raises what it says."""
    with pytest.raises(Refused, match="summarizer: never approved"):
        modelgate.check("prod", config_dir=site.config, environ=site.environ).raise_for_refusal()
    site.accept("summarizer")
    report = modelgate.preflight("prod", config_dir=site.config, environ=site.environ)
    report.raise_for_refusal()
    assert report.models == {"summarizer": OLD}


def test_an_api_that_cannot_be_asked_is_unknown_and_never_drift(site: Site) -> None:
    """Exit code 3, one finding, nothing handed over; a definite refusal beside it wins."""
    site.accept("summarizer")
    site.outage()
    unknown = site.preflight()
    assert found(unknown) == {"api.unreachable": "unknown"}
    assert (unknown.exit_code, unknown.models) == (3, {})
    site.asks(summarizer=ALIAS, grader=ALIAS)
    assert found(site.preflight()) == {"api.unreachable": "unknown", "drift.unpinned": "refuse"}
    assert site.preflight().exit_code == 1
