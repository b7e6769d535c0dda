"""Asking what the names mean: facts of a run just before, fresh ones from the API, or old ones on grace."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from modelgate import api
from modelgate.api.credential import Credential, known_credential
from modelgate.clock import Deadline
from modelgate.domain.catalogue import Facts, Outcome
from modelgate.domain.errors import StoreProblem
from modelgate.domain.history import StoredFacts
from modelgate.domain.problems import Problem
from modelgate.domain.settings import Policy
from modelgate.domain.snapshot import Grace
from modelgate.gate import fingerprint
from modelgate.gate.approvals import Approvals
from modelgate.gate.context import Context
from modelgate.gate.options import Run
from modelgate.store import Store

LEASE_SECONDS = 10.0
"""How long one gate may ask on behalf of others before the next one asks too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the API, and where it comes from."""

    facts: Facts | None = None
    reused_from: str | None = None
    problem: Problem | None = None
    """Why old facts stand in."""
    grace: Grace | None = None
    reuse_fingerprint: str | None = None
    leased: bool = False
    """Whether other gates wait for what this run writes down."""


def may_reuse(run: Run) -> Credential | None:
    """The credential whose facts may be judged again; None if this run must ask for itself."""
    return known_credential(run.context.api, run.context.environ) if run.policy.reuse_seconds > 0 else None


def find_out(run: Run, approvals: Approvals) -> Asked:
    """The facts for one run."""
    context, store, credential = run.context, approvals.store, may_reuse(run)
    if store is None or credential is None or approvals.problem:
        return _with_grace(run, approvals, Asked(_ask(run, approvals)))
    mark = fingerprint.for_reuse(context.scope, context.settings.slots, context.api, credential, store.salt)
    patience, pause, leased = Deadline.after(run.deadline.remaining / 2, context.clock), 0.1, False
    while True:
        if stored := _earlier(store, run, approvals, mark):
            return Asked(stored.facts, reused_from=stored.run_id, reuse_fingerprint=mark, leased=leased)
        if leased or run.read_only or not patience.remaining:
            break
        leased = _lease(store, mark)
        if not leased:  # else it looks once more: whoever had the lease may just have written facts down
            store.rest()
            context.clock.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 # jitter, not a secret
            pause = min(pause * 1.5, 1.0)
    return _with_grace(run, approvals, Asked(_ask(run, approvals), reuse_fingerprint=mark, leased=leased))


def within_grace(
    context: Context, policy: Policy, store: Store, origin: str, wanted: Collection[str] = ()
) -> tuple[Facts, Grace] | tuple[None, None]:
    """Old facts of the API at `origin` on which a start is allowed while it cannot be asked, and for how long.

    They are of the same service, slots and requirements, the newest that know all `wanted` IDs, whatever stands beside
    them; neither, if there are none so young by this host's clock. Raises StoreProblem.
    """
    if policy.grace_hours <= 0:
        return None, None
    lasting, now = timedelta(hours=policy.grace_hours), context.clock.now()
    mark = fingerprint.for_grace(context.scope, context.settings.slots, origin)
    for stored in store.young_facts(context.scope, (now - lasting, now), grace_fingerprint=mark):
        if all(stored.facts.knows(model_id) for model_id in wanted):
            return stored.facts, Grace(stored.asked_at, stored.asked_at + lasting)
    return None, None


def _earlier(store: Store, run: Run, approvals: Approvals, mark: str) -> StoredFacts | None:
    """The newest facts young enough to be judged again that speak of all that is to be judged; none where the store
    cannot be asked for them.
    """
    context, now = run.context, run.context.clock.now()
    oldest = now - timedelta(seconds=run.policy.reuse_seconds)
    references, wanted = {slot.reference for slot in context.settings.slots}, _possible(context, approvals)
    try:
        candidates = store.young_facts(context.scope, (oldest, now), reuse_fingerprint=mark)
    except StoreProblem:
        return None
    for stored in candidates:
        if references <= stored.facts.answers.keys() and all(stored.facts.knows(each) for each in wanted):
            return stored
    return None


def _lease(store: Store, mark: str) -> bool:
    """Whether this gate is the one that asks. A store that cannot say lets everybody ask."""
    try:
        return store.take_lease(mark, store.holder, LEASE_SECONDS) == store.holder
    except StoreProblem:
        return True


def _ask(run: Run, approvals: Approvals) -> Facts:
    context = run.context
    if approvals.store:
        approvals.store.rest()
    return api.ask(
        context.api,
        {slot.reference for slot in context.settings.slots},
        known_aliases=approvals.known_aliases,
        pinned=_possible(context, approvals),
        deadline=run.deadline,
        clock=context.clock,
        environ=context.environ,
    )


def _possible(context: Context, approvals: Approvals) -> set[str]:
    """Every ID that one of the slots might be handed today."""
    found = set()
    for slot in context.settings.slots:
        if pins := (approvals.pins or {}).get(slot.name):
            chosen = (pins.hold,) if pins.hold else (pins.newest_for(slot.reference), pins.newest)
            found |= {pin.model_id for pin in chosen if pin}
    return found


def _with_grace(run: Run, approvals: Approvals, asked: Asked) -> Asked:
    """Old facts where the API cannot be asked, if a start may stand on them. A fresh answer is never replaced."""
    problem = _graceable(asked.facts) if asked.facts and run.verb == "preflight" else None
    if problem is None or asked.facts is None or approvals.store is None:
        return asked
    try:
        wanted = _possible(run.context, approvals)
        earlier, grace = within_grace(run.context, run.policy, approvals.store, asked.facts.origin, wanted)
    except StoreProblem:
        return asked
    return replace(asked, facts=asked.facts.patched(earlier), problem=problem, grace=grace) if earlier else asked


def _graceable(facts: Facts) -> Problem | None:
    """The problem that grace may cover, if there is one and no other kind beside it."""
    failed = [answer.problem for answer in facts.answers.values() if answer.outcome is Outcome.FAILED]
    problems = [problem for problem in (facts.problem, *failed) if problem]
    return problems[0] if problems and all(problem.graceable for problem in problems) else None
