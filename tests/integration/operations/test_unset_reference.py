"""A slot whose `model_from` is not set where a person stands: at three in the morning, in a hook, in another team."""

from __future__ import annotations

import pytest
from support.sites import ALIAS, NEW, OLD, OTHER, Site, found

from modelgate.domain.errors import SettingsError
from modelgate.operations.lock import check_lock
from modelgate.operations.status import status

GRADER = "[slots.grader]\nmodel_from = 'GRADER_MODEL'\n"


@pytest.fixture
def running(site: Site) -> Site:
    """A site that ran two IDs in the slot, and from whose shells the variable is then gone."""
    site.asks(summarizer=OTHER, more=GRADER)
    site.environ["GRADER_MODEL"] = ALIAS
    site.accept(everything=True)
    assert site.preflight().models == {"summarizer": OTHER, "grader": OLD}
    site.sandbox.move_alias(ALIAS, NEW)
    site.accept(everything=True)
    assert site.preflight().models["grader"] == NEW
    del site.environ["GRADER_MODEL"]
    return site


def test_status_tells_what_the_slot_may_run(running: Site) -> None:
    """Who looks sees the slot in its place, by the reference it had last."""
    slots = [(slot.slot, slot.reference, slot.model_id) for slot in status(running.world()).slots]
    assert slots == [("summarizer", OTHER, OTHER), ("grader", ALIAS, NEW)]


def test_rollback_works_by_the_last_reference(running: Site) -> None:
    """On call nobody has the application's variables: the slot goes back all the same, and the pod starts on it."""
    running.rollback("grader")
    assert running.pins("grader")[-1] == ("rollback", ALIAS, OLD)
    assert running.preflight(GRADER_MODEL=ALIAS).models["grader"] == OLD


def test_other_slots_are_accepted_and_released(running: Site) -> None:
    """Commands about another slot do not ask for the variable."""
    running.rollback("summarizer", to=OTHER)
    running.release("summarizer")
    assert running.accept("summarizer").outlook.verdict == "pass"


def test_what_needs_the_reference_asks_for_it(running: Site) -> None:
    """An accept and a release of that slot, and an enforcing gate, name the slot, the variable and the place."""
    running.rollback("grader")
    told = f"{(running.config / 'prod.toml').as_posix()}:7: slots.grader: the variable GRADER_MODEL is not set"
    for act in (
        lambda: running.accept("grader"),
        lambda: running.accept(everything=True),
        lambda: running.release("grader"),
        lambda: running.release(everything=True),
        lambda: running.lock(),
        lambda: running.check(),
        lambda: running.preflight(),
    ):
        with pytest.raises(SettingsError) as caught:
            act()
        assert str(caught.value) == told


def test_observing_and_offline_checks_go_on(running: Site) -> None:
    """A hook without the network and a gate that only observes judge what they can, and tell of the slot."""
    assert found(running.check(offline=True)) == {"settings.offline": "note", "settings.model-from-unset": "note"}
    running.asks(policy={"enforce": False}, summarizer=OTHER, more=GRADER)
    report = running.check()
    assert (report.exit_code, found(report)) == (0, {"settings.model-from-unset": "unknown"})


def test_a_lock_is_written_and_checked_around_it(running: Site) -> None:
    """Locking one slot keeps the other's approval, and the hook of pre-commit compares what it can."""
    running.environ["GRADER_MODEL"] = ALIAS
    running.lock()
    del running.environ["GRADER_MODEL"]
    locked = running.lock("summarizer")
    assert {pin.slot for pin in locked.pins} == {"summarizer", "grader"}
    assert check_lock(running.world(), force=True) == ()
