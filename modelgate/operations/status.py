"""status and diff: what each slot may run, what is held, and what ran last. Asks the store alone, never the API."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from modelgate.domain import terms
from modelgate.domain.catalogue import Entry
from modelgate.domain.evidence import Evidence
from modelgate.domain.history import StoredRun
from modelgate.domain.pins import Pin
from modelgate.domain.rows import HandOver, Head
from modelgate.domain.settings import Policy
from modelgate.domain.times import days_left, format_instant
from modelgate.gate.context import Context
from modelgate.operations.outlook import as_last_asked, outlook
from modelgate.operations.proof import shown
from modelgate.store import Store


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """One slot as the store knows it."""

    slot: str
    reference: str | None
    """None: no longer in the settings, or in a variable that is not set here."""
    approved: Pin | None
    """The hold or pin that says what it may run, by what the newest run saw; of a slot that is gone the last one."""
    handed_over: HandOver | None
    entry: Entry | None
    """The newest facts about the ID that it may run, as they were recorded."""
    days_left: int | None
    """Until the ID that it may run retires, by those facts."""
    ends: bool = False
    """Deprecated, retired, or retiring within the policy's horizon."""
    successor: str | None = None
    """Of a slot whose ID ends: what it moves to, as the run behind those facts saw it."""
    variable: str | None = None
    """The variable that would say the reference, where it is not set here and the store knows none."""
    proofs: tuple[tuple[str, Evidence | None], ...] = ()
    """Of each kind of evidence that approvals need: the newest about the ID that it may run."""

    @property
    def model_id(self) -> str | None:
        """The ID that the slot may run."""
        return self.approved.model_id if self.approved else None

    @property
    def hold(self) -> Pin | None:
        """The hold, if the slot is held."""
        return self.approved if self.approved and self.approved.is_hold else None


@dataclass(frozen=True, slots=True)
class Status:
    """One environment as the store knows it."""

    slots: tuple[SlotStatus, ...]
    last_preflight: StoredRun | None
    """The newest preflight that passed: of a deployment, not of a batch."""
    facts_from: datetime | None
    """When the facts behind lifecycle and days left were asked for."""
    head: Head | None


def status(context: Context) -> Status:
    """The present. Raises StoreProblem."""
    with context.store(context.deadline(), read_only=True, keeps=True) as store:
        return _status(context, store)


def _status(context: Context, store: Store) -> Status:
    now, found = context.clock.now(), store.standing(context.scope)
    handed, stored, revisions = {h.slot: h for h in found.handed_over}, found.facts, found.revisions
    context = replace(context, settings=as_last_asked(context.settings, revisions, handed.values()))
    entries = stored.facts.entries if stored else {}
    judged = outlook(context, revisions, stored.facts if stored else None)
    known = {view.slot.name: view.choice.pin if view.choice else None for view in judged.views}
    pinned = sorted((judged.snapshot.pins or {}).items())
    known |= {each.slot.name: None for each in context.settings.unset}
    variables = {each.slot.name: each.variable for each in context.settings.unset}
    gone = {name: pins.hold or pins.newest for name, pins in pinned if name not in known}
    references = {slot.name: slot.reference for slot in context.settings.slots}
    proofs = shown(context, store, {name: pin for name, pin in known.items() if pin})
    slots = []
    for name, pin in (known | gone).items():
        entry = (entries.get(pin.model_id) or pin.entry) if pin else None
        left = days_left(entry.retires_at, now) if entry and entry.retires_at else None
        ends = _ends(entry, left, context.settings.check)
        told = SlotStatus(name, references.get(name), pin, handed.get(name), entry, left, ends)
        slots.append(replace(told, proofs=proofs.get(name, ()), variable=variables.get(name)))
    if stored and any(slot.ends for slot in slots):
        slots = _with_successors(slots, store.run(stored.run_id))
    return Status(tuple(slots), found.last_preflight, stored.asked_at if stored else None, found.head)


def _ends(entry: Entry | None, left: int | None, policy: Policy) -> bool:
    ends = entry is not None and entry.lifecycle in ("deprecated", "retired")
    return ends or (left is not None and left <= policy.retires_warn_days)


def _with_successors(slots: list[SlotStatus], asked: StoredRun | None) -> list[SlotStatus]:
    """The successors that the run saw which asked: of the IDs that the slots may run still."""
    saw = {each.slot: each.pinned_id or each.resolved_id for each in asked.resolutions} if asked else {}
    told = terms.recorded(asked.run.slots) if asked else {}
    mine = {s.slot: told.get(s.slot, {}).get("successor") for s in slots if s.ends and saw.get(s.slot) == s.model_id}
    return [replace(s, successor=to if isinstance(to := mine.get(s.slot), str) else None) for s in slots]


def status_json(found: Status) -> dict[str, Any]:
    """The status as JSON values; instants are ISO 8601 in UTC."""
    last = found.last_preflight
    return {
        "slots": [_slot_json(slot) for slot in found.slots],
        "last_preflight": last
        and {
            "run_id": last.run.run_id,
            "recorded_at": format_instant(last.envelope.recorded_at),
            "host": last.envelope.author.host,
            "unverified": last.run.unverified,
        },
        "facts_from": found.facts_from and format_instant(found.facts_from),
        "head": found.head and str(found.head),
    }


def _slot_json(slot: SlotStatus) -> dict[str, Any]:
    approved, hold, handed = slot.approved, slot.hold, slot.handed_over
    return {
        "slot": slot.slot,
        "reference": slot.reference,
        "may_run": slot.model_id,
        "revision": approved.revision if approved else None,
        "held": hold is not None,
        "expires_at": format_instant(hold.expires_at) if hold and hold.expires_at else None,
        "reason": approved.reason if approved else None,
        "actor": approved.actor if approved else None,
        "lifecycle": slot.entry.lifecycle if slot.entry else None,
        "days_left": slot.days_left,
        "successor": slot.successor,
        "evidence": {need: _proof_json(proof) for need, proof in slot.proofs},
        "handed_off": handed.model_id if handed else None,
        "handed_at": format_instant(handed.recorded_at) if handed else None,
        "host": handed.host if handed else None,
    }


def _proof_json(proof: Evidence | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {"outcome": proof.row.outcome, "recorded_at": format_instant(proof.recorded_at)}


@dataclass(frozen=True, slots=True)
class Difference:
    """One slot in which two environments differ."""

    slot: str
    left: str | None
    """The ID that the slot may run; None if it is not there or may run nothing."""
    right: str | None
    left_held: bool
    right_held: bool


def differences(left: Status, right: Status) -> tuple[Difference, ...]:
    """Slots that may run different IDs, or are held in one environment alone."""
    here, there = ({slot.slot: slot for slot in side.slots} for side in (left, right))
    found = []
    for name in dict.fromkeys([*here, *there]):
        one, other = here.get(name), there.get(name)
        ids = (one.model_id if one else None, other.model_id if other else None)
        held = (bool(one and one.hold), bool(other and other.hold))
        if ids[0] != ids[1] or held[0] != held[1]:
            found.append(Difference(name, *ids, *held))
    return tuple(found)
