"""rollback: put slots back on an earlier ID and hold them there, at three in the morning."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from modelgate.clock import Deadline
from modelgate.domain.catalogue import Facts
from modelgate.domain.command_line import command
from modelgate.domain.errors import ApiProblem, CouldNotKnow, UsageError
from modelgate.domain.history import StoredFacts
from modelgate.domain.pins import Pin, SlotPins, approval
from modelgate.domain.problems import Problem
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute
from modelgate.gate import fallback
from modelgate.gate.asking import within_grace
from modelgate.gate.context import Context
from modelgate.gate.record import pin_row
from modelgate.operations.change import Change, Changed, Confirm
from modelgate.operations.outlook import as_last_asked, outlook, pins_in_force, ran, running
from modelgate.operations.rollback_target import Before, Target, need_past, target_id
from modelgate.operations.selection import ask, need_fit, need_known, need_reason, select
from modelgate.store import Store

NEVER_RUN_EXPIRES = timedelta(hours=24)
NOT_ASKED = Problem("api.unreachable", "the API was not asked, and grace does not cover it")


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms the hold is set."""

    reason: str
    expires_at: datetime | None = None
    never_run: bool = False
    """The target may be an ID that was never pinned or handed over here."""
    unverified: bool = False
    """The API is not asked: it is down, and the incident is now."""


def rollback(
    context: Context,
    names: Collection[str],
    target: Target,
    terms: Terms,
    *,
    everything: bool = False,
    dry_run: bool = False,
    confirm: Confirm = lambda _changed: True,
) -> Changed | None:
    """Holds the slots on their targets, all or none. None: not confirmed.

    Raises Refused, Conflict, CouldNotKnow, UsageError.
    """
    _need_sense(context, target, terms, everything)
    need_known(context, names, everything)
    deadline = context.deadline()
    with context.store(deadline, read_only=dry_run, keeps=True) as store:
        planned = _plan(context, store, deadline, names, target, terms, everything)
    if dry_run:
        return planned
    if not confirm(planned):
        return None
    with context.store(context.deadline(), keeps=True) as store:  # anew: people may have thought for long
        pins = [change.pin for change in planned.changes]
        expect = {pin.slot: (pin.revision or 1) - 1 for pin in pins}
        rows = [pin_row(pin) for pin in pins]
        head = store.append(context.scope, context.author, rows, expect=expect, now=context.clock.now())
    return replace(planned, head=head)


def _plan(
    context: Context,
    store: Store,
    deadline: Deadline,
    names: Collection[str],
    target: Target,
    terms: Terms,
    everything: bool,
) -> Changed:
    revisions = store.revisions(context.scope)
    if context.settings.unset:
        settings = as_last_asked(context.settings, revisions, store.handed_over_at(context.scope))
        context = replace(context, settings=settings)
    slots = select(context, names, everything)
    if not terms.unverified:
        store.rest()
    facts = None if terms.unverified else _ask(context, pins_in_force(context, revisions), target, deadline)
    earlier = store.facts(context.scope) if terms.unverified else None
    known = facts or (earlier.facts if earlier else None)
    runs = running(context, revisions, known)
    then = {h.slot: h.model_id for h in store.handed_over_at(context.scope, target.time)} if target.time else {}
    changes = []
    for slot in slots:
        past = tuple(pin for pin in revisions if pin.slot == slot.name)
        before = Before(context, store, slot, past, runs[slot.name], then.get(slot.name))
        changes.append(_change(before, target, terms, facts))
    pins = [change.pin for change in changes]
    return _planned(context, store, (*revisions, *pins), changes, facts, earlier)


def _need_sense(context: Context, target: Target, terms: Terms, everything: bool) -> None:
    need_reason(terms.reason)
    if everything and target.time is None:
        raise UsageError(
            "--all needs --to-time: each slot has a past of its own", hint="--all --to-time 2026-03-12T14:00"
        )
    if terms.never_run and terms.unverified:
        raise UsageError("an ID that never ran here must be verified live", hint="leave out --unverified")
    if terms.expires_at and terms.expires_at <= context.clock.now():
        raise UsageError(f"--expires {to_the_minute(terms.expires_at)} has passed", hint="--expires 24h")


def _ask(context: Context, pins: Mapping[str, SlotPins], target: Target, deadline: Deadline) -> Facts:
    try:
        return ask(context, pins, [target.model_id] if target.model_id else [], deadline)
    except ApiProblem as error:
        hint = "in an outage: the same command with --unverified"
        raise CouldNotKnow(error.problem.hinting(hint)) from error


def _change(before: Before, target: Target, terms: Terms, facts: Facts | None) -> Change:
    model_id = target_id(before, target)
    if not terms.never_run:
        need_past(before, model_id)
    if facts:
        need_fit(before.context, before.slot, model_id, facts, hold=True)
    pins = pins_in_force(before.context, before.revisions).get(before.slot.name)
    return Change(_hold(before, model_id, terms, facts), ran(before.running, pins))


def _hold(before: Before, model_id: str, terms: Terms, facts: Facts | None) -> Pin:
    """The next revision. It revokes the pin that the slot leaves; holding in place leaves none."""
    running, expires_at = before.running, terms.expires_at
    leaves = running is not None and not before.held and running.model_id != model_id
    if terms.never_run and expires_at is None:
        expires_at = before.context.clock.now() + NEVER_RUN_EXPIRES
    return approval(
        before.slot.name,
        max((pin.revision or 0 for pin in before.revisions), default=0),
        "rollback",
        model_id,
        before.slot.reference,
        facts,
        terms.reason.strip(),
        expires_at=expires_at,
        revokes=running.pin.revision if running and leaves else None,
    )


def _planned(
    context: Context,
    store: Store,
    revisions: tuple[Pin, ...],
    changes: list[Change],
    facts: Facts | None,
    earlier: StoredFacts | None,
) -> Changed:
    """The changes, and what the next preflight makes of `revisions`, which end with them: in an outage on grace."""
    notes = _still_named(context, changes)
    if facts:
        return Changed(context.scope, tuple(changes), outlook(context, revisions, facts), notes=notes)
    policy, targets = context.settings.preflight, {change.pin.model_id for change in changes}
    believed, grace = within_grace(context, policy, store, earlier.facts.origin, targets) if earlier else (None, None)
    if grace is None:
        note = "unverified: the gate starts it only once the API can be asked again"
        ahead = outlook(context, revisions, None, problem=NOT_ASKED)
    else:
        until = to_the_minute(grace.until)
        note = f"unverified: while the API is down the gate starts on what was verified before, until {until}"
        ahead = outlook(context, revisions, believed, grace)
    return Changed(context.scope, tuple(changes), ahead, notes=(note, *notes))


def _still_named(context: Context, changes: list[Change]) -> tuple[str, ...]:
    """Slots of which the fallback file names another ID: without the store, a start would still run that."""
    named, policy = fallback.names(context, context.settings.preflight), context.settings.preflight
    other = {c.pin.slot: named[c.pin.slot] for c in changes if named.get(c.pin.slot, c.pin.model_id) != c.pin.model_id}
    if not other:
        return ()
    told = ", ".join(f"{printable(model_id)} for {slot}" for slot, model_id in other.items())
    anew = command(context.scope, "preflight", "--emit-json", shlex.quote(policy.fallback_file))
    return (f"the fallback file still names {told}; once restarted, publish it anew:", anew)
