"""upgrade: where each slot moves to, and the settings that say so. Never pins in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from modelgate.domain import command_line
from modelgate.domain.catalogue import Facts
from modelgate.domain.command_line import REASON, typed
from modelgate.domain.errors import SettingsError, UsageError
from modelgate.domain.findings import Finding
from modelgate.domain.pins import SlotPins
from modelgate.domain.settings import Settings, Slot
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.upgrade import Ask, Change, Move, Upgrade, plan
from modelgate.domain.view import look
from modelgate.gate.context import Context
from modelgate.gate.samples import read
from modelgate.operations.lock import lock
from modelgate.operations.outlook import as_last_asked, pins_in_force
from modelgate.operations.proof import lacking_for, lacking_in_lock
from modelgate.operations.selection import ask, need_known
from modelgate.settings import load
from modelgate.settings.lock import read_lock
from modelgate.settings.writer import Draft, Place, draft


def upgrade(context: Context, names: Collection[str], wanted: Ask, *, write: bool = False) -> Upgrade:
    """Every slot (or those named) and its successor; with `write` the settings that ask for it, whole or not at all.

    Raises UsageError, SettingsError, CouldNotKnow, and Refused where the API's origin is not approved.
    """
    _need_sense(context, names, wanted)
    store = context.store(context.deadline(), read_only=True)
    revisions = store.revisions(context.scope)
    settings = as_last_asked(context.settings, revisions)
    settings.need_references(names or ())
    pins = pins_in_force(context, revisions)
    facts = ask(replace(context, settings=settings), pins, (), context.deadline())
    slots = tuple(slot for slot in settings.slots if not names or slot.name in names)
    moves = _moves(context, settings, slots, pins, facts, wanted)
    unset = {each.name: each.problem for each in settings.unset if not names}
    found = Upgrade(context.scope, context.clock.now(), facts.origin, moves, unset)
    drafted, places = draft(settings, _wanted(context, found))
    if write:
        found = _written(context, found, drafted, places)
    to_move = {move.slot.name: move.to for move in found.moves if move.state == "move" and move.to}
    lacking = lacking_in_lock if settings.pins_from == "lock" else lacking_for
    lacks = lacking(context, store, to_move, facts.origin)
    told = (_told(context, move, places.get(move.slot.name), wanted, written=write) for move in found.moves)
    return replace(found, moves=tuple(_with_proofs(move, lacks) for move in told))


def _need_sense(context: Context, names: Collection[str], wanted: Ask) -> None:
    need_known(context, names, not names)
    if wanted.to and wanted.line:
        raise UsageError("--to names the model: it leaves nothing to --line", hint="leave one of them out")
    if wanted.to and not names and len(context.settings.names) > 1:
        raise UsageError("--to is for the slots that are named", hint=f"slots: {', '.join(context.settings.names)}")


def _moves(
    context: Context,
    settings: Settings,
    slots: tuple[Slot, ...],
    pins: Mapping[str, SlotPins],
    facts: Facts,
    wanted: Ask,
) -> tuple[Move, ...]:
    samples = read(settings, slots) if any(slot.sample for slot in slots) else {}
    snapshot = Snapshot(
        "check", context.clock.now(), settings.check, context.scope, slots, pins=pins, facts=facts, samples=samples
    )
    return tuple(plan(look(snapshot, slot), wanted, settings.prices) for slot in slots)


def _wanted(context: Context, found: Upgrade) -> Iterator[tuple[Slot, str]]:
    """The slots whose reference is to be another, and which."""
    canonical = context.settings.check.require_canonical
    for move in found.moves:
        means_it = move.slot.reference == move.to or (move.asks_already and not canonical)
        if move.state == "move" and move.to and not means_it:
            yield move.slot, move.to


def _written(context: Context, found: Upgrade, drafted: Draft, places: Mapping[str, Place]) -> Upgrade:
    """The files, written and read again. What does not mean what was meant is undone."""
    to_move = {move.slot.name: move.to or "" for move in found.moves if move.state == "move"}
    by_hand = {name for name, place in places.items() if place.file is None}
    ids = {name: model_id for name, model_id in to_move.items() if name not in by_hand}
    locks = (context.settings.lock_file,) if ids and context.settings.pins_from == "lock" else ()
    for path in locks:
        drafted.remember(path)
    drafted.write()
    try:
        again = _read_again(context, {name: ids[name] for name in ids if name in places})
        if locks:
            lock(replace(context, settings=again), tuple(ids))
            _need_locked(again, context, ids)
    except BaseException:
        drafted.undo()
        raise
    return replace(found, files=(*drafted.after, *locks))


def _read_again(context: Context, ids: Mapping[str, str]) -> Settings:
    """The settings as they are now. Raises SettingsError where they mean something else than was meant."""
    before = context.settings
    again = load(
        service=before.service if before.service_given else None,
        environment=before.environment,
        config_dir=before.config_dir,
        environ=context.environ,
    )
    meant = {slot.name: ids.get(slot.name, slot.reference) for slot in before.slots}
    if {slot.name: slot.reference for slot in again.slots} != meant or again.check != before.check:
        raise SettingsError("what was written means something else: it was undone", source=str(before.environment_file))
    return again


def _need_locked(settings: Settings, context: Context, ids: Mapping[str, str]) -> None:
    locked = {pin.slot: pin.model_id for pin in read_lock(settings.lock_file, context.scope).pins}
    if any(locked.get(name) != model_id for name, model_id in ids.items()):
        raise SettingsError("the lock says something else: it was undone", source=str(settings.lock_file))


def _told(context: Context, move: Move, place: Place | None, wanted: Ask, *, written: bool) -> Move:
    """The move with what is, or was, to be written, and the commands to go on."""
    if move.state != "move":
        return move
    change, locked = Change(), written and (place is None or place.file is not None)
    if place:
        change = Change(place.line, place.source, written and place.file is not None, place.why_not)
    return replace(move, change=change, commands=tuple(_commands(context, move, change, wanted, locked=locked)))


def _with_proofs(move: Move, lacks: Iterable[Finding]) -> Move:
    """The move with what its approval will ask for, and how that is made: before what approves."""
    mine = [each for each in lacks if each.slot == move.slot.name]
    commands = (*(line for each in mine for line in each.commands), *move.commands[-1:])
    return replace(
        move,
        evidence=tuple(each.message for each in mine),
        commands=tuple(dict.fromkeys((*move.commands[:-1], *commands))),
    )


def _commands(context: Context, move: Move, change: Change, wanted: Ask, *, locked: bool) -> Iterator[str]:
    scope, name = context.scope, move.slot.name
    locks = context.settings.pins_from == "lock" and not locked
    if not change.why_not and not change.written and (change.line or locks):
        how = ("--to", typed(wanted.to)) if wanted.to else ("--line", typed(wanted.line)) if wanted.line else ()
        words = (name, *how, *(("--newer",) if wanted.newer and not move.standing.ends else ()), "--write")
        yield command_line.command(scope, "upgrade", *words)
    elif locks:
        yield command_line.command(scope, "lock", name)
    if move.held:
        yield command_line.command(scope, "release", name, "--accept", REASON)
    elif context.settings.pins_from == "store":
        yield command_line.command(scope, "accept", name, REASON)
