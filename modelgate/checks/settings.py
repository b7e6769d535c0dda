"""`settings.*`: what the settings themselves say that somebody should know."""

from __future__ import annotations

from collections.abc import Collection

from modelgate.domain.findings import Finding, Level
from modelgate.domain.settings import UnsetSlot
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.source import Source
from modelgate.domain.text import printable, short
from modelgate.domain.waivers import covers, expired


def whole(snapshot: Snapshot) -> list[Finding]:
    """Everything that is known before anybody is asked."""
    found = []
    for variable in snapshot.unknown_variables:
        hint = f"did you mean {variable.suggestion}?" if variable.suggestion else "unset it, or see docs/settings.md"
        message = f"no setting reads ${short(variable.name, 60)}"
        source = Source(f"${printable(variable.name)}")
        found.append(Finding("settings.unknown-variable", Level.WARN, message, hint, source=source))
    found.extend(_unset(snapshot, slot) for slot in snapshot.unset)
    found.extend(snapshot.lock_stale)
    if snapshot.offline:
        message = "nothing was resolved: settings and lock were judged alone"
        found.append(Finding("settings.offline", Level.NOTE, message, "run it without --offline before a deployment"))
    return found


def _unset(snapshot: Snapshot, slot: UnsetSlot) -> Finding:
    """What the slot asks for is not known here. Where nothing is resolved that is worth a note and no more."""
    level = Level.NOTE if snapshot.offline else Level.UNKNOWN
    return Finding("settings.model-from-unset", level, slot.problem, slot.hint, slot.name, slot.slot.source)


def waivers(snapshot: Snapshot, findings: Collection[Finding], ran: Collection[tuple[str, str]]) -> list[Finding]:
    """Waivers that ran out, and those that cover nothing although their check ran: `ran` holds (ID, slot)."""
    found = []
    for waiver in snapshot.waivers:
        if expired(waiver, snapshot.now):
            level = Level.WARN if snapshot.verb == "preflight" else Level.REFUSE
            message = f"the waiver for {waiver.check} ended {waiver.until.isoformat()}"
            hint = "remove it, or extend `until` with a new reason"
            found.append(Finding("settings.waiver-expired", level, message, hint, waiver.slot, waiver.source))
        elif any(covers(waiver, check, slot) for check, slot in ran) and not any(
            covers(waiver, f.id, f.slot) for f in findings
        ):
            message = f"the waiver for {waiver.check} covers nothing"
            found.append(
                Finding("settings.waiver-unused", Level.NOTE, message, "remove it", waiver.slot, waiver.source)
            )
    return found
