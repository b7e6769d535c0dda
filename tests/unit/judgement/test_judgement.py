"""What holds for every judgement, of any number of slots."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import expect
from support.judgement_world import (
    ALIAS,
    GRACE,
    HOUR,
    MISSING,
    NOW,
    ORIGIN,
    OTHER,
    OUTAGE,
    RETIRED,
    A,
    B,
    entry,
    hold,
    pin,
    snapshot,
)

from modelgate.checks.judgement import judge
from modelgate.domain.catalogue import Answer, Facts, Outcome
from modelgate.domain.check_ids import CHECK_IDS, waivable
from modelgate.domain.findings import Level, Verdict
from modelgate.domain.pins import SlotPins
from modelgate.domain.settings import Policy, Slot, Waiver
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.source import Source

NAMES = ("summarizer", "grader", "zebra", "apple")
ANSWERS = (
    Answer(ALIAS, Outcome.RESOLVED, A),
    Answer(ALIAS, Outcome.RESOLVED, B),
    Answer(ALIAS, Outcome.UNKNOWN),
    Answer(ALIAS, Outcome.NOT_PERMITTED),
    Answer(ALIAS, Outcome.FAILED, problem=OUTAGE),
)
RETIREMENTS = st.sampled_from(
    ({}, {"retires_known": True}, {"retires_at": NOW + HOUR}, {"retires_at": NOW + 9000 * HOUR})
)
VERIFIED = st.none() | st.builds(lambda said: entry(A, capabilities={"batch": True}, **said), RETIREMENTS)
APPROVALS = st.builds(
    lambda revision, reference, model_id, then: pin(revision, reference, model_id, entry=then),
    st.integers(1, 9),
    st.sampled_from((ALIAS, OTHER)),
    st.sampled_from((A, B, RETIRED, MISSING)),
    VERIFIED,
)
HOLDS = st.none() | st.builds(hold, st.sampled_from((A, B, RETIRED)), expires_at=st.sampled_from((None, NOW)))
REACTIONS = st.sampled_from(("refuse", "warn", "accept"))
POLICIES = st.builds(
    Policy,
    enforce=st.booleans(),
    first_use=st.sampled_from(("refuse", "accept")),
    alias_moved=REACTIONS,
    reference_changed=REACTIONS,
    deprecated=st.sampled_from(("note", "warn", "refuse")),
    hand_off=st.sampled_from(("pins", "settings")),
    pins_from=st.sampled_from(("store", "lock")),
    require_canonical=st.booleans(),
    allowed_lines=st.sampled_from(((), ("sonnet",))),
    promote_from=st.sampled_from(("", "staging")),
)
WAIVERS = st.builds(
    Waiver,
    st.sampled_from([check for check in CHECK_IDS if waivable(check)]),
    st.sampled_from((date(2026, 11, 21), date(2026, 11, 22))),
    st.just("agreed"),
    st.just(Source("config/prod.toml", 40)),
    st.none() | st.sampled_from(NAMES),
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Several slots in any order, with any pins, holds, waivers, policies and facts."""
    slots = [
        Slot(
            name,
            draw(st.sampled_from((ALIAS, OTHER, A))),
            Source("config/prod.toml", 12),
            draw(st.sampled_from(((), ("batch",)))),
        )
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True))
    ]
    state = {
        name: SlotPins(name, tuple(draw(st.lists(APPROVALS, max_size=3))), draw(HOLDS))
        for name in draw(st.sets(st.sampled_from(NAMES)))
    }
    lifecycle = st.sampled_from(("active", "deprecated", None))
    said = st.sampled_from(({}, {"batch": True}, {"batch": False}))
    doubts = st.sampled_from(("", "", "", "`max_tokens` is no positive number"))
    known = [
        entry(model, lifecycle=draw(lifecycle), capabilities=draw(said), doubt=draw(doubts), **draw(RETIREMENTS))
        for model in (A, B)
    ]
    catalogue = {model.id: model for model in (*known, entry(RETIRED, lifecycle="retired"))}
    answers = {ALIAS: draw(st.sampled_from(ANSWERS)), A: Answer(A, Outcome.RESOLVED, A)}
    facts = Facts(ORIGIN, NOW, answers | {OTHER: Answer(OTHER, Outcome.RESOLVED, B)}, catalogue)
    grace = {"api_grace": GRACE, "api_problem": OUTAGE} if draw(st.booleans()) else {}
    return replace(
        snapshot(**grace),
        verb=draw(st.sampled_from(("check", "preflight"))),
        policy=draw(POLICIES),
        slots=tuple(slots),
        pins=state,
        facts=facts,
        waivers=tuple(draw(st.lists(WAIVERS, max_size=3))),
        promoted=draw(st.sampled_from((None, {}, {("summarizer", A): NOW}))),
    )


@given(snapshots())
def test_any_snapshot_is_judged_by_the_contract(world: Snapshot) -> None:
    """With several slots and waivers at once, product and oracle still agree."""
    judged, expected = judge(world), expect(world)
    assert {(f.slot, f.id, f.level.value, f.waived) for f in judged.findings} == expected.findings
    assert judged.verdict.value == expected.verdict
    assert {report.slot: report.handed_off for report in judged.slots if report.handed_off} == expected.handed_off
    assert {view.slot.name: view.candidate for view in judged.to_pin} == expected.to_pin


@given(snapshots())
def test_the_same_snapshot_gives_the_same_judgement(world: Snapshot) -> None:
    """Neither the order in which pins and answers were read nor chance shows in slots and findings."""
    facts = world.facts
    assert facts is not None
    shuffled = replace(
        world,
        pins=dict(reversed((world.pins or {}).items())),
        facts=replace(facts, answers=dict(reversed(facts.answers.items()))),  # of entries the order is the API's own
    )
    judged, again = judge(world), judge(shuffled)
    assert (again.slots, again.findings, again.verdict) == (judged.slots, judged.findings, judged.verdict)


@given(snapshots())
def test_slots_and_findings_are_in_settings_order(world: Snapshot) -> None:
    """Slots come as the settings have them, and the findings about them in the same order."""
    judged = judge(world)
    order = [slot.name for slot in world.slots]
    assert [report.slot for report in judged.slots] == order
    told = [f.slot for f in judged.findings if f.slot in order and not f.id.startswith("settings.")]
    assert told == sorted(told, key=lambda slot: order.index(slot or ""))


@given(snapshots())
def test_all_slots_are_handed_over_or_none(world: Snapshot) -> None:
    """A start is whole: every slot runs a served ID, or nothing is handed over; observing hands over what is set."""
    judged = judge(world)
    handed = [report.handed_off for report in judged.slots]
    if world.verb == "preflight" and world.policy.enforce and judged.verdict is Verdict.PASS:
        assert all(model_id in (A, B) for model_id in handed)
    elif world.observes:
        assert all(handed)
        assert judged.to_pin == ()
    else:
        assert handed == [None] * len(world.slots)
        assert judged.to_pin == ()


@given(snapshots())
def test_no_word_covers_what_must_not_be_covered(world: Snapshot) -> None:
    """Unknown findings and the checks that the contract names are never waived; a verdict counts the rest."""
    judged = judge(world)
    for finding in judged.findings:
        assert not (finding.waived and (finding.level is Level.UNKNOWN or not waivable(finding.id)))
    assert (judged.verdict is Verdict.REFUSE) == any(f.level is Level.REFUSE and not f.waived for f in judged.findings)


@pytest.mark.parametrize(("held", "handed"), [(None, A), (hold(B), B), (hold(B, expires_at=NOW), B)])
def test_what_the_report_says_of_a_slot(held: object, handed: str) -> None:
    """The slot's line tells reference, *a*, *p*, what was handed over, by which revision, and how long it lives."""
    judged = judge(snapshot(pins=(pin(1, ALIAS, A),), held=held))  # type: ignore[arg-type]  # parametrized
    (report,) = judged.slots
    assert (report.slot, report.reference, str(report.source)) == ("summarizer", ALIAS, "config/prod.toml:12")
    assert (report.resolved, report.pinned, report.handed_off) == (A, handed, handed)
    assert (report.revision, report.held) == ((9, True) if held else (1, False))
    assert (report.lifecycle, report.retires_at, report.days_left) == ("active", None, None)
