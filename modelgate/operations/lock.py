"""lock: write approvals into `config/<environment>.lock.toml`, where a pull request is the approval."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from modelgate.domain.findings import Finding
from modelgate.domain.lock import stale
from modelgate.domain.pins import Pin, fold
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Slot
from modelgate.errors import Refused
from modelgate.operations.change import Change, approval
from modelgate.operations.selection import ask, need_fit, resolved, select
from modelgate.settings.lock import read_lock, render_lock, write_lock
from modelgate.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Locked:
    """The lock as it was written, and what changed in it."""

    path: Path
    changes: tuple[Change, ...]
    pins: tuple[Pin, ...]


def check_lock(world: Surroundings) -> tuple[Finding, ...]:
    """Where settings and lock disagree; needs neither key nor network. Raises SettingsError."""
    settings = world.settings
    return stale(settings.slots, read_lock(settings.lock_file, world.scope).pins, world.scope)


def lock(world: Surroundings, names: Collection[str] = (), *, source: str | None = None) -> Locked:
    """Asks the API and writes the lock whole. Without names: every slot, and slots that are gone are dropped.

    With `source`, the IDs are those of that environment's lock. Raises Refused, CouldNotKnow, SettingsError.
    """
    settings = world.settings
    slots = select(world, names, not names)
    there = settings.lock_file.is_file()
    before = {pin.slot: pin for pin in read_lock(settings.lock_file, world.scope).pins} if there else {}
    promoted = _promoted(world, slots, source) if source else {}
    facts = ask(world, fold(before.values()), promoted.values(), world.deadline())
    after = {name: pin for name, pin in before.items() if name in {slot.name for slot in settings.slots}}
    for slot in slots:
        model_id = promoted.get(slot.name) or resolved(slot, facts)
        need_fit(world, slot, model_id, facts, hold=False)
        pin = approval(slot.name, 0, "accept", model_id, slot.reference, facts, reason="")
        after[slot.name] = replace(pin, revision=None)
    write_lock(settings.lock_file, render_lock(world.scope, after.values()))
    changes = (Change(pin, before[name].model_id if name in before else None) for name, pin in after.items())
    return Locked(settings.lock_file, tuple(change for change in changes if change.moves), tuple(after.values()))


def _promoted(world: Surroundings, slots: Collection[Slot], source: str) -> dict[str, str]:
    path = world.settings.config_dir / f"{source}.lock.toml"
    locked = {pin.slot: pin.model_id for pin in read_lock(path, Scope(world.settings.service, source)).pins}
    missing = [slot.name for slot in slots if slot.name not in locked]
    if missing:
        raise Refused(f"{path.name} has no ID for {', '.join(missing)}", hint=f"modelgate lock -e {source}")
    return {slot.name: locked[slot.name] for slot in slots}
