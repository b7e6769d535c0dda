"""`settings.*`: what the settings themselves say that somebody should know."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from modelgate.domain.command_line import command
from modelgate.domain.findings import Finding, Level
from modelgate.domain.pins import Pin
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Slot, Waiver
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.source import Source
from modelgate.domain.text import printable, short
from modelgate.domain.waivers import covers, expired

if TYPE_CHECKING:
    from modelgate.domain.unsettled import UnsetSlot


def unknown_variables(snapshot: Snapshot) -> list[Finding]:
    """Variables of the gate that no setting reads."""
    found = []
    for variable in snapshot.unknown_variables:
        hint = f"did you mean {variable.suggestion}?" if variable.suggestion else "unset it, or see docs/settings.md"
        message = f"no setting reads ${short(variable.name, 60)}"
        source = Source(f"${printable(variable.name)}")
        found.append(Finding("settings.unknown-variable", Level.WARN, message, hint, source=source))
    return found


def untrusted(snapshot: Snapshot) -> list[Finding]:
    """What a stranger's file would do with secrets: refused before anything is sent or read."""
    return [
        Finding(
            "settings.untrusted",
            Level.REFUSE,
            short(f"{each.key} {each.what}", 79),
            f"if that is right, whoever set up this job says so: {each.variable}=…",
            source=each.source,
        )
        for each in snapshot.untrusted
    ]


def loosening(snapshot: Snapshot) -> list[Finding]:
    """What a change lets through that its base stops: whoever reviews it should know."""
    hint = "a reviewer decides: nothing is wrong with it by itself"
    return [
        Finding("settings.loosened", Level.WARN, short(each.what, 79), hint, each.slot, each.source)
        for each in snapshot.loosened
    ]


def unset_references(snapshot: Snapshot) -> list[Finding]:
    """Slots of which it is not known here what they ask for. Where nothing is resolved that is worth a note alone."""
    level = Level.NOTE if snapshot.offline else Level.UNKNOWN
    return [
        Finding("settings.model-from-unset", level, each.problem, each.hint, each.name, each.slot.source)
        for each in snapshot.unset
    ]


def observed_blind(snapshot: Snapshot) -> list[Finding]:
    """A preflight that observes could not read whether its slots are held."""
    if snapshot.unheld is None:
        return []
    hint = "what runs is not changed; a hold, if there is one, may be passed over until the store can be asked"
    found = []
    for slot in snapshot.slots:
        known = snapshot.unheld.get(slot.name)
        what = f"{short(known, 29)} of the fallback file" if known else f"{short(slot.reference, 29)}, as it is set"
        message = f"holds unknown; handed over: {what}"
        found.append(Finding("settings.observed-blind", Level.WARN, message, hint, slot.name, slot.source))
    return found


def lock_stale(snapshot: Snapshot) -> Iterable[Finding]:
    """Where settings and lock disagree."""
    if snapshot.locked is None:
        return ()
    return stale(snapshot.slots, snapshot.locked, snapshot.scope, unset=snapshot.unset)


def stale(
    slots: Iterable[Slot], pins: Iterable[Pin], scope: Scope, *, unset: Iterable[UnsetSlot] = ()
) -> tuple[Finding, ...]:
    """`settings.lock-stale` for each slot on which settings and lock disagree; settings order, then the lock's.

    Whether they agree on an `unset` slot cannot be told here: it only has to be in the lock.
    """
    locked = {pin.slot: pin for pin in pins}
    asked = {slot.name: slot for slot in slots} | {each.name: each.slot for each in unset}
    found = {}
    for name, slot in asked.items():
        if name not in locked:
            found[name] = "the lock has no ID for it"
        elif slot.reference and locked[name].reference != slot.reference:
            found[name] = f"asks for {short(slot.reference, 26)}; the lock is for {short(locked[name].reference, 26)}"
    found |= {name: "is in the lock, but not in the settings" for name in locked if name not in asked}
    sources = {name: slot.source for name, slot in asked.items()}
    commands = (command(scope, "lock"),)
    return tuple(
        Finding("settings.lock-stale", Level.REFUSE, message, COMMIT, name, sources.get(name), commands=commands)
        for name, message in found.items()
    )


COMMIT = "then commit the lock"


def offline(snapshot: Snapshot) -> list[Finding]:
    """That nobody was asked."""
    if not snapshot.offline:
        return []
    message = "nothing was resolved: settings and lock were judged alone"
    return [Finding("settings.offline", Level.NOTE, message, "run it without --offline before a deployment")]


def waivers(snapshot: Snapshot, findings: Collection[Finding], ran: Collection[tuple[str, str]]) -> list[Finding]:
    """Waivers that ran out, and those that cover nothing although their check ran: `ran` holds (ID, slot)."""
    found = []
    for waiver in snapshot.waivers:
        if expired(waiver, snapshot.now):
            level = Level.WARN if snapshot.verb == "preflight" else Level.REFUSE
            message = f"the waiver for {waiver.check} ended {waiver.until.isoformat()}"
            hint = "remove it, or extend `until` with a new reason"
            found.append(Finding("settings.waiver-expired", level, message, hint, waiver.slot, waiver.source))
        elif _could_be_judged(waiver, snapshot, ran) and not any(covers(waiver, f.id, f.slot) for f in findings):
            message = f"the waiver for {waiver.check} covers nothing"
            found.append(
                Finding("settings.waiver-unused", Level.NOTE, message, "remove it", waiver.slot, waiver.source)
            )
    return found


def _could_be_judged(waiver: Waiver, snapshot: Snapshot, ran: Collection[tuple[str, str]]) -> bool:
    """Whether its check ran where it speaks of; one for a slot that is not there can cover nothing."""
    nowhere = waiver.slot is not None and waiver.slot not in snapshot.names
    return nowhere or any(covers(waiver, check, slot) for check, slot in ran)
