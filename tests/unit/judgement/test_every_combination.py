"""Every combination that the contract distinguishes, judged twice: by the product and by the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations_with_replacement, islice, product
from typing import Any

import pytest
from oracle import CASES, expect
from support.judgement_world import (
    ALIAS,
    CATALOGUE,
    GRACE,
    HOUR,
    MISSING,
    NOW,
    ORIGIN,
    OTHER,
    OUTAGE,
    RETIRED,
    STORE_OUTAGE,
    A,
    B,
    entry,
    facts,
    hold,
    pin,
    slot,
    snapshot,
)  # fmt: skip

from modelgate.checks.judgement import judge
from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.check_ids import CHECK_IDS, waivable
from modelgate.domain.evidence import Evidence, EvidenceRow, Proofs
from modelgate.domain.pins import Pin, SlotPins
from modelgate.domain.sample import Sample, SampleRequest
from modelgate.domain.settings import Policy, Waiver
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.source import DEFAULT

VERBS = ("check", "preflight")
REACTIONS = ("refuse", "warn", "accept")
ALL_WAIVED = tuple(Waiver(check, date(2026, 12, 31), "agreed", DEFAULT) for check in CHECK_IDS)
"""Of every check, although the settings refuse some of them: the judgement does not lean on that."""
DRIFT_CASES = {check for checks in CASES for check in checks}

SERVED = {model_id: model for model_id, model in CATALOGUE.items() if model.lifecycle != "retired"}
PINS: dict[str, tuple[tuple[str, str], ...]] = {
    "none": (),
    "r-is-a": (("r", A),),
    "r-is-not-a": (("r", B),),
    "other-is-a": ((OTHER, A),),
    "other-is-not-a": ((OTHER, B),),
    "r-is-a-then-other": (("r", A), (OTHER, B)),
    "r-is-not-a-then-other-is-a": (("r", B), (OTHER, A)),
    "r-is-not-a-then-other-is-not": (("r", B), (OTHER, B)),
    "other-then-r-is-a": ((OTHER, B), ("r", A)),
    "other-is-a-then-r-is-not": ((OTHER, A), ("r", B)),
    "r-twice": (("r", A), ("r", B)),
    "r-is-retired": (("r", RETIRED),),
    "r-is-missing": (("r", MISSING),),
    "other-is-retired": ((OTHER, RETIRED),),
    "other-is-a-then-missing": ((OTHER, A), (OTHER, MISSING)),
}
HOLDS = {
    "on-a": hold(A),
    "on-another": hold(B),
    "for-a-while": hold(B, expires_at=NOW + HOUR),
    "expired-on-a": hold(A, expires_at=NOW - HOUR),
    "expired-just-now": hold(B, expires_at=NOW),
    "on-a-retired-id": hold(RETIRED),
    "expired-on-a-missing-id": hold(MISSING, expires_at=NOW - HOUR),
}
REFERENCES: dict[str, tuple[str, Facts | None]] = {
    "canonical": (A, facts(Answer(A, Outcome.RESOLVED, A))),
    "alias": (ALIAS, facts(Answer(ALIAS, Outcome.RESOLVED, A))),
    "unknown": (ALIAS, facts(Answer(ALIAS, Outcome.UNKNOWN))),
    "retired": (ALIAS, facts(Answer(ALIAS, Outcome.RETIRED, RETIRED))),
    "not-permitted": (ALIAS, facts(Answer(ALIAS, Outcome.NOT_PERMITTED))),
    "failed": (ALIAS, facts(Answer(ALIAS, Outcome.FAILED, problem=OUTAGE))),
    "old-facts-that-know-only-a": (ALIAS, facts(Answer(ALIAS, Outcome.RESOLVED, A), known=frozenset({A}))),
    "retired-by-its-answer-alone": (ALIAS, facts(Answer(ALIAS, Outcome.RESOLVED, A), SERVED)),
    "retired-by-its-entry-alone": (ALIAS, Facts(ORIGIN, NOW, {ALIAS: Answer(ALIAS, Outcome.RESOLVED, A)}, CATALOGUE)),
    "list-failed": (ALIAS, facts(Answer(ALIAS, Outcome.RESOLVED, A), problem=OUTAGE)),
    "origin-not-approved": (ALIAS, Facts(ORIGIN, NOW, problem=replace(OUTAGE, check="api.origin-not-approved"))),
    "not-asked": (ALIAS, None),
}
GRACES: dict[str, dict[str, Any]] = {
    "none": {},
    "api": {"api_grace": GRACE, "api_problem": OUTAGE},
    "store": {"store_grace": GRACE, "store_problem": STORE_OUTAGE},
}
SOURCES = (("store", "none"), ("store", "api"), ("store", "store"), ("lock", "none"), ("lock", "api"))


def disagreement(given: Snapshot) -> str:
    """What product and oracle see differently; empty if nothing."""
    judged, expected = judge(given), expect(given)
    of_a_slot = [(finding.slot, finding.id) for finding in judged.findings if finding.id in DRIFT_CASES]
    assert len({name for name, _ in of_a_slot}) == len(of_a_slot), "at most one drift case per slot"
    seen = (
        {(f.slot, f.id, f.level.value, f.waived) for f in judged.findings},
        {report.slot: report.pinned for report in judged.slots},
        {view.slot.name: view.candidate for view in judged.to_pin},
        {report.slot: report.handed_off for report in judged.slots if report.handed_off},
        judged.verdict.value,
    )
    wanted = (set(expected.findings), expected.pinned, expected.to_pin, expected.handed_off, expected.verdict)
    return "" if seen == wanted else f"\ngiven    {given}\njudged   {seen}\ncontract {wanted}"


@pytest.fixture(params=[pytest.param(7, id="a share"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def every(request: pytest.FixtureRequest) -> int:
    """Every how many cases are judged: a prime, so that each value of each part is met."""
    return int(request.param)


def walk(every: int, cases: Iterable[Snapshot], at_least: int) -> None:
    """Judges the cases, or every so many, and tells the first that disagree."""
    count, wrong = 0, []
    for given in islice(cases, 0, None, every):
        count += 1
        if (told := disagreement(given)) and len(wrong) < 3:
            wrong.append(told)
    print(f"{count} combinations")
    assert wrong == [], "".join(wrong)
    assert count >= at_least // every


def combinations(pins: tuple[tuple[str, str], ...], held: Pin | None, policies: list[Policy]) -> Iterator[Snapshot]:
    """All references, verbs, waivers, graces and places of approval, under each of the policies."""
    for (reference, known), policy, verb, waivers, (pins_from, grace) in product(
        REFERENCES.values(), policies, VERBS, ((), ALL_WAIVED), SOURCES
    ):
        approvals = tuple(pin(n, reference if of == "r" else of, model) for n, (of, model) in enumerate(pins, 1))
        yield snapshot(
            pins=approvals,
            held=held,
            verb=verb,
            policy=replace(policy, pins_from=pins_from),
            slots=(slot(reference),),
            facts=known,
            offline=known is None,
            waivers=waivers,
            **GRACES[grace],
        )


@pytest.mark.parametrize("pins", PINS)
def test_every_slot_that_is_not_held(pins: str, every: int) -> None:
    """Pins, references and all reactions of the policy come to what the contract says."""
    policies = [
        Policy(first_use=first_use, reference_changed=changed, alias_moved=moved, hand_off=hand_off)  # type: ignore[arg-type]  # product() widens the literals
        for first_use, changed, moved, hand_off in product(
            ("refuse", "accept"), REACTIONS, REACTIONS, ("pins", "settings")
        )
        if pins != "none" or (changed, moved) in (("refuse", "accept"), ("accept", "refuse"))
        if pins == "none" or first_use == "refuse" or changed == moved
    ]
    walk(every, combinations(PINS[pins], None, policies), at_least=800 if pins == "none" else 4_500)


@pytest.mark.parametrize("held", HOLDS)
def test_every_slot_that_is_held(held: str, every: int) -> None:
    """A hold wins over pins, references and reactions, as the contract says."""
    policies = [
        Policy(first_use="accept", reference_changed=reaction, alias_moved=reaction, hand_off=hand_off)  # type: ignore[arg-type]  # product() widens the literals
        for reaction, hand_off in product(REACTIONS, ("pins", "settings"))
    ]
    kinds = ("none", "other-is-a", "r-is-a-then-other")
    walk(every, (given for pins in kinds for given in combinations(PINS[pins], HOLDS[held], policies)), at_least=3_500)


def about_the_candidate(model: Entry, **changes: Any) -> Iterator[Snapshot]:
    """A model at *a*, as both verbs see it: pinned, held, not pinned, first used; with and without waivers."""
    policy = changes.pop("policy", Policy())
    approval = changes.pop("approval", pin(1, ALIAS, A))
    known = facts(Answer(ALIAS, Outcome.RESOLVED, A), {**CATALOGUE, A: model})
    states: tuple[dict[str, Any], ...] = (
        {"pins": (approval,)},
        {"held": replace(approval, action="rollback", revision=9)},
        {"policy": replace(policy, first_use="refuse")},
        {"policy": replace(policy, first_use="accept")},
    )
    for state, verb, waivers in product(states, VERBS, ((), ALL_WAIVED)):
        yield snapshot(**({"policy": policy, "verb": verb, "waivers": waivers, "facts": known} | changes | state))


def test_every_stage_of_a_models_life(every: int) -> None:
    """Lifecycles, dates, thresholds and deprecation levels come to what the contract says."""
    days = (-400, -0.01, 0, 0.01, 13.5, 14, 14.99, 15, 90, 90.99, 91, 400)
    dates = (None, *(NOW + timedelta(days=left) for left in days))
    walk(
        every,
        (
            given
            for lifecycle, retires_at, level, (warn, refuse) in product(
                ("active", "deprecated", None), dates, ("note", "warn", "refuse"), ((90, 14), (7, 14), (0, 0))
            )
            for given in about_the_candidate(
                entry(A, lifecycle=lifecycle, retires_at=retires_at),
                policy=Policy(deprecated=level, retires_warn_days=warn, retires_refuse_days=refuse),  # type: ignore[arg-type]  # product() widens the literals
            )
        ),
        at_least=5_000,
    )


def test_every_line_and_every_origin(every: int) -> None:
    """Lines that are allowed, other, none or not told, and origins of pins, come to what the contract says."""
    lines = (("sonnet", True), ("opus", True), (None, True), (None, False))
    origins = (None, ORIGIN, "https://gateway.example")
    unknowns: tuple[dict[str, Any], ...] = (
        {},
        {"facts": facts(Answer(ALIAS, Outcome.RESOLVED, A), problem=OUTAGE)},
        {"facts": None, "offline": True},
    )
    walk(
        every,
        (
            given
            for (line, known), allowed, origin, unasked in product(lines, ((), ("sonnet", "haiku")), origins, unknowns)
            for approved, moved in product((A, B), REACTIONS)
            for given in about_the_candidate(
                entry(A, line=line, line_known=known),
                policy=Policy(allowed_lines=allowed, alias_moved=moved),  # type: ignore[arg-type]  # product() widens the literals
                approval=pin(1, ALIAS, approved, origin=origin, entry=entry(approved, capabilities={"batch": True})),
                **unasked,
            )
        ),
        at_least=6_000,
    )


@pytest.mark.slow
def test_every_requirement_and_every_loss(every: int) -> None:
    """Requirements, limits, absent facts, and what was lost since the pin come to what the contract says."""
    said = ({}, {"batch": True}, {"batch": False}, {"thinking": False}, {"thinking": True, "thinking.types": True})
    requires = ((), ("batch",), ("thinking.types",), ("batch", "thinking.types"))
    limits = ((None, None), (100, 100), (99, 200), (200, 99))
    never = entry(A, capabilities={"batch": False})
    before = (None, entry(A), never, entry(A, capabilities={"batch": True, "thinking.types": True}, max_tokens=100))
    walk(
        every,
        (
            given
            for capabilities, needed, (maximum, output), least, pinned in product(
                said, requires, limits, (None, 100), before
            )
            for given in about_the_candidate(
                entry(A, capabilities=capabilities, max_input_tokens=maximum, max_tokens=output),
                approval=pin(1, ALIAS, A, entry=pinned),
                slots=(slot(requires=needed, min_input_tokens=least, min_output_tokens=least),),
            )
        ),
        at_least=10_000,
    )


@pytest.mark.slow
def test_every_promotion(every: int) -> None:
    """Soaking, canonical names, moved aliases and observing come to what the contract says."""
    since = (HOUR, 24 * HOUR, 24 * HOUR - timedelta(microseconds=1), -HOUR)
    began = (None, {}, *({("summarizer", model): NOW - ago} for model in (A, B) for ago in since))
    policies = [
        Policy(alias_moved=moved, require_canonical=canonical, enforce=enforce, promote_from=origin, soak_hours=soak)  # type: ignore[arg-type]  # product() widens the literals
        for moved, canonical, enforce, (origin, soak) in product(
            REACTIONS, (False, True), (True, False), (("", 0), ("staging", 0), ("staging", 24))
        )
    ]
    walk(
        every,
        (
            given
            for policy, promoted, approved in product(policies, began, (A, B))
            if policy.promote_from or promoted is None
            for unasked in ({}, {"facts": None, "offline": True})
            if promoted is None or not unasked
            for given in about_the_candidate(
                entry(A), policy=policy, approval=pin(1, ALIAS, approved), promoted=promoted, **unasked
            )
        ),
        at_least=7_500,
    )


def test_every_proof(every: int) -> None:
    """Evidence of this ID or another thing, young or old, passed or failed, comes to what the contract says."""
    right = EvidenceRow("summarizer", A, "quality", "passed", ORIGIN)
    others = (
        right,
        replace(right, suite="probe"),
        replace(right, suite="probe-live"),
        replace(right, outcome="failed"),
        replace(right, slot="grader"),
        replace(right, model_id=B),
        replace(right, origin="https://gateway.example"),
        replace(right, workspace_id="wrkspc_1"),
    )
    ages = (timedelta(0), timedelta(days=30), timedelta(days=30, microseconds=1), -HOUR)
    single = [(Evidence(row, NOW - age, "ada"),) for row, age in product(others, ages)]
    pairs = [
        (Evidence(first, NOW - HOUR, "ada"), Evidence(then, NOW - ago, "ada"))
        for first, then, ago in product(others[:4], others[:4], (HOUR, timedelta(0)))
    ]
    held = hold(A)
    walk(
        every,
        (
            snapshot(
                pins=() if state == "none" else (pin(1, ALIAS, A),),
                held=held if state == "held" else None,
                verb="check",
                policy=Policy(pins_from="lock", accept_needs=needs),
                waivers=waivers,
                facts=known,
                proofs=Proofs(evidence, handed, workspace),
            )
            for evidence, needs, handed, workspace, state, waivers, (_reference, known) in product(
                [(), *single, *pairs],
                (("quality",), ("probe", "quality"), ("probe-live",)),
                (frozenset(), frozenset({("summarizer", A)}), frozenset({("grader", A), ("summarizer", B)})),
                ("", "wrkspc_1"),
                ("none", "pinned", "held"),
                ((), ALL_WAIVED),
                (REFERENCES["alias"],),
            )
        ),
        at_least=7_000,
    )


def of_sample(*params: dict[str, Any], problem: str = "") -> Sample:
    """A sample of these requests."""
    messages = [{"role": "user", "content": "Hello"}]
    requests = tuple(
        SampleRequest(f"s.jsonl:{n}", {"messages": messages, **each}, n) for n, each in enumerate(params, 1)
    )
    return Sample("s.jsonl", "config/s.jsonl", requests, problem)


def test_every_sample(every: int) -> None:
    """What a sample asks for, beside every word of the API about it, comes to what the contract says."""
    asks: tuple[dict[str, Any], ...] = (
        {},
        {"max_tokens": 100},
        {"max_tokens": 101},
        {"thinking": {"type": "enabled"}},
        {"output_config": {"effort": "high"}},
        {"temperature": 1},
        {"frobnicate": True},
        *({"fallbacks": [{"model": model}]} for model in (A, B, ALIAS)),
    )
    samples = (
        of_sample(problem="it is empty"),
        *(of_sample(*each) for each in combinations_with_replacement(asks, 2)),
    )
    said = (
        {"capabilities": {}, "max_tokens": None},
        {"capabilities": {"thinking": True, "thinking.types.enabled": False, "effort.high": True}, "max_tokens": 100},
        {"capabilities": {"thinking": False, "effort": False}, "max_tokens": 99},
        {"capabilities": {}, "doubt": "its limits are no numbers"},
    )
    states: tuple[dict[str, Any], ...] = (
        {"pins": (pin(1, ALIAS, A),)},
        {"pins": (pin(1, ALIAS, B),)},
        {"held": hold(A)},
        {"pins": ()},
    )
    known = [facts(Answer(ALIAS, Outcome.RESOLVED, A), {**CATALOGUE, A: entry(A, **words)}) for words in said]
    walk(
        every,
        (
            given
            for sample, waivers, state, of_api in product(
                samples, ((), ALL_WAIVED), states, (*known, REFERENCES["list-failed"][1], None)
            )
            for given in (
                snapshot(verb="check", waivers=waivers, facts=of_api, samples={"summarizer": sample}, **state),
                replace(
                    snapshot(verb="check", waivers=waivers, facts=of_api, samples={"summarizer": sample}),
                    pins=None,
                    store_problem=STORE_OUTAGE,
                ),
            )
        ),
        at_least=5_000,
    )


STRICT = Policy(require_canonical=True, allowed_lines=("opus",), promote_from="staging", enforce=False)


def test_every_state_of_the_pins(every: int) -> None:
    """Pins that could not be read, and slots that are no longer in the settings, come to what the contract says."""
    approved = SlotPins("summarizer", (pin(1, ALIAS, B),))
    removed, removed_but_held = SlotPins("old", (pin(1, ALIAS, A),)), SlotPins("old", hold=hold(A))
    states = (None, (), (approved,), (approved, removed), (removed_but_held,))
    walk(
        every,
        (
            replace(
                snapshot(verb=verb, policy=policy, waivers=waivers, facts=known, **GRACES[grace]),
                pins=None if pins is None else {state.slot: state for state in pins},
                store_problem=STORE_OUTAGE if pins is None or grace == "store" else None,
            )
            for verb, pins, policy, waivers, (_reference, known), grace in product(
                VERBS, states, (Policy(), STRICT), ((), ALL_WAIVED), REFERENCES.values(), GRACES
            )
            if pins is not None or grace != "store"
        ),
        at_least=1_000,
    )


@pytest.mark.slow
def test_every_waiver(every: int) -> None:
    """A waiver of each check, of any slot, this one or another, until yesterday or today: used, unused or expired."""
    waivers = [
        Waiver(check, date(2026, 11, day), "agreed", DEFAULT, slot=of)
        for check, day, of in product(CHECK_IDS, (21, 22), (None, "summarizer", "another"))
        if waivable(check)
    ]
    approvals = ((), (pin(1, ALIAS, B, origin=ORIGIN, entry=entry(B)),))
    bare = {B: Entry(B), A: Entry(A, retires_at=NOW)}
    facts_known = [
        *(known for _reference, known in REFERENCES.values()),
        facts(Answer(ALIAS, Outcome.RESOLVED, B), bare),
    ]
    walk(
        every,
        (
            snapshot(pins=pins, verb=verb, policy=policy, waivers=(waiver,), facts=known)
            for verb, pins, policy, waiver, known in product(VERBS, approvals, (Policy(), STRICT), waivers, facts_known)
        ),
        at_least=7_000,
    )
