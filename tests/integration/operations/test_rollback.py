"""rollback and release: three in the morning, and the day after."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta

import pytest
from support.ledger import AUTHOR, handed, run_row
from support.sites import ALIAS, NEW, OLD, OTHER, Site, found

from modelgate.clock import SystemClock
from modelgate.domain.errors import CouldNotKnow, Refused, UsageError
from modelgate.gate.handoff import json_text
from modelgate.operations.catalogue import models, resolve
from modelgate.operations.rollback_target import Target

HOUR = timedelta(hours=1)


@pytest.fixture
def moved(site: Site) -> Site:
    """The slot ran OLD, then NEW: each was accepted and handed over."""
    site.accept("summarizer")
    site.preflight()
    site.sandbox.move_alias(ALIAS, NEW)
    site.accept("summarizer")
    assert site.preflight().models == {"summarizer": NEW}
    return site


def test_without_a_target_it_goes_to_what_was_handed_over_before(moved: Site) -> None:
    """The hold is on the ID before, it revokes the pin that it leaves, and every later start is handed it."""
    changed = moved.rollback("summarizer")
    (change,) = changed.changes
    assert (change.before, change.pin.model_id, change.pin.revision, change.pin.revokes) == (NEW, OLD, 3, 2)
    assert changed.outlook.verdict == "pass"
    for _ in range(2):
        assert found(moved.preflight()) == {"drift.held": "note"}
        assert moved.preflight().models == {"summarizer": OLD}
    assert moved.check().exit_code == 0


def test_the_ids_that_were_only_accepted_are_no_past(moved: Site) -> None:
    """An accept that no start has picked up yet is left for what really ran before it."""
    moved.sandbox.move_alias(ALIAS, OTHER)
    moved.accept("summarizer")
    assert moved.rollback("summarizer").changes[0].pin.model_id == NEW


def test_a_hand_over_that_nobody_approved_is_no_target(moved: Site) -> None:
    """A stolen gate writes that another ID ran here: the default, a name and a time lead there only as --never-run."""
    forged = [run_row("r1"), handed("r1", "summarizer", OTHER)]
    moved.store().append(moved.scope(), AUTHOR, forged, now=moved.clock.now())
    for target in (None, OTHER):
        with pytest.raises(Refused, match="nobody approved") as refused:
            moved.rollback("summarizer", to=target)
        assert f"--to {OTHER} --never-run" in refused.value.hint
    changed = moved.rollback("summarizer", to=OTHER, never_run=True)
    assert changed.changes[0].pin.expires_at is not None
    assert moved.rollback("summarizer", to=OLD).changes[0].pin.model_id == OLD


def test_pods_that_stay_on_their_pin_are_rolled_back_from_it(file_site: Site) -> None:
    """Where preflight only warns of an edited reference, the present ID is the pin that the pods stay on."""
    policy = {"preflight": {"reference_changed": "warn"}}
    file_site.asks(policy=policy, summarizer=OLD)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.asks(policy=policy, summarizer=NEW)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.asks(policy=policy, summarizer=OTHER)
    assert file_site.preflight().models == {"summarizer": NEW}
    (change,) = file_site.rollback("summarizer").changes
    assert (change.before, change.pin.model_id, change.pin.revokes) == (NEW, OLD, 2)
    assert file_site.preflight().models == {"summarizer": OLD}


def test_a_hold_survives_what_comes_after_it(moved: Site) -> None:
    """The alias moving on, another reference, an unknown reference and an outage with grace: still the held ID."""
    policy = {"preflight": {"grace_hours": 1}}
    moved.asks(policy=policy, summarizer=ALIAS)
    moved.rollback("summarizer")
    for model in (OTHER, NEW, OLD):
        moved.sandbox.move_alias(ALIAS, model)
        assert moved.preflight().models == {"summarizer": OLD}
    moved.asks(policy=policy, summarizer=OTHER)
    assert moved.preflight().models == {"summarizer": OLD}
    moved.asks(policy=policy, summarizer="claude-no-such-model")
    started = moved.preflight()
    assert found(started) == {"drift.held": "note", "catalogue.unknown-model": "note"}
    assert started.models == {"summarizer": OLD}
    moved.outage()
    assert found(moved.preflight())["api.grace"] == "warn"
    assert moved.preflight().models == {"summarizer": OLD}


def test_accept_is_refused_on_a_held_slot(moved: Site) -> None:
    """It would undo the rollback; the hint is the release that does what was meant."""
    moved.rollback("summarizer")
    with pytest.raises(Refused, match="held on claude-sonnet-4-5-20250929") as refused:
        moved.accept("summarizer")
    (command,) = refused.value.commands
    assert command.startswith("modelgate release summarizer --accept")
    assert len(moved.pins()) == 3


def test_a_held_slot_needs_a_target(moved: Site) -> None:
    """ "The one before" is ambiguous once the slot is held: exit 2, and `--to` does it."""
    moved.rollback("summarizer")
    with pytest.raises(UsageError, match="held already"):
        moved.rollback("summarizer")
    assert moved.rollback("summarizer", to=NEW).changes[0].pin.revokes is None
    assert moved.preflight().models == {"summarizer": NEW}


def test_to_the_present_id_holds_in_place_and_revokes_nothing(moved: Site) -> None:
    """The alias may move, the slot stays; the approval is not taken back."""
    (change,) = moved.rollback("summarizer", to=NEW).changes
    assert (change.before, change.pin.model_id, change.pin.revokes) == (NEW, NEW, None)
    moved.sandbox.move_alias(ALIAS, OTHER)
    assert moved.preflight().models == {"summarizer": NEW}


def test_to_a_revision(moved: Site) -> None:
    """`--to-revision 1` is the ID of the first approval; a revision that is not there is refused."""
    assert moved.rollback("summarizer", to=Target(revision=1)).changes[0].pin.model_id == OLD
    with pytest.raises(Refused, match="has no revision 9"):
        moved.rollback("summarizer", to=Target(revision=9))


def test_to_a_time_is_what_was_handed_over_then(file_site: Site) -> None:
    """Not what was approved then: what ran."""
    file_site.accept("summarizer")
    file_site.preflight()
    before = file_site.clock.now()
    file_site.clock.ahead += HOUR
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.accept("summarizer")
    file_site.preflight()
    assert file_site.rollback("summarizer", to=Target(time=before)).changes[0].pin.model_id == OLD
    with pytest.raises(Refused, match="nothing had been handed over"):
        file_site.rollback("summarizer", to=Target(time=before - HOUR))


def test_all_slots_go_back_in_one_transaction(file_site: Site) -> None:
    """`--all --to-time`: every slot or, if one of them ran nothing then, none."""
    file_site.asks(summarizer=ALIAS, grader=OTHER)
    file_site.accept(everything=True)
    file_site.preflight()
    before = file_site.clock.now()
    file_site.clock.ahead += HOUR
    file_site.asks(summarizer=NEW, grader=NEW)
    file_site.accept(everything=True)
    file_site.preflight()
    with pytest.raises(UsageError, match="--all needs --to-time"):
        file_site.rollback(everything=True, to=OLD)
    changed = file_site.rollback(everything=True, to=Target(time=before))
    assert {c.pin.slot: c.pin.model_id for c in changed.changes} == {"summarizer": OLD, "grader": OTHER}
    assert file_site.preflight().models == {"summarizer": OLD, "grader": OTHER}
    file_site.asks(summarizer=NEW, grader=NEW, extra=OTHER)
    with pytest.raises(Refused, match="for extra"):
        file_site.rollback(everything=True, to=Target(time=before))
    assert len(file_site.pins("grader")) == 3


def test_an_id_that_never_ran_here_needs_a_word(moved: Site) -> None:
    """Without `--never-run` refused; with it verified live, held, and over in 24 hours."""
    with pytest.raises(Refused, match="never ran claude-opus-5 in prod"):
        moved.rollback("summarizer", to=OTHER)
    (change,) = moved.rollback("summarizer", to=OTHER, never_run=True).changes
    assert change.pin.expires_at is not None
    assert timedelta(hours=23) < change.pin.expires_at - moved.clock.now() <= timedelta(hours=24)
    assert moved.preflight().models == {"summarizer": OTHER}
    with pytest.raises(Refused, match="claude-no-such is not in the catalogue"):
        moved.rollback("summarizer", to="claude-no-such", never_run=True)
    with pytest.raises(UsageError, match="must be verified live"):
        moved.rollback("summarizer", to=OTHER, never_run=True, unverified=True)


def test_an_expired_hold_warns_at_preflight_and_refuses_at_check(moved: Site) -> None:
    """Time alone keeps no pod from starting, and CI tells that somebody has to decide."""
    moved.rollback("summarizer", expires_at=moved.clock.now() + HOUR)
    moved.clock.ahead += 2 * HOUR
    started = moved.preflight()
    assert found(started) == {"drift.hold-expired": "warn"}
    assert started.models == {"summarizer": OLD}
    assert found(moved.check()) == {"drift.hold-expired": "refuse"}


def test_a_hold_that_is_over_before_it_begins_is_refused(moved: Site) -> None:
    """`--expires` in the past is a slip of the keyboard."""
    with pytest.raises(UsageError, match="has passed"):
        moved.rollback("summarizer", expires_at=moved.clock.now() - HOUR)
    assert len(moved.pins()) == 2


def test_the_target_must_be_in_service_and_fit(moved: Site) -> None:
    """A retired ID, and one that lacks what the slot requires, are refused before anything is written."""
    moved.asks(more='requires = ["effort.high"]\n', summarizer=ALIAS)
    with pytest.raises(Refused, match=r"does not support effort\.high"):
        moved.rollback("summarizer")
    moved.asks(summarizer=ALIAS)
    moved.sandbox.retire(OLD)
    with pytest.raises(Refused, match="is retired"):
        moved.rollback("summarizer")
    assert len(moved.pins()) == 2


def test_a_slot_with_no_earlier_id_says_how_to_name_one(file_site: Site) -> None:
    """Nothing was handed over before the present one: refused with the way on."""
    file_site.accept("summarizer")
    file_site.preflight()
    with pytest.raises(Refused, match=f"has handed over nothing before {OLD}") as refused:
        file_site.rollback("summarizer")
    assert "--never-run" in refused.value.hint


def test_in_an_outage_it_is_told_to_be_unverified(moved: Site) -> None:
    """The API cannot be asked: could not know, with the hint; `--unverified` does not ask and holds."""
    moved.outage()
    with pytest.raises(CouldNotKnow) as unknown:
        moved.rollback("summarizer")
    assert "--unverified" in unknown.value.hint
    moved.sandbox.forget_requests()
    changed = moved.rollback("summarizer", unverified=True)
    assert moved.sandbox.counters() == {}
    assert changed.notes == ("unverified: the gate starts it only once the API can be asked again",)
    assert changed.changes[0].pin.origin is None
    assert moved.preflight().exit_code == 3
    moved.sandbox.lift_faults()
    assert moved.preflight().models == {"summarizer": OLD}


def test_an_origin_that_nobody_approved_is_no_outage(file_site: Site) -> None:
    """Something stands between: a definite no in every command, whose hint is no way around it."""
    file_site.accept("summarizer")
    file_site.asks(more='[api]\norigins = ["https://api.anthropic.com"]\n', summarizer=ALIAS)
    for operation in (
        lambda: file_site.rollback("summarizer", to=OLD),
        lambda: file_site.accept("summarizer"),
        lambda: file_site.lock("summarizer"),
        lambda: models(file_site.world(), (), ()),
        lambda: resolve(file_site.world(), (ALIAS,)),
    ):
        with pytest.raises(Refused) as refused:
            operation()
        assert (refused.value.exit_code, "--unverified" in refused.value.hint) == (1, False)


def test_unverified_on_a_renamed_reference_leaves_what_runs(moved: Site) -> None:
    """The settings name the ID itself by now. Nobody can be asked, but the last start saw that it is the same ID."""
    moved.asks(summarizer=NEW)
    assert found(moved.preflight()) == {"drift.reference-renamed": "note"}
    moved.outage()
    (change,) = moved.rollback("summarizer", unverified=True).changes
    assert (change.before, change.pin.model_id, change.pin.revokes) == (NEW, OLD, 2)


def test_unverified_without_grace_promises_no_start(moved: Site) -> None:
    """The outlook is what the next preflight says while the API is down: it cannot know, and refuses what it knows."""
    moved.outage()
    changed = moved.rollback("summarizer", unverified=True, dry_run=True)
    assert (changed.outlook.verdict, [f.id for f in changed.outlook.findings if f.level == "unknown"]) == (
        "unknown",
        ["api.unreachable"],
    )
    moved.asks(summarizer=ALIAS, grader=OTHER)
    ahead = moved.rollback("summarizer", unverified=True, dry_run=True).outlook
    assert ahead.verdict == moved.preflight().verdict == "refuse"


def test_nobody_has_to_answer_the_question_in_time(file_site: Site) -> None:
    """A store that is busy once the answer is given is waited for, however long the answer took."""
    file_site.asks(policy={"deadline_seconds": 5}, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    path = file_site.database_url.removeprefix("sqlite:///")

    def confirm(_planned: object) -> bool:
        file_site.clock.waited += 60
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        threading.Timer(2.5, other.close).start()
        return True

    assert file_site.rollback("summarizer", to=OLD, confirm=confirm).head is not None
    assert file_site.preflight().slots[0].held is True


def test_unverified_on_grace_says_until_when_it_starts(moved: Site) -> None:
    """With grace the outlook passes on facts from before, as the next preflight does."""
    moved.asks(policy={"grace_hours": 4}, summarizer=ALIAS)
    moved.preflight()
    moved.outage()
    changed = moved.rollback("summarizer", unverified=True)
    assert changed.notes[0].startswith("unverified: while the API is down the gate starts on what was verified before")
    assert changed.outlook.verdict == moved.preflight().verdict == "pass"
    assert moved.preflight().models == {"summarizer": OLD}


def test_a_dry_run_and_a_declined_question_write_nothing(moved: Site) -> None:
    """The plan is whole, with its outlook, and the store is as it was."""
    head = moved.store().head(moved.scope())
    planned = moved.rollback("summarizer", dry_run=True)
    assert (planned.head, planned.changes[0].pin.model_id) == (None, OLD)
    with pytest.raises(AssertionError):
        moved.rollback("summarizer", confirm=lambda _planned: False)
    assert moved.store().head(moved.scope()) == head


@pytest.mark.parametrize(("how", "runs"), [("keep", OLD), ("accept", NEW)])
def test_a_release_ends_the_hold(moved: Site, how: str, runs: str) -> None:
    """`--keep` makes the held ID the pin; `--accept` what the reference means. The outlook says so before."""
    moved.rollback("summarizer")
    changed = moved.release("summarizer", how=how)
    assert [view.hand_over for view in changed.outlook.views] == [runs]
    assert moved.pins()[-1] == ("release", ALIAS, runs)
    report = moved.preflight()
    assert report.slots[0].held is False
    assert report.slots[0].pinned == runs
    assert (report.exit_code, found(report)) == ((1, {"drift.alias-moved": "refuse"}) if how == "keep" else (0, {}))


def test_a_release_of_nothing_is_refused(moved: Site) -> None:
    """Neither a slot that is not held, nor `--all` of none."""
    with pytest.raises(Refused, match="not held: summarizer"):
        moved.release("summarizer")
    with pytest.raises(Refused, match="none of these slots is held"):
        moved.release(everything=True)


def test_a_slot_that_is_named_twice_is_released_once(moved: Site) -> None:
    """Also one that left the settings: nobody else changed anything."""
    moved.rollback("summarizer")
    moved.asks(grader=OTHER)
    assert len(moved.release("summarizer", "summarizer").changes) == 1


def test_a_held_slot_that_left_the_settings_can_be_released(moved: Site) -> None:
    """It is told as removed, held still, and its release is by its name."""
    moved.rollback("summarizer")
    moved.asks(grader=OTHER)
    assert found(moved.check())["drift.slot-removed"] == "warn"
    moved.release("summarizer")
    assert found(moved.check())["drift.slot-removed"] == "note"


def test_a_slot_that_left_the_settings_asks_for_nothing_to_accept(moved: Site) -> None:
    """Its hold ends with `--keep`, also if the held ID is retired by now: nobody will be handed it."""
    moved.rollback("summarizer")
    moved.sandbox.retire(OLD)
    moved.asks(grader=OTHER)
    with pytest.raises(UsageError, match="no longer in the settings"):
        moved.release("summarizer", how="accept")
    moved.release(everything=True)
    assert found(moved.check())["drift.slot-removed"] == "note"


def test_the_pin_that_a_rollback_left_stays_revoked(moved: Site) -> None:
    """After the release an old pod, which asks for the reference of the revoked pin, is not handed that ID again."""
    moved.rollback("summarizer")
    moved.asks(summarizer=OTHER)
    moved.release("summarizer", how="accept")
    moved.asks(summarizer=ALIAS)
    assert moved.preflight().slots[0].pinned == OLD


def test_an_approval_that_was_said_twice_is_revoked_as_one(moved: Site) -> None:
    """An ID accepted anew, as its facts had changed, is not handed over by its first approval after a rollback."""
    moved.sandbox.patch_model(NEW, max_tokens=64_000)
    moved.accept("summarizer")
    assert moved.pins()[1:] == [("accept", ALIAS, NEW)] * 2
    moved.rollback("summarizer")
    moved.asks(summarizer=OTHER)
    moved.release("summarizer", how="accept")
    moved.asks(summarizer=ALIAS)
    assert moved.preflight().slots[0].pinned == OLD


def test_the_machines_clock_is_what_is_written(moved: Site) -> None:
    """A row is stamped when it is added, and says who added it and why."""
    started = SystemClock().now()
    moved.rollback("summarizer", reason="  INC-42: loops ")
    pin = moved.store().revisions(moved.scope())[-1]
    assert pin.recorded_at is not None
    assert started <= pin.recorded_at <= SystemClock().now()
    assert (pin.actor, pin.reason) == ("ada", "INC-42: loops")
    with pytest.raises(UsageError, match="say why"):
        moved.rollback("summarizer", reason="  ")


def test_the_default_is_no_id_that_a_rollback_left(file_site: Site) -> None:
    """A ran, B ran and was left for A, then C ran: what C goes back to is A, not the B that somebody fled from."""
    third = "claude-third"
    file_site.sandbox.add_model(third, like=OLD)
    for model_id in (OLD, NEW):
        file_site.sandbox.move_alias(ALIAS, model_id)
        file_site.accept("summarizer")
        file_site.preflight()
    file_site.rollback("summarizer")
    file_site.preflight()
    file_site.release("summarizer", how="keep")
    file_site.sandbox.move_alias(ALIAS, third)
    file_site.accept("summarizer")
    assert file_site.preflight().models == {"summarizer": third}
    assert file_site.rollback("summarizer").changes[0].pin.model_id == OLD


def test_a_fallback_file_that_names_the_other_id_is_told(moved: Site) -> None:
    """Without the store a start would run what was left: the note says which command publishes the file anew."""
    file = moved.folder / "pins.json"
    passed = moved.preflight()
    file.write_text(json_text(passed, passed.finished_at.isoformat()))
    moved.asks(policy={"fallback_file": str(file)}, summarizer=ALIAS)
    told = moved.rollback("summarizer").notes
    assert told[0].startswith(f"the fallback file still names {NEW} for summarizer")
    assert told[1] == f"modelgate preflight --emit-json {file} -s checkout -e prod"
