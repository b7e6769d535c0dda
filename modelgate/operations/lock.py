"""lock: write approvals into `config/<environment>.lock.toml`, where a pull request is the approval."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from modelgate.checks.settings import stale
from modelgate.domain.command_line import REASON, command
from modelgate.domain.errors import Refused, SettingsError, StoreProblem, UsageError
from modelgate.domain.findings import Finding
from modelgate.domain.pins import Pin, approval, fold
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Slot
from modelgate.gate.context import Context
from modelgate.operations.change import Change
from modelgate.operations.proof import lacking_in_lock
from modelgate.operations.samples import need_served
from modelgate.operations.selection import ask, need_fit, resolved, select
from modelgate.settings.lock import read_lock, render_lock, write_lock


@dataclass(frozen=True, slots=True)
class Locked:
    """The lock as it was written, and what changed in it."""

    path: Path
    changes: tuple[Change, ...]
    dropped: tuple[Pin, ...]
    """Of slots that the settings no longer have."""
    pins: tuple[Pin, ...]
    lacks: tuple[Finding, ...] = ()
    """The evidence that `check` will ask for of what stands in it now."""
    unasked: str = ""
    """Why nobody knows what `check` will ask for."""


def _need_readers(context: Context, *, force: bool) -> None:
    """Raises UsageError where nothing reads the lock: an approval there would approve nothing."""
    if context.settings.pins_from != "lock" and not force:
        raise UsageError(
            f'nothing reads the lock of {context.scope}: its pins_from is "store"',
            hint='pins_from = "lock" under [policy] makes it count, and --force writes it all the same; in the store:',
            commands=(command(context.scope, "accept", "--all", REASON),),
        )


def check_lock(context: Context, *, force: bool = False) -> tuple[Finding, ...]:
    """Where settings and lock disagree; needs neither key nor network. Raises SettingsError, UsageError as `lock`."""
    _need_readers(context, force=force)
    settings = context.settings
    pins = read_lock(settings.lock_file, context.scope).pins
    return stale(settings.slots, pins, context.scope, unset=settings.unset)


def lock(context: Context, names: Collection[str] = (), *, source: str | None = None, force: bool = False) -> Locked:
    """Asks the API and writes the lock whole; slots that are gone are dropped. Without names: every slot, anew, also
    where the lock as it is cannot be used, such as after a merge.

    With `source`, the IDs are those of that environment's lock. Where nothing reads the lock it is only written with
    `force`. Raises Refused, CouldNotKnow, SettingsError, UsageError.
    """
    _need_readers(context, force=force)
    settings = context.settings
    slots = select(context, names, not names)
    before = _before(context, keep=bool(names))
    promoted = _promoted(context, slots, source) if source else {}
    facts = ask(context, fold(before.values()), promoted.values(), context.deadline())
    asked = set(settings.names)
    after = {name: pin for name, pin in before.items() if name in asked}
    for slot in slots:
        model_id = promoted.get(slot.name) or resolved(context, slot, facts)
        need_fit(context, slot, model_id, facts, hold=False)
        pin = approval(slot.name, 0, "accept", model_id, slot.reference, facts, reason="")
        after[slot.name] = replace(pin, revision=None)
    ids = {slot.name: after[slot.name].model_id for slot in slots}
    need_served(context, ids, slots, facts, (pin.model_id for pin in after.values()))
    write_lock(settings.lock_file, render_lock(context.scope, after.values()))
    changes = (Change(pin, before[name].model_id if name in before else None) for name, pin in after.items())
    moves = tuple(change for change in changes if change.moves)
    dropped = tuple(pin for name, pin in before.items() if name not in asked)
    lacks, unasked = _unproved(context, after.values(), facts.origin)
    return Locked(settings.lock_file, moves, dropped, tuple(after.values()), lacks, unasked)


def _unproved(context: Context, pins: Iterable[Pin], origin: str) -> tuple[tuple[Finding, ...], str]:
    """What `check` will find lacking, or why that is not known. Where no evidence is needed no store is asked."""
    if not context.settings.check.accept_needs:
        return (), ""
    try:
        store = context.store(context.deadline(), read_only=True)
        return lacking_in_lock(context, store, {pin.slot: pin.model_id for pin in pins}, origin), ""
    except StoreProblem as error:
        return (), error.problem.message


def _before(context: Context, *, keep: bool) -> dict[str, Pin]:
    """Slot to pin of the lock as it is. One that cannot be used is empty, unless a part of it is to be kept."""
    path = context.settings.lock_file
    try:
        return {pin.slot: pin for pin in read_lock(path, context.scope).pins} if path.is_file() else {}
    except SettingsError:
        if keep:
            raise
        return {}


def _promoted(context: Context, slots: Collection[Slot], source: str) -> dict[str, str]:
    path, there = context.settings.config_dir / f"{source}.lock.toml", Scope(context.settings.service, source)
    locked = {pin.slot: pin.model_id for pin in read_lock(path, there).pins}
    missing = [slot.name for slot in slots if slot.name not in locked]
    if missing:
        raise Refused(f"{path.name} has no ID for {', '.join(missing)}", commands=(command(there, "lock"),))
    return {slot.name: locked[slot.name] for slot in slots}
