"""status and diff: what the store knows, told as the gate would judge it."""

from __future__ import annotations

from support.sites import ALIAS, NEW, OLD, OTHER, Site

from modelgate.batches import permission
from modelgate.operations.status import Difference, SlotStatus, differences, status


def only_slot(site: Site) -> SlotStatus:
    """The one slot of the status."""
    (slot,) = status(site.world()).slots
    return slot


def test_a_reference_that_nobody_approved_may_run_nothing(site: Site) -> None:
    """The next start is refused: the pin for another reference is no permission, and what ran last stands beside it."""
    site.accept("summarizer")
    site.preflight()
    assert only_slot(site).model_id == OLD
    site.asks(summarizer=OTHER)
    assert site.preflight().exit_code == 1
    told = only_slot(site)
    assert (told.model_id, told.handed_over and told.handed_over.model_id) == (None, OLD)
    site.asks("staging", summarizer=OTHER)
    site.accept("summarizer", environment="staging")
    sides = [status(site.world(environment)) for environment in ("staging", "prod")]
    assert differences(*sides) == (Difference("summarizer", OTHER, None, left_held=False, right_held=False),)


def test_a_reference_that_was_only_renamed_runs_its_pin(site: Site) -> None:
    """As the newest run saw, it is the approved ID by another name."""
    site.accept("summarizer")
    site.asks(summarizer=OLD)
    site.check()
    assert only_slot(site).model_id == OLD


def test_a_policy_that_only_warns_stays_on_the_newest_pin(file_site: Site) -> None:
    """What preflight would hand over is what may run."""
    file_site.accept("summarizer")
    file_site.asks(policy={"preflight": {"reference_changed": "warn"}}, summarizer=OTHER)
    assert only_slot(file_site).model_id == OLD
    assert file_site.preflight().models == {"summarizer": OLD}


def test_the_gate_of_a_batch_is_no_start_of_a_deployment(file_site: Site) -> None:
    """It is recorded as what it is, and the last passing preflight stays that of the deployment."""
    file_site.accept("summarizer")
    started = file_site.preflight()
    permitted = permission.ask(file_site.world(), "summarizer")
    recorded = file_site.store().run(permitted.run_id or "")
    assert recorded is not None
    assert (recorded.run.command, recorded.run.verdict) == ("batch", "pass")
    last = status(file_site.world()).last_preflight
    assert last is not None
    assert last.run.run_id == started.run_id


def test_a_slot_that_left_the_settings_is_told_with_its_hold(file_site: Site) -> None:
    """It comes last, without a reference."""
    file_site.accept("summarizer")
    file_site.rollback("summarizer", to=NEW, never_run=True)
    file_site.asks(grader=ALIAS)
    grader, summarizer = status(file_site.world()).slots
    assert (grader.slot, grader.model_id, grader.hold) == ("grader", None, None)
    assert (summarizer.reference, summarizer.model_id, summarizer.hold is not None) == (None, NEW, True)
