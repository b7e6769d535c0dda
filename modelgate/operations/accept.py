"""accept: approve what the settings resolve to now, what a run saw, or what another environment runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from modelgate.clock import Deadline
from modelgate.domain.archives import archived
from modelgate.domain.catalogue import Outcome
from modelgate.domain.command_line import REASON, command
from modelgate.domain.errors import Refused, UsageError
from modelgate.domain.pins import Pin, SlotPins, approval, choose, fold
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Slot
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute
from modelgate.gate.context import Context
from modelgate.gate.options import started_at
from modelgate.gate.record import pin_row
from modelgate.operations.change import Change, Changed
from modelgate.operations.outlook import outlook, ran, running
from modelgate.operations.proof import need_proved
from modelgate.operations.samples import need_served
from modelgate.operations.selection import ask, need_fit, need_reason, resolved, select
from modelgate.store import Store


def accept(
    context: Context,
    names: Collection[str] = (),
    *,
    everything: bool = False,
    run_id: str | None = None,
    source: str | None = None,
    reason: str,
) -> Changed:
    """Adds a pin per slot whose approval changes. Raises Refused, Conflict, CouldNotKnow, UsageError."""
    reason = need_reason(reason)
    if run_id and source:
        raise UsageError("--run and --from exclude each other", hint="--run pins what a run saw; --from promotes")
    if context.settings.pins_from == "lock":
        hint = "write the lock and commit it: its review is the approval"
        told = "approvals of this environment live in its lock file"
        raise Refused(told, hint=hint, commands=(command(context.scope, "lock"),))
    deadline = context.deadline()
    with context.store(deadline, keeps=True) as store:
        return _accept(context, store, deadline, names, everything, run_id, source, reason)


def _accept(
    context: Context,
    store: Store,
    deadline: Deadline,
    names: Collection[str],
    everything: bool,
    run_id: str | None,
    source: str | None,
    reason: str,
) -> Changed:
    slots = select(context, names, everything or bool(run_id and not names))
    revisions = store.revisions(context.scope)
    state = fold(revisions)
    slots, left_out = _unheld(context, slots, state, skip=bool(run_id and not names))
    wanted, notes = _wanted(context, store, slots, run_id, source)
    if run_id:
        _need_seen(run_id, wanted, names or [slot.name for slot in slots if not wanted])
        slots = tuple(slot for slot in slots if slot.name in wanted)
    store.rest()
    facts = ask(context, state, {model_id for _, model_id in wanted.values()}, deadline)
    runs, changes, ids = running(context, revisions, facts), [], dict[str, str]()
    for slot in slots:
        pins = state.get(slot.name, SlotPins(slot.name))
        reference, model_id = wanted.get(slot.name) or (slot.reference, resolved(context, slot, facts))
        need_fit(context, slot, model_id, facts, hold=False)
        ids[slot.name] = model_id
        pin = approval(slot.name, pins.revision, "accept", model_id, reference, facts, reason)
        if not _says_nothing_new(pin, pins):
            changes.append(Change(pin, ran(runs[slot.name], pins)))
    need_served(context, ids, slots, facts, (choice.model_id for choice in runs.values() if choice))
    need_proved(context, store, {c.pin.slot: c.pin.model_id for c in changes}, facts.origin, source=source)
    head = None
    if changes:
        rows = [pin_row(change.pin, run_id) for change in changes]
        expect = {change.pin.slot: (change.pin.revision or 1) - 1 for change in changes}
        head = store.append(context.scope, context.author, rows, expect=expect, now=context.clock.now())
    changed = {change.pin.slot for change in changes}
    unchanged = tuple(slot.name for slot in slots if slot.name not in changed)
    after = outlook(context, (*revisions, *(change.pin for change in changes)), facts)
    return Changed(context.scope, tuple(changes), after, head, unchanged, (*left_out, *notes))


def _unheld(
    context: Context, slots: tuple[Slot, ...], pins: Mapping[str, SlotPins], *, skip: bool
) -> tuple[tuple[Slot, ...], tuple[str, ...]]:
    """The slots; those that are held are left out with `skip`, which is noted, unless all are; otherwise refused."""
    holds = {slot.name: hold for slot in slots if slot.name in pins and (hold := pins[slot.name].hold)}
    if skip and len(holds) < len(slots):
        notes = tuple(f"{name} is held, and left as it is" for name in holds)
        return tuple(slot for slot in slots if slot.name not in holds), notes
    for name, hold in holds.items():
        end = command(context.scope, "release", name, "--accept", REASON)
        raise Refused(f"{name} is held on {printable(hold.model_id)}: an accept would undo it", commands=(end,))
    return slots, ()


def _wanted(
    context: Context, store: Store, slots: Collection[Slot], run_id: str | None, source: str | None
) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Slot to (reference, ID) where these do not come from the settings of today, and what to tell about it."""
    if run_id:
        return _seen_by(context, store, slots, run_id), ()
    return _run_by(context, store, slots, source) if source else ({}, ())


def _seen_by(context: Context, store: Store, slots: Collection[Slot], run_id: str) -> dict[str, tuple[str, str]]:
    run = store.run(run_id)
    if run is None and (started := started_at(run_id)) and (away := store.archive_of(context.scope, started)):
        raise archived(context.scope, started, *away)
    if run is None or run.envelope.scope != context.scope:
        raise Refused(f"{context.scope} has no run {printable(run_id)}", hint="the report that refused names its run")
    asked = {slot.name for slot in slots}
    return {
        r.slot: (r.reference, r.resolved_id)
        for r in run.resolutions
        if r.slot in asked and r.resolved_id and r.outcome == Outcome.RESOLVED
    }


def _need_seen(run_id: str, seen: Mapping[str, object], names: Collection[str]) -> None:
    if missing := [name for name in names if name not in seen]:
        hint = "to accept what the settings mean now, leave out --run"
        raise Refused(f"{printable(run_id)} saw no ID for {', '.join(missing)}", hint=hint)


def _run_by(
    context: Context, store: Store, slots: Collection[Slot], source: str
) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    there = Scope(context.scope.service, source)
    handed = {h.slot: h for h in store.handed_over_at(there)}
    missing = [slot.name for slot in slots if slot.name not in handed]
    if missing:
        raise Refused(f"{there} has handed over nothing for {', '.join(missing)}", hint=f"deploy to {source} first")
    asked, may_run = {slot.name for slot in slots}, _may_run(store, there)
    for name in sorted(asked & may_run.keys()):
        runs, handed_over = may_run[name], handed[name].model_id
        if runs != handed_over:
            told = f"may run {printable(runs or 'nothing')} now; handed over last: {printable(handed_over)}"
            raise Refused(
                f"{name}: {there} {told}", hint=f"restart {source} first: what it may run is what it then runs"
            )
    policy, notes = context.settings.check, []
    state = store.state(context.scope, promote_from=source)
    now = state.now or context.clock.now()
    for slot in slots:
        since = state.promoted.get((slot.name, handed[slot.name].model_id))
        if policy.promote_from == source and since and since + timedelta(hours=policy.soak_hours) > now:
            notes.append(f"{slot.name}: {source} runs it since {to_the_minute(since)}; check refuses until it soaked")
    return {slot.name: (slot.reference, handed[slot.name].model_id) for slot in slots}, tuple(notes)


def _may_run(store: Store, there: Scope) -> dict[str, str | None]:
    """Slot to the ID that it may run in another environment, by the references and answers of its last run."""
    last, pins = store.last_run(there), fold(store.revisions(there))
    found: dict[str, str | None] = {}
    for seen in last.resolutions if last else ():
        of_slot = pins.get(seen.slot, SlotPins(seen.slot))
        chosen = choose(of_slot, seen.reference, seen.resolved_id)
        in_git = last is not None and last.run.lock_commit is not None and of_slot.hold is None
        found[seen.slot] = seen.pinned_id if in_git or chosen is None else chosen.model_id
    return found


def _says_nothing_new(pin: Pin, pins: SlotPins) -> bool:
    """Whether the slot's newest approval says the same: another row would only blur the history."""
    newest = pins.newest
    return newest is not None and (newest.reference, newest.model_id, newest.origin, newest.entry) == (
        pin.reference,
        pin.model_id,
        pin.origin,
        pin.entry,
    )
