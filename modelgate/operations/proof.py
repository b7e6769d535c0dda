"""Proof: what an ID lacks of the evidence that approvals of this environment need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelgate.checks.evidence import told
from modelgate.domain.errors import Unproved
from modelgate.domain.evidence import Evidence, Subject, lacking, newest
from modelgate.domain.findings import Finding
from modelgate.domain.pins import Pin
from modelgate.domain.rows import Scope
from modelgate.gate.context import Context
from modelgate.store import Store


def need_proved(
    context: Context, store: Store, wanted: Mapping[str, str], origin: str, *, source: str | None = None
) -> None:
    """Raises Unproved unless each slot's ID was shown to do what approvals need.

    `source` is the environment that it is promoted from, if it is: then what was shown there counts.
    """
    if lacks := lacking_for(context, store, wanted, origin, source=source):
        raise Unproved(lacks)


def lacking_for(
    context: Context, store: Store, wanted: Mapping[str, str], origin: str, *, source: str | None = None
) -> tuple[Finding, ...]:
    """What each slot's ID lacks of what approvals need: what `accept` will ask for. Raises StoreProblem."""
    if not (context.settings.check.accept_needs and wanted):
        return ()
    scope = Scope(context.scope.service, source) if source else context.scope
    return _lacks(context, wanted, origin, store.evidence(scope, ids=set(wanted.values())), scope)


def lacking_in_lock(context: Context, store: Store, wanted: Mapping[str, str], origin: str) -> tuple[Finding, ...]:
    """What `check` will refuse of a lock's IDs, those that were never handed over here. Raises StoreProblem."""
    if not (context.settings.check.accept_needs and wanted):
        return ()
    proofs = store.proofs(context.scope, tuple(wanted.items()), promote_from=context.settings.check.promote_from)
    new = {slot: model_id for slot, model_id in wanted.items() if (slot, model_id) not in proofs.handed}
    return _lacks(context, new, origin, proofs.evidence, context.scope)


def shown(
    context: Context, store: Store, pins: Mapping[str, Pin]
) -> dict[str, tuple[tuple[str, Evidence | None], ...]]:
    """By slot, of each kind of evidence that approvals need, the newest about its pin's ID; empty where none is."""
    policy = context.settings.check
    if not (policy.accept_needs and pins):
        return {}
    pairs = [(slot, pin.model_id) for slot, pin in pins.items()]
    known = store.proofs(context.scope, pairs, promote_from=policy.promote_from).evidence
    found = {}
    for slot, pin in pins.items():
        subject = Subject(slot, pin.model_id, pin.origin or "", context.settings.api.workspace_id)
        found[slot] = tuple((need, newest(need, subject, known)) for need in policy.accept_needs)
    return found


def _lacks(
    context: Context, wanted: Mapping[str, str], origin: str, evidence: Iterable[Evidence], scope: Scope
) -> tuple[Finding, ...]:
    policy, known = context.settings.check, tuple(evidence)
    found: list[Finding] = []
    for slot, model_id in wanted.items():
        subject = Subject(slot, model_id, origin, context.settings.api.workspace_id)
        lacks = lacking(policy.accept_needs, subject, known, days=policy.evidence_days, now=context.clock.now())
        found += [told(lack, scope, policy.evidence_days) for lack in lacks]
    return tuple(found)
