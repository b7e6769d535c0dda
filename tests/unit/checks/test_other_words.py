"""The words of a finding where the same check says something else, or tells another next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from check_scenes import DAY, Names, Scenes
from support.judgement_world import GRACE, HOUR, NOW, OUTAGE, entry, hold, pin

from modelgate.checks.judgement import judge
from modelgate.domain.catalogue import Answer, Outcome
from modelgate.domain.settings import Policy
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.unsettled import UnknownVariable

N = Names()
ROLLBACK = 'modelgate rollback summarizer --to ID --reason "…" -s checkout -e prod'
STAY = f'modelgate rollback summarizer --to {N.b} --reason "…" -s checkout -e prod'
ACCEPT = 'modelgate accept summarizer --reason "…" -s checkout -e prod'
RELEASE = 'modelgate release summarizer --keep --reason "…" -s checkout -e prod'
LOCK = "modelgate lock -s checkout -e prod"
COMMIT = "then commit the lock"
MODELS = ("modelgate models -s checkout -e prod",)
VERIFY = 'modelgate accept summarizer --run {run} --reason "…" -s checkout -e prod'
FIRST_USE, MOVES, IN_GIT = Policy(first_use="accept"), Policy(alias_moved="accept"), Policy(pins_from="lock")
STAGED = Policy(promote_from="staging", soak_hours=24)
UNKNOWN = Answer(N.reference, Outcome.UNKNOWN)
FAILED = Answer(N.reference, Outcome.FAILED, problem=OUTAGE)

Scene = Callable[[Scenes], Snapshot]
WORDINGS: dict[str, tuple[Scene, str, str, str, str, tuple[str, ...]]] = {
    "a first use that the policy accepts": (
        lambda s: s.seen(pins=(), policy=FIRST_USE),
        "drift.unpinned", "note", f"first use: preflight pins {N.a}", "", (),
    ),
    "a first use of a name that could not be asked for": (
        lambda s: s.seen(pins=(), policy=FIRST_USE, answer=FAILED),
        "drift.unpinned", "note", "first use, which the policy accepts; what it means is not known", "", (),
    ),
    "a first use on grace": (
        lambda s: s.seen(pins=(), policy=FIRST_USE, api_grace=GRACE, api_problem=OUTAGE),
        "drift.unpinned", "unknown", "first use, and nothing is pinned while API or store cannot be asked",
        "run it again", (),
    ),
    "a first use of a name that means nothing": (
        lambda s: s.seen(pins=(), policy=FIRST_USE, answer=UNKNOWN),
        "drift.unpinned", "refuse", "never approved to run anything", "set another model first", (ACCEPT,),
    ),
    "a first use of a name that nobody could ask for": (
        lambda s: s.seen(pins=(), answer=FAILED), "drift.unpinned", "refuse", "never approved to run anything",
        "", (ACCEPT,),
    ),
    "a change to a name that means nothing": (
        lambda s: s.seen(pins=(pin(1, N.other, N.b),), answer=UNKNOWN),
        "drift.reference-changed", "refuse", f"asks for {N.reference}; approved: {N.other}",
        "set another model first", (ACCEPT,),
    ),
    "a first use where approvals live in git": (
        lambda s: s.seen(pins=(), policy=IN_GIT),
        "drift.unpinned", "refuse", f"never approved to run anything; it would be {N.a}", COMMIT, (LOCK,),
    ),
    "a moved alias that the policy accepts": (
        lambda s: s.seen(policy=MOVES),
        "drift.alias-moved", "note", f"means {N.a} now; pinned: {N.b}",
        f"preflight pins it, by the policy; the command stays on {N.b}", (STAY,),
    ),
    "a moved alias where approvals live in git": (
        lambda s: s.seen(policy=IN_GIT),
        "drift.alias-moved", "refuse", f"means {N.a} now; pinned: {N.b}",
        f"{COMMIT}; to move to {N.a}, or to stay on {N.b}", (LOCK, STAY),
    ),
    "a moved alias that the application reads for itself": (
        lambda s: s.seen(policy=Policy(hand_off="settings")),
        "drift.alias-moved", "refuse", f"means {N.a} now; pinned: {N.b}",
        f"to stay, set model to {N.b}", (VERIFY,),
    ),
    "a hold on what the lock does not say": (
        lambda s: s.seen(held=hold(N.b), policy=IN_GIT, pins=(pin(1, N.reference, N.a),)),
        "drift.held", "note", f"held on {N.b}",
        f"set model to {N.b}, lock it, commit and deploy that; then", (LOCK, RELEASE),
    ),
    "a hold on what the lock says": (
        lambda s: s.seen(held=hold(N.b), policy=IN_GIT), "drift.held", "note", f"held on {N.b}", "", (RELEASE,),
    ),
    "a hold without an end": (
        lambda s: s.seen(held=hold(N.b)),
        "drift.held", "note", f"held on {N.b}",
        f"to keep {N.b} for good, or to run {N.a} from the next start on",
        (RELEASE, RELEASE.replace("--keep", "--accept")),
    ),
    "a held model that is retired": (
        lambda s: s.seen(entry(N.a), entry(N.b, lifecycle="retired"), held=hold(N.b)),
        "drift.pin-retired", "refuse", f"{N.b}, which it may run, is retired", "", (ROLLBACK,),
    ),
    "a pinned model that is gone, and the reference with it": (
        lambda s: s.seen(entry(N.a), answer=UNKNOWN),
        "drift.pin-missing", "refuse", f"{N.b}, which it may run, is gone from the catalogue",
        "set another model first", (ACCEPT,),
    ),
    "a removed slot that is held": (
        lambda s: replace(s.seen(held=hold(N.b)), slots=()),
        "drift.slot-removed", "warn", "held, but no longer in the settings", "", (RELEASE,),
    ),
    "a soak that is not over": (
        lambda s: replace(s.of_a(STAGED), promoted={("summarizer", N.a): NOW - 6 * HOUR}),
        "drift.not-promoted", "refuse", "staging runs it for 6.0 of 24 hours",
        "wait until 2026-11-23T06:01Z", (),
    ),
    "a promotion without a soak": (
        lambda s: s.of_a(Policy(promote_from="staging")),
        "drift.not-promoted", "refuse", f"staging has not handed over {N.a}", "deploy it to staging first", (),
    ),
    "a soak that nobody was asked for": (
        lambda s: replace(s.of_a(STAGED), promoted=None),
        "drift.not-promoted", "warn", f"not asked whether staging runs {N.a}",
        "with the store:", ("modelgate check -s checkout -e prod",),
    ),
    "limits that were lost": (
        lambda s: s.seen(
            entry(N.a, max_tokens=1), pins=(pin(1, N.reference, N.a, entry=entry(N.a, max_tokens=64_000)),)
        ),
        "drift.facts-changed", "warn", "lost since it was pinned: max_tokens 64000 → 1",
        "", (VERIFY,),
    ),
    "limits that a held model lost": (
        lambda s: s.seen(entry(N.a), entry(N.b, max_tokens=1), held=hold(N.b, entry=entry(N.b, max_tokens=64_000))),
        "drift.facts-changed", "warn", "lost since it was pinned: max_tokens 64000 → 1",
        "", (STAY,),
    ),
    "a retirement that was announced": (
        lambda s: s.seen(
            entry(N.a, retires_at=NOW + 400 * DAY),
            pins=(pin(1, N.reference, N.a, entry=entry(N.a, retires_known=True)),),
        ),
        "drift.retirement-moved", "warn", "its retirement was announced for 2027-12-27", "", (VERIFY,),
    ),
    "a retirement that was taken back": (
        lambda s: s.seen(
            entry(N.a, retires_known=True),
            pins=(pin(1, N.reference, N.a, entry=entry(N.a, retires_at=NOW + 400 * DAY)),),
        ),
        "drift.retirement-moved", "note", "its retirement on 2027-12-27 was taken back", "", (VERIFY,),
    ),
    "an entry of the pin that cannot be read": (
        lambda s: s.seen(entry(N.a), entry(N.b, doubt="`max_tokens` is no positive number")),
        "catalogue.fact-unknown", "unknown", f"{N.b}: `max_tokens` is no positive number",
        "run it again; if it stays, tell the API's support", (),
    ),
    "an entry of what the reference means that cannot be read": (
        lambda s: s.seen(entry(N.a, doubt="odd"), entry(N.b)),
        "catalogue.fact-unknown", "unknown", f"{N.a}: odd", "run it again; if it stays, tell the API's support", (),
    ),
    "the same where the slot is held on another": (
        lambda s: s.seen(entry(N.a, doubt="odd"), entry(N.b), held=hold(N.b)),
        "catalogue.fact-unknown", "note", f"{N.a}: odd", "run it again; if it stays, tell the API's support", (),
    ),
    "another origin than that of a hold with an end": (
        lambda s: s.seen(held=hold(N.b, origin="https://gateway", expires_at=NOW + HOUR)),
        "drift.origin-changed", "warn", "pinned at https://gateway, asked: https://api.anthropic.com",
        "", (f'modelgate rollback summarizer --to {N.b} --expires 2026-11-22T13:00Z --reason "…" -s checkout -e prod',),
    ),
    "another origin than that of a hold that is over": (
        lambda s: s.seen(held=hold(N.b, origin="https://gateway", expires_at=NOW - HOUR)),
        "drift.origin-changed", "warn", "pinned at https://gateway, asked: https://api.anthropic.com",
        f"to keep {N.b} for good, or to run {N.a} from the next start on",
        (RELEASE, RELEASE.replace("--keep", "--accept")),
    ),
    "one name that could not be asked for": (
        lambda s: s.seen(answer=FAILED), "api.unreachable", "unknown", "connection refused", "try again", (),
    ),
    "the same of a slot that is held": (
        lambda s: s.seen(answer=FAILED, held=hold(N.b)), "api.unreachable", "note", "connection refused",
        "try again", (),
    ),
    "a name of which nothing is known": (
        lambda s: replace(s.seen(), facts=replace(s.seen().facts, answers={})),  # type: ignore[type-var]  # facts are set
        "api.unreachable", "unknown", "nothing is known of this model", "run it again", (),
    ),
    "a model that resembles none": (
        lambda s: s.seen(entry("x"), answer=UNKNOWN, pins=()),
        "catalogue.unknown-model", "refuse", f"no model is called {N.reference}",
        "choose another", MODELS,
    ),
    "a model that resembles one that is retired": (
        lambda s: s.seen(entry(N.a, lifecycle="retired"), answer=UNKNOWN, pins=()),
        "catalogue.unknown-model", "refuse", f"no model is called {N.reference}",
        "choose another", MODELS,
    ),
    "a variable that resembles none": (
        lambda s: s.seen(unknown_variables=(UnknownVariable("MODELGATE_API__X"),)),
        "settings.unknown-variable", "warn", "no setting reads $MODELGATE_API__X",
        "unset it, or see docs/settings.md", (),
    ),
    "a variable whose end is what is wrong": (
        lambda s: s.seen(unknown_variables=(UnknownVariable("MODELGATE_SLOTS__SUMMARIZER__MODLE"),)),
        "settings.unknown-variable", "warn", "no setting reads $MODELGATE_SLOTS__SUMMARIZER__MODLE",
        "unset it, or see docs/settings.md", (),
    ),
    "the default service": (
        lambda s: replace(s.outcome(Outcome.RETIRED), scope=replace(s.seen().scope, service="default")),
        "catalogue.retired", "refuse", f"{N.reference} is retired: requests that name it fail",
        "choose another", ("modelgate models -e prod",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("wording", WORDINGS)
def test_what_else_a_finding_says(wording: str) -> None:
    """Level, message, hint and commands at `check`, word for word."""
    scene, check, level, message, hint, commands = WORDINGS[wording]
    said = [(f.level.value, f.message, f.hint, f.commands) for f in judge(scene(Scenes(N))).findings if f.id == check]
    assert said == [(level, message, hint, commands)]
    assert len(message) < 80
