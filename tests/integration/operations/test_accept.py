"""accept: approve what the settings mean, what a run saw, or what another environment runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.sites import ALIAS, NEW, OLD, OTHER, Site, found

from modelgate.domain.errors import CouldNotKnow, Refused, UsageError

HOUR = timedelta(hours=1)
PROMOTED = {"promote_from": "staging", "soak_hours": 24}


def test_slots_by_name_or_all_of_them(file_site: Site) -> None:
    """What the settings resolve to now; old → new is told; a slot that is approved already is left as it is."""
    file_site.asks(summarizer=ALIAS, grader=OTHER)
    first = file_site.accept("grader")
    assert [(c.before, c.pin.model_id) for c in first.changes] == [(None, OTHER)]
    second = file_site.accept(everything=True)
    assert [(c.pin.slot, c.pin.model_id) for c in second.changes] == [("summarizer", OLD)]
    assert second.unchanged == ("grader",)
    assert file_site.preflight().models == {"summarizer": OLD, "grader": OTHER}


@pytest.mark.parametrize(
    ("slots", "how", "told"),
    [
        ((), {}, "name the slots"),
        (("summarizer",), {"everything": True}, "name the slots"),
        (("sumarizer",), {}, "has no slot sumarizer"),
        (("summarizer",), {"run_id": "run_1", "source": "staging"}, "exclude each other"),
        (("summarizer",), {"reason": " "}, "say why"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(
    file_site: Site, slots: tuple[str, ...], how: dict[str, str], told: str
) -> None:
    """Exit 2, and nothing is written."""
    with pytest.raises(UsageError, match=told):
        file_site.accept(*slots, **how)
    assert file_site.pins() == []


def test_a_near_miss_of_a_slots_name_is_suggested(file_site: Site) -> None:
    """The hint says which slot was meant."""
    with pytest.raises(UsageError) as wrong:
        file_site.accept("sumarizer")
    assert wrong.value.hint == "did you mean summarizer?"


def test_a_run_pins_exactly_what_it_saw(site: Site) -> None:
    """The alias moved and the settings were edited since: neither is approved by accident."""
    site.asks(summarizer=ALIAS, grader="claude-haiku-4-5")
    run = site.check()
    site.sandbox.move_alias(ALIAS, NEW)
    site.asks(summarizer=ALIAS, grader=OTHER)
    changed = site.accept(run_id=run.run_id)
    assert site.pins("summarizer") == [("accept", ALIAS, OLD)]
    assert site.pins("grader") == [("accept", "claude-haiku-4-5", "claude-haiku-4-5-20251001")]
    assert {f.id for f in changed.outlook.findings} == {"drift.alias-moved", "drift.reference-changed"}


def test_a_run_that_saw_an_id_which_is_gone_is_refused_whole(file_site: Site) -> None:
    """Each ID is verified live, and one that retired since keeps all slots from being pinned."""
    file_site.asks(summarizer=ALIAS, grader=OTHER)
    run = file_site.check()
    file_site.sandbox.retire(OLD)
    with pytest.raises(Refused, match=f"summarizer: {OLD} is retired"):
        file_site.accept(run_id=run.run_id)
    assert file_site.pins("grader") == []


def test_a_run_of_another_scope_or_of_nobody_is_refused(file_site: Site) -> None:
    """A run's ID from staging approves nothing in prod."""
    file_site.asks("staging", summarizer=ALIAS)
    foreign = file_site.check("staging")
    for run_id in (foreign.run_id, "run_nobody", "'; DROP TABLE runs"):
        with pytest.raises(Refused, match="checkout/prod has no run"):
            file_site.accept(run_id=run_id)
    assert file_site.pins() == []


def test_a_run_that_saw_nothing_of_a_slot_is_told(file_site: Site) -> None:
    """A name that meant nothing then is not "approved already"; the others are accepted without it."""
    file_site.asks(summarizer=ALIAS, grader="claude-no-such-model")
    run = file_site.check()
    with pytest.raises(Refused, match="saw no ID for grader"):
        file_site.accept("grader", run_id=run.run_id)
    file_site.asks(summarizer=ALIAS, grader=OTHER, extra=OTHER)
    changed = file_site.accept(run_id=run.run_id)
    assert ([c.pin.slot for c in changed.changes], changed.unchanged) == (["summarizer"], ())
    with pytest.raises(Refused, match="saw no ID for extra"):
        file_site.accept("extra", run_id=run.run_id)


def test_a_run_with_a_held_slot_pins_the_others(file_site: Site) -> None:
    """The hold stays, and is told; a run of which every slot is held is refused with the hint."""
    file_site.asks(summarizer=ALIAS, grader=ALIAS)
    file_site.accept(everything=True)
    file_site.rollback("summarizer", to=OLD)
    file_site.sandbox.move_alias(ALIAS, NEW)
    run = file_site.check()
    accepted = file_site.accept(run_id=run.run_id)
    assert [c.pin.slot for c in accepted.changes] == ["grader"]
    assert accepted.notes == ("summarizer is held, and left as it is",)
    file_site.rollback("grader", to=OLD)
    with pytest.raises(Refused, match="is held on"):
        file_site.accept(run_id=run.run_id)


def test_an_id_that_does_not_fit_is_refused(file_site: Site) -> None:
    """What the slot requires is asked before it is approved."""
    file_site.asks(more='requires = ["effort.high"]\n', summarizer=ALIAS)
    with pytest.raises(Refused, match=r"does not support effort\.high"):
        file_site.accept("summarizer")
    assert file_site.pins() == []


@pytest.mark.parametrize(
    ("reference", "told"),
    [("claude-no-such", "is no model"), ("claude-3-opus-20240229", "is retired"), ("claude-opus-4-0", "is retired")],
)
def test_a_reference_that_means_nothing_is_refused(file_site: Site, reference: str, told: str) -> None:
    """The hint is the line to change."""
    file_site.asks(summarizer=reference)
    with pytest.raises(Refused, match=told) as refused:
        file_site.accept("summarizer")
    assert refused.value.hint.endswith("prod.toml:5")


def test_what_ran_is_told_where_the_settings_ask_for_another_name(site: Site) -> None:
    """By `accept`, and by a rollback before anybody approved the new name: old pods run what was approved last."""
    site.accept("summarizer")
    site.preflight()
    site.asks(summarizer=OTHER)
    held = site.rollback("summarizer", to=OLD, dry_run=True)
    assert [(c.before, c.pin.model_id) for c in held.changes] == [(OLD, OLD)]
    changed = site.accept("summarizer")
    assert [(c.before, c.pin.model_id) for c in changed.changes] == [(OLD, OTHER)]


def test_nobody_is_approved_unasked(file_site: Site) -> None:
    """In an outage, and where one alias fails, it is not known what would be pinned."""
    file_site.asks(summarizer=ALIAS, grader=OTHER)
    file_site.outage(path=f"/v1/models/{ALIAS}")
    with pytest.raises(CouldNotKnow):
        file_site.accept(everything=True)
    file_site.outage()
    with pytest.raises(CouldNotKnow):
        file_site.accept("grader")
    assert (file_site.pins("summarizer"), file_site.pins("grader")) == ([], [])


# --- promotion


@pytest.fixture
def promoted(site: Site) -> Site:
    """Staging has handed over NEW; prod still runs OLD, and its settings ask for NEW since now."""
    site.asks("staging", summarizer=NEW)
    site.accept("summarizer", environment="staging")
    site.asks(policy=PROMOTED, summarizer=OLD)
    site.accept("summarizer")
    site.preflight()
    site.asks(policy=PROMOTED, summarizer=NEW)
    site.preflight("staging")
    return site


def test_a_promotion_pins_what_the_other_environment_runs(promoted: Site) -> None:
    """The note says that it has not soaked; check refuses until it has, a start is only warned."""
    changed = promoted.accept("summarizer", source="staging")
    assert promoted.pins()[-1] == ("accept", NEW, NEW)
    assert "check refuses until it soaked" in changed.notes[0]
    assert found(promoted.check()) == {"drift.not-promoted": "refuse"}
    assert found(promoted.preflight()) == {"drift.not-promoted": "warn"}
    promoted.clock.ahead += 25 * HOUR
    on_a_server = promoted.database_url.startswith("postgresql")
    assert found(promoted.check()) == ({"drift.not-promoted": "refuse"} if on_a_server else {})


def test_a_soak_ends_by_the_clock_that_began_it(site_on_postgresql: Site) -> None:
    """A host whose clock is days ahead, or was days behind, ends no soak: the database's own clock counts."""
    site = site_on_postgresql
    site.asks("staging", summarizer=NEW)
    site.accept("summarizer", environment="staging")
    site.clock.ahead -= 48 * HOUR
    site.preflight("staging")
    site.clock.ahead += 48 * HOUR
    site.asks(policy=PROMOTED, summarizer=NEW)
    site.accept("summarizer")
    assert found(site.check()) == {"drift.not-promoted": "refuse"}
    site.clock.ahead += 48 * HOUR
    assert found(site.check()) == {"drift.not-promoted": "refuse"}
    site.asks(policy={"promote_from": "staging", "soak_hours": 0}, summarizer=NEW)
    assert found(site.check()) == {}


def test_the_soak_begins_anew_after_a_rollback_there(promoted: Site) -> None:
    """Staging rolled back from it: what it proved before does not count."""
    promoted.accept("summarizer", source="staging")
    promoted.clock.ahead += 25 * HOUR
    promoted.rollback("summarizer", environment="staging", to=OLD, never_run=True)
    assert found(promoted.check()) == {"drift.not-promoted": "refuse"}


def test_nothing_is_promoted_from_where_nothing_ran(file_site: Site) -> None:
    """Approved there is not handed over there."""
    file_site.asks("staging", summarizer=ALIAS)
    file_site.accept("summarizer", environment="staging")
    with pytest.raises(Refused, match="checkout/staging has handed over nothing for summarizer"):
        file_site.accept("summarizer", source="staging")


def test_clocks_that_disagree_promote_what_ran_last(promoted: Site) -> None:
    """A host whose clock is behind promotes the newest hand-over, not the newest that its clock has reached."""
    promoted.asks("staging", summarizer=OTHER)
    promoted.accept("summarizer", environment="staging")
    promoted.clock.ahead += HOUR
    promoted.preflight("staging")
    promoted.clock.ahead -= HOUR
    promoted.asks(policy=PROMOTED, summarizer=OTHER)
    promoted.accept("summarizer", source="staging")
    assert promoted.pins()[-1] == ("accept", OTHER, OTHER)


def test_a_held_id_is_warned_of_and_not_refused_for_its_soak(promoted: Site) -> None:
    """A rollback in prod is not stopped by what staging never ran."""
    promoted.accept("summarizer", source="staging")
    promoted.rollback("summarizer", to=OLD)
    assert found(promoted.check()) == {"drift.held": "note", "drift.not-promoted": "note"}


def test_an_id_that_was_left_by_a_rollback_is_promoted_no_more_from_git(file_site: Site) -> None:
    """Staging's pins are in its lock: the hold that leaves an ID is all that the store knows of it."""
    file_site.asks("staging", policy={"pins_from": "lock"}, summarizer=ALIAS)
    file_site.asks(policy={"promote_from": "staging"}, summarizer=NEW)
    file_site.lock(environment="staging")
    file_site.preflight("staging")
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.lock(environment="staging")
    file_site.preflight("staging")
    file_site.accept("summarizer")
    assert found(file_site.check()) == {}
    file_site.rollback("summarizer", environment="staging", to=NEW, unverified=True)
    assert found(file_site.check()) == {}, "held where it was, it left nothing"
    file_site.release("summarizer", environment="staging")
    file_site.rollback("summarizer", environment="staging", to=OLD)
    assert found(file_site.check()) == {"drift.not-promoted": "refuse"}


def test_settings_without_slots_are_wrong_usage(file_site: Site) -> None:
    """There is nothing to approve, and no next preflight that would pass."""
    file_site.asks()
    with pytest.raises(UsageError, match="has no slots"):
        file_site.accept(everything=True)


def test_a_promotion_waits_for_the_restart_after_a_rollback(promoted: Site) -> None:
    """Staging was rolled back and not restarted: what it may run is not what it handed over; nothing is promoted."""
    promoted.sandbox.add_model("claude-third", like=NEW)
    promoted.asks("staging", summarizer="claude-third")
    promoted.accept("summarizer", environment="staging")
    promoted.preflight("staging")
    promoted.rollback("summarizer", environment="staging", to=NEW)
    with pytest.raises(Refused, match="may run"):
        promoted.accept("summarizer", source="staging")
    promoted.preflight("staging")
    assert promoted.accept("summarizer", source="staging").changes[0].pin.model_id == NEW
