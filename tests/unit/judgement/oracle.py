"""The contract's "How a slot is judged", said again: slow, obvious, and knowing nothing of `modelgate.checks`.

One rule after another, in the contract's words and order. It reads the frozen values of a snapshot and calls none of
the decisions that stand in `modelgate.domain`, so that a mistake there is not a mistake here.

Where the contract is silent, these are the readings:

- An expired hold still is *p*. Under `hand_off = "settings"` any known a ≠ p refuses, whichever drift case fits, unless
  preflight pins *a*; a reference that means nothing is such an *a*. That refusal is not waivable.
- `reference_changed = "warn"`, or its waived refusal, stays on the newest unrevoked pin, which then is *p*.
- `accept` at `check` is a note: preflight will pin *a*, and *a* is judged. With nothing to pin it refuses.
- Nothing is pinned on grace (`accept` stays on the pin, a first use cannot be known) nor where pins live in git.
- Where the reference could not be asked, and where the pins could not be read, only what is certain anyhow is judged.
- An entry with a doubt is served, and nothing is judged by it: the candidate's is unknown, else the reference's; of a
  held slot a reference that nobody reads (`hand_off = "pins"`) is worth a note.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, timedelta

from modelgate.domain.catalogue import Answer, Entry, Outcome
from modelgate.domain.pins import Pin, SlotPins
from modelgate.domain.settings import Slot, Waiver
from modelgate.domain.snapshot import Snapshot

Judged = tuple[str | None, str, str, bool]
"""Slot, check ID, level, waived."""

NEVER_WAIVED = {
    "drift.unpinned",
    "drift.pin-retired",
    "drift.pin-missing",
    "catalogue.unknown-model",
    "catalogue.retired",
    "catalogue.fact-unknown",
}
CASES = (
    ("drift.pin-retired", "drift.pin-missing"),
    ("drift.hold-expired",),
    ("drift.settings-override-hold",),
    ("drift.held",),
    ("drift.unpinned",),
    ("drift.reference-changed",),
    ("drift.alias-moved",),
    ("drift.reference-renamed", "drift.earlier-pin"),
)


@dataclass(frozen=True)
class Expected:
    """What the contract says of a snapshot. The mappings are by slot."""

    findings: frozenset[Judged]
    pinned: dict[str, str | None]
    """*p*."""
    to_pin: dict[str, str]
    """What this preflight pins."""
    handed_off: dict[str, str]
    verdict: str


@dataclass
class Told:
    """What is found while one slot, or the run, is judged, and which checks could be judged at all."""

    snapshot: Snapshot
    slot: str | None
    findings: set[Judged] = field(default_factory=set)
    ran: set[str] = field(default_factory=set)

    def tell(self, check: str, level: str, *, waivable: bool = True) -> None:
        """Notes a finding, and whether somebody's word covers it."""
        waived = waivable and is_covered(self.snapshot, check, self.slot, level)
        self.findings.add((self.slot, check, level, waived))


@dataclass(frozen=True)
class Name:
    """What is known of a reference. `a` is the ID that it resolves to now, None if to nothing."""

    a: str | None
    answer: Answer | None
    known: bool


@dataclass(frozen=True)
class Allowed:
    """*p*, by which rule: 1 to 4 of the contract, or `stay`."""

    pin: Pin | None
    rule: str

    @property
    def p(self) -> str | None:
        """The ID."""
        return self.pin.model_id if self.pin else None


def expect(snapshot: Snapshot) -> Expected:
    """Judges the snapshot by the contract."""
    findings: set[Judged] = about_the_run(snapshot) | about_removed_slots(snapshot)
    pinned: dict[str, str | None] = {}
    to_pin: dict[str, str] = {}
    hand_over: dict[str, str] = {}
    ran: dict[str, set[str]] = {}
    for slot in snapshot.slots:
        told = Told(snapshot, slot.name)
        p, pins_a, hands = about_the_slot(snapshot, slot, told)
        findings |= told.findings
        ran[slot.name] = told.ran
        pinned[slot.name] = p
        if pins_a:
            to_pin[slot.name] = pins_a
        if hands:
            hand_over[slot.name] = hands
    findings |= about_waivers(snapshot, findings, ran)
    verdict = verdict_of(findings)
    # handed off and pinned only by preflight, only on a pass, all slots or none, and not while only observing
    starts = snapshot.verb == "preflight" and verdict == "pass" and snapshot.policy.enforce
    if snapshot.verb == "preflight" and not snapshot.policy.enforce:
        return Expected(frozenset(findings), pinned, {}, what_runs_without_a_gate(snapshot), verdict)
    if not starts:
        return Expected(frozenset(findings), pinned, {}, {}, verdict)
    return Expected(frozenset(findings), pinned | to_pin, to_pin, hand_over, verdict)


def what_runs_without_a_gate(snapshot: Snapshot) -> dict[str, str]:
    """Observing: the held ID, else the reference as set; where holds cannot be read, the young fallback file's ID."""
    found = {}
    for slot in snapshot.slots:
        pins = (snapshot.pins or {}).get(slot.name)
        if snapshot.unheld is not None:
            found[slot.name] = snapshot.unheld.get(slot.name, slot.reference)
        elif pins and pins.hold:
            found[slot.name] = pins.hold.model_id
        else:
            found[slot.name] = slot.reference
    return found


def verdict_of(findings: set[Judged]) -> str:
    """A waived finding does not count; a definite refusal beats an unknown."""
    levels = [level for _slot, _check, level, waived in findings if not waived]
    if "refuse" in levels:
        return "refuse"
    if "unknown" in levels:
        return "unknown"
    return "pass"


# --- waivers


def has_ended(snapshot: Snapshot, waiver: Waiver) -> bool:
    """It holds through the end of that day, UTC."""
    return snapshot.now.astimezone(UTC).date() > waiver.until


def is_covered(snapshot: Snapshot, check: str, slot: str | None, level: str) -> bool:
    """Whether somebody's word covers the finding today."""
    if level == "unknown" or check in NEVER_WAIVED or (check.startswith("settings.") and check != "settings.sample"):
        return False
    for waiver in snapshot.waivers:
        if waiver.check == check and waiver.slot in (None, slot) and not has_ended(snapshot, waiver):
            return True
    return False


def about_waivers(snapshot: Snapshot, findings: set[Judged], ran: dict[str, set[str]]) -> set[Judged]:
    """Expired: refuse, warn at preflight. Unused: a note, judged only where its check ran."""
    found: set[Judged] = set()
    for waiver in snapshot.waivers:
        if has_ended(snapshot, waiver):
            level = "warn" if snapshot.verb == "preflight" else "refuse"
            found.add((waiver.slot, "settings.waiver-expired", level, False))
            continue
        its_check_ran = False
        for slot, checks in ran.items():
            if waiver.check in checks and waiver.slot in (None, slot):
                its_check_ran = True
        it_found_something = False
        for slot_name, check, _level, _waived in findings:
            if check == waiver.check and waiver.slot in (None, slot_name):
                it_found_something = True
        slots = {slot.name for slot in (*snapshot.slots, *snapshot.unset)}
        of_no_slot = waiver.slot is not None and waiver.slot not in slots
        if (its_check_ran or of_no_slot) and not it_found_something:
            found.add((waiver.slot, "settings.waiver-unused", "note", False))
    return found


# --- the run


def about_the_run(snapshot: Snapshot) -> set[Judged]:
    """What is found of the API, the store and the settings as a whole."""
    told = Told(snapshot, None)
    if snapshot.offline:
        told.tell("settings.offline", "note")
    if snapshot.api_grace:
        told.tell("api.grace", "warn")
    elif snapshot.facts and snapshot.facts.problem:
        check = snapshot.facts.problem.check
        # An origin that is not approved is a no, and nobody was asked: a waiver has nothing to stand on.
        told.tell(check, "refuse" if check == "api.origin-not-approved" else "unknown", waivable=False)
    if snapshot.facts and any(entry.doubt for entry in snapshot.facts.entries.values()):
        told.tell("api.entry-unreadable", "note")
    if snapshot.store_grace:
        told.tell("store.grace", "warn")
    elif snapshot.store_problem:
        told.tell(snapshot.store_problem.check, "unknown")
    for notice in snapshot.notices:
        told.tell(
            notice.check,
            {"store.created": "warn", "store.schema-ahead": "note", "store.unencrypted": "note"}[notice.check],
        )
    for _variable in snapshot.unknown_variables:
        told.tell("settings.unknown-variable", "warn")
    if snapshot.unheld is not None:
        for slot in snapshot.slots:
            told.findings.add((slot.name, "settings.observed-blind", "warn", False))
    if snapshot.locked is not None:
        asked = {slot.name: slot.reference for slot in snapshot.slots}
        locked = {pin.slot: pin.reference for pin in snapshot.locked}
        for name in {*asked, *locked}:
            if asked.get(name) != locked.get(name):
                told.findings.add((name, "settings.lock-stale", "refuse", False))
    return told.findings


def about_removed_slots(snapshot: Snapshot) -> set[Judged]:
    """Slot pinned or held, no longer in the settings: note; warn if held."""
    found: set[Judged] = set()
    present = [slot.name for slot in snapshot.slots]
    for name, pins in (snapshot.pins or {}).items():
        if name not in present:
            told = Told(snapshot, name)
            told.tell("drift.slot-removed", "warn" if pins.hold else "note")
            found |= told.findings
    return found


# --- one slot


def about_the_slot(snapshot: Snapshot, slot: Slot, told: Told) -> tuple[str | None, str | None, str | None]:
    """Tells what is found of the slot; returns *p*, the ID to pin, and the ID to hand over."""
    name = ask(snapshot, slot.reference)
    pins_known = snapshot.pins is not None
    pins = (snapshot.pins or {}).get(slot.name, SlotPins(slot.name))
    held = pins.hold is not None
    if not pins_known:
        # an application that reads its own settings may then run what nobody approved
        about_the_reference(snapshot, name, True, told, waivable=snapshot.policy.hand_off == "pins")
        could_not_ask(snapshot, slot, name, Allowed(None, "4"), held, told)
        about_doubts(snapshot, None, name, held, told)
        about_the_sample(snapshot, slot, None, told)
        return None, None, None
    allowed = what_it_may_run(pins, slot.reference, name.a)
    if allowed.rule == "4" and pins.pins and stays_on_the_newest(snapshot, slot, name.a):
        allowed = Allowed(pins.pins[-1], "stay")
    could_not_ask(snapshot, slot, name, allowed, held, told)
    to_pin = name.a if policy_pins_a(snapshot, pins, allowed, name) else None
    runs_what_is_approved = to_pin is not None or (allowed.p is not None and name.known and name.a == allowed.p)
    covered = snapshot.policy.hand_off == "pins" or runs_what_is_approved
    about_the_reference(snapshot, name, held, told, waivable=covered)
    drift(snapshot, pins, allowed, name, to_pin is not None, told)
    # about the ID that would be handed over: p; a where it would be pinned, or where there is no p yet
    candidate = to_pin or allowed.p or name.a
    approval = None if to_pin else allowed.pin
    if candidate:
        about_the_candidate(snapshot, slot, candidate, approval, held, told)
    about_doubts(snapshot, candidate, name, held, told)
    about_evidence(snapshot, slot, allowed.p, held, told)
    about_the_sample(snapshot, slot, candidate, told)
    return allowed.p, to_pin, to_pin or allowed.p


def ask(snapshot: Snapshot, reference: str) -> Name:
    """*a*, the ID that the reference resolves to now."""
    facts = snapshot.facts
    if facts is None or facts.problem:
        return Name(None, None, known=False)
    answer = facts.answers.get(reference)
    if answer is None or answer.outcome is Outcome.FAILED:
        return Name(None, answer, known=False)
    return Name(answer.id if answer.outcome is Outcome.RESOLVED else None, answer, known=True)


def what_it_may_run(pins: SlotPins, reference: str, a: str | None) -> Allowed:
    """*p*, the ID that the slot may run."""
    # 1. the held ID, if the slot is held
    if pins.hold:
        return Allowed(pins.hold, "1")
    # 2. else the newest unrevoked pin for r
    for pin in reversed(pins.pins):
        if pin.reference == reference:
            return Allowed(pin, "2")
    # 3. else, if the slot's newest pin is the ID a, that pin
    if pins.pins and a is not None and pins.pins[-1].model_id == a:
        return Allowed(pins.pins[-1], "3")
    # 4. else none
    return Allowed(None, "4")


def reaction(snapshot: Snapshot, configured: str) -> str:
    """`refuse`, `warn` or `accept`, where a pin exists."""
    if configured == "accept" and snapshot.policy.pins_from == "lock":
        configured = "refuse"  # approvals live in git
    if configured == "accept" and snapshot.api_grace:
        return "warn"  # nothing is pinned on grace
    if snapshot.store_grace:
        return "warn"  # the fallback file does not tell a hold from a pin
    return configured


def stays_on_the_newest(snapshot: Snapshot, slot: Slot, a: str | None) -> bool:
    """`reference_changed = "warn"`, or a refusal that somebody waived; nothing can be accepted without an *a*."""
    reacts = reaction(snapshot, snapshot.policy.reference_changed)
    if (reacts == "refuse" or (reacts == "accept" and a is None)) and snapshot.policy.hand_off == "pins":
        return is_covered(snapshot, "drift.reference-changed", slot.name, "refuse")
    return reacts == "warn"


def policy_pins_a(snapshot: Snapshot, pins: SlotPins, allowed: Allowed, name: Name) -> bool:
    """Whether preflight, if it passes, pins *a*."""
    policy = snapshot.policy
    if name.a is None or pins.hold or policy.pins_from == "lock" or snapshot.api_grace or snapshot.store_grace:
        return False
    if not pins.pins:
        return policy.first_use == "accept"
    if allowed.rule in ("4", "stay"):
        return policy.reference_changed == "accept"
    return name.a != allowed.p and policy.alias_moved == "accept"


def is_served(snapshot: Snapshot, model_id: str) -> str:
    """`served`, `retired`, `missing`, or `unknown` where that could not be known."""
    facts = snapshot.facts
    if facts is None or facts.problem:
        return "unknown"
    answer = facts.answers.get(model_id)
    if answer and answer.outcome is Outcome.FAILED:
        return "unknown"
    if facts.known is not None and model_id not in facts.known:
        return "unknown"
    entry = facts.entries.get(model_id)
    if entry and entry.lifecycle != "retired":
        return "served"
    return "retired" if entry or (answer and answer.outcome is Outcome.RETIRED) else "missing"


def could_not_ask(snapshot: Snapshot, slot: Slot, name: Name, allowed: Allowed, held: bool, told: Told) -> None:
    """One name could not be asked for: unknown; a note if it is the reference of a slot held on a known ID."""
    facts = snapshot.facts
    if facts is None or facts.problem:
        return  # told of the run as a whole
    if allowed.p and is_served(snapshot, allowed.p) == "unknown":
        answer = facts.answers.get(allowed.p)
        problem = (answer.problem if answer else None) or snapshot.api_problem
        told.tell(problem.check if problem else "api.unreachable", "unknown")
    elif not name.known:
        problem = (name.answer.problem if name.answer else None) or snapshot.api_problem
        only_a_note = held and snapshot.policy.hand_off == "pins"
        told.tell(problem.check if problem else "api.unreachable", "note" if only_a_note else "unknown", waivable=False)


# --- at most one of these per slot, the first that fits


def drift(snapshot: Snapshot, pins: SlotPins, allowed: Allowed, name: Name, pins_a: bool, told: Told) -> None:
    """The case that fits, and the checks that were judged on the way to it."""
    for checks in CASES:
        certain_anyhow = pins.hold is not None or "drift.pin-retired" in checks or "drift.unpinned" in checks
        if not name.known and not certain_anyhow:
            continue
        told.ran.update(checks)
        if case(checks[0], snapshot, pins, allowed, name, pins_a, told):
            return


def case(row: str, snapshot: Snapshot, pins: SlotPins, allowed: Allowed, name: Name, pins_a: bool, told: Told) -> bool:
    """Judges one row of the table; whether it fits."""
    policy, p = snapshot.policy, allowed.p
    # The application reads its own settings and runs a: any a ≠ p refuses, and nobody's word changes that.
    runs_another = policy.hand_off == "settings" and name.known and name.a != p and not pins_a
    if p is None and name.known and policy.hand_off == "settings" and not pins_a:
        runs_another = True
    # ... or may run another, where nobody knows what its settings mean: nobody's word covers that either
    may_run_another = runs_another or (policy.hand_off == "settings" and not name.known and not pins_a)

    if row == "drift.pin-retired" and not pins_a:  # a served a that the policy accepts moves on from it
        state = is_served(snapshot, p) if p else "served"
        if state in ("retired", "missing"):
            told.tell(f"drift.pin-{state}", "refuse")
            return True
    if row == "drift.hold-expired" and pins.hold and pins.hold.expires_at and pins.hold.expires_at <= snapshot.now:
        level = "warn" if snapshot.verb == "preflight" and not runs_another else "refuse"
        told.tell("drift.hold-expired", level, waivable=not may_run_another)
        return True
    if row == "drift.settings-override-hold" and pins.hold and runs_another:
        told.tell("drift.settings-override-hold", "refuse", waivable=False)
        return True
    if row == "drift.held" and pins.hold:
        told.tell("drift.held", "note", waivable=not may_run_another)
        return True
    if row == "drift.unpinned" and not pins.pins and not pins.hold:
        told.tell("drift.unpinned", first_use(snapshot, name))
        return True
    if row == "drift.reference-changed" and allowed.rule in ("4", "stay"):
        level = level_of(reaction(snapshot, policy.reference_changed), name)
        told.tell("drift.reference-changed", "refuse" if runs_another else level, waivable=not runs_another)
        return True
    if row == "drift.alias-moved" and name.a is not None and name.a != p:
        level = level_of(reaction(snapshot, policy.alias_moved), name)
        told.tell("drift.alias-moved", "refuse" if runs_another else level, waivable=not runs_another)
        return True
    if row == "drift.reference-renamed" and allowed.rule == "3":
        told.tell("drift.reference-renamed", "note", waivable=not runs_another)
        return True
    if row == "drift.reference-renamed" and allowed.rule == "2" and pins.pins[-1].reference != allowed.pin.reference:
        told.tell("drift.earlier-pin", "note", waivable=not runs_another)
        return True
    return False


def first_use(snapshot: Snapshot, name: Name) -> str:
    """The level of a slot without any pin."""
    if snapshot.policy.first_use == "refuse" or snapshot.policy.pins_from == "lock":
        return "refuse"
    if snapshot.api_grace or snapshot.store_grace:
        return "unknown"
    return "note" if name.a is not None or not name.known else "refuse"


def level_of(reacts: str, name: Name) -> str:
    """Accepted means a note: preflight pins *a*. Where there is no *a* there is nothing to accept."""
    if reacts == "accept":
        return "note" if name.a is not None else "refuse"
    return reacts


# --- beside it


def about_the_reference(snapshot: Snapshot, name: Name, lenient: bool, told: Told, *, waivable: bool) -> None:
    """What it says of the reference. `lenient`: the slot is held, or nobody knows whether it is.

    Not `waivable`: by its own settings the application runs, or may run, another ID than is approved.
    """
    if not name.known or name.answer is None:
        return
    level = "note" if lenient else "refuse"
    told.ran.update({"catalogue.unknown-model", "catalogue.retired", "catalogue.not-permitted"})
    if name.answer.outcome is Outcome.UNKNOWN:
        told.tell("catalogue.unknown-model", level)
    if name.answer.outcome is Outcome.RETIRED:
        told.tell("catalogue.retired", level)
    if name.answer.outcome is Outcome.NOT_PERMITTED:
        told.tell("catalogue.not-permitted", level, waivable=waivable)
    if snapshot.policy.require_canonical and name.a is not None:
        told.ran.add("catalogue.alias")
        if name.a != name.answer.name:
            told.tell("catalogue.alias", level, waivable=waivable)


def about_doubts(snapshot: Snapshot, candidate: str | None, name: Name, held: bool, told: Told) -> None:
    """What cannot be read of an entry is judged by nobody: of the candidate, else of what the reference means."""
    facts = snapshot.facts
    if facts is None:
        return
    told.ran.add("catalogue.fact-unknown")
    for model_id in (candidate, name.a):
        if model_id and is_served(snapshot, model_id) == "served" and facts.entries[model_id].doubt:
            lenient = held and snapshot.policy.hand_off == "pins" and model_id != candidate
            told.tell("catalogue.fact-unknown", "note" if lenient else "unknown")
            return


def about_the_candidate(
    snapshot: Snapshot, slot: Slot, candidate: str, approval: Pin | None, held: bool, told: Told
) -> None:
    """About the ID that would be handed over; `approval` is the pin that allows it, if there is one."""
    about_promotion(snapshot, slot, candidate, held, told)
    facts = snapshot.facts
    if facts is None or facts.problem:
        return  # no API answered
    if approval and approval.origin:
        told.ran.add("drift.origin-changed")
        if approval.origin != facts.origin:
            told.tell("drift.origin-changed", "warn")
    if is_served(snapshot, candidate) != "served" or facts.entries[candidate].doubt:
        return
    entry = facts.entries[candidate]
    about_its_life(snapshot, entry, told)
    about_requirements(snapshot, slot, entry, held, told)
    if approval and approval.entry:
        told.ran.add("drift.facts-changed")
        if has_lost_something(approval.entry, entry):
            told.tell("drift.facts-changed", "warn")
        about_its_retirement(approval.entry, entry, told)


def about_promotion(snapshot: Snapshot, slot: Slot, candidate: str, held: bool, told: Told) -> None:
    """`promote_from` has not handed it over for `soak_hours`: refuse; note if held; at most warn at preflight."""
    policy = snapshot.policy
    if not policy.promote_from:
        return
    if snapshot.promoted is None:  # nobody was asked, as with --no-store: told, where it could have refused
        if snapshot.verb == "check" and not snapshot.offline:
            told.ran.add("drift.not-promoted")
            told.tell("drift.not-promoted", "note" if held else "warn")
        return
    told.ran.add("drift.not-promoted")
    began = snapshot.promoted.get((slot.name, candidate))
    soaked = began is not None and began <= snapshot.now and snapshot.now - began >= timedelta(hours=policy.soak_hours)
    if not soaked:
        told.tell("drift.not-promoted", "note" if held else "warn" if snapshot.verb == "preflight" else "refuse")


def about_evidence(snapshot: Snapshot, slot: Slot, p: str | None, held: bool, told: Told) -> None:
    """In lock mode check refuses, not waivable, an ID that was never handed over here and lacks what approvals need.

    Evidence counts for its own slot, ID, origin and workspace; the newest says what it shows, as long as it is young.
    """
    proofs, facts = snapshot.proofs, snapshot.facts
    if proofs is None or facts is None or facts.problem:
        return
    told.ran.update({"evidence.missing", "evidence.stale", "evidence.failed"})
    if p is None or held or (slot.name, p) in proofs.handed:
        return
    for need in snapshot.policy.accept_needs:
        suites = {"probe", "probe-live"} if need == "probe" else {need}
        last = None
        for proof in proofs.evidence:
            row = proof.row
            is_it = row.slot == slot.name and row.model_id == p and row.suite in suites
            is_here = row.origin == facts.origin and row.workspace_id == proofs.workspace_id
            if is_it and is_here and (last is None or proof.recorded_at >= last.recorded_at):
                last = proof
        if last is None:
            told.tell("evidence.missing", "refuse", waivable=False)
        elif last.row.outcome == "failed":
            told.tell("evidence.failed", "refuse", waivable=False)
        elif snapshot.now - last.recorded_at > timedelta(days=snapshot.policy.evidence_days):
            told.tell("evidence.stale", "refuse", waivable=False)


def about_the_sample(snapshot: Snapshot, slot: Slot, candidate: str | None, told: Told) -> None:
    """Refused: what the entry says no to, a limit that is exceeded, no sample, a model that no slot here may run.

    Absent facts and what nobody knows: a note. What this API version refuses: a warning.
    """
    if snapshot.samples is None:
        return  # preflight neither reads nor needs it
    told.ran.add("settings.sample")
    sample = snapshot.samples.get(slot.name)
    if sample is None:
        return
    if sample.problem:
        told.tell("settings.sample", "refuse")
        return
    facts, entry = snapshot.facts, None
    if facts and candidate and is_served(snapshot, candidate) == "served" and not facts.entries[candidate].doubt:
        entry = facts.entries[candidate]
    paths: set[str] = set()
    most, lacking_facts = 0, False
    for request in sample.requests:
        for key, value in request.params.items():
            if key == "max_tokens":
                most = max(most, value)
            elif key == "thinking":
                paths.add(f"thinking.types.{value['type']}")
            elif key == "output_config":
                paths.add(f"effort.{value['effort']}")
            elif key in ("temperature", "top_p", "top_k"):
                told.tell("settings.sample", "warn")
            elif key == "fallbacks":
                if snapshot.pins is not None and not may_run(snapshot, value[0]["model"]):
                    told.tell("settings.sample", "refuse")
            elif key != "messages":
                told.tell("settings.sample", "note")
    for path in paths if entry else ():
        supported = whether_it_supports(entry, path)
        lacking_facts = lacking_facts or supported is None
        if supported is False:
            told.tell("catalogue.missing-capability", "refuse")
    if entry and most:
        lacking_facts = lacking_facts or entry.max_tokens is None
        if entry.max_tokens is not None and most > entry.max_tokens:
            told.tell("catalogue.limit-too-small", "refuse")
    if lacking_facts:
        told.tell("catalogue.fact-unknown", "note")


def may_run(snapshot: Snapshot, model: str) -> bool:
    """Whether a slot here may run it, by its ID or by a reference that means the ID now, or might."""
    for slot in snapshot.slots:
        name = ask(snapshot, slot.reference)
        pins = (snapshot.pins or {}).get(slot.name, SlotPins(slot.name))
        p = what_it_may_run(pins, slot.reference, name.a).p
        if p and (model == p or (model == slot.reference and (not name.known or name.a == p))):
            return True
    return False


def about_its_life(snapshot: Snapshot, entry: Entry, told: Told) -> None:
    """Deprecated, about to retire, overdue, or not told."""
    policy = snapshot.policy

    def at_most_warn_at_preflight(level: str) -> str:
        return "warn" if snapshot.verb == "preflight" and level == "refuse" else level

    told.ran.add("catalogue.lifecycle-unknown")
    if entry.lifecycle is None:
        told.tell("catalogue.lifecycle-unknown", "warn")
    else:
        told.ran.add("catalogue.deprecated")
    if entry.lifecycle == "deprecated":
        told.tell("catalogue.deprecated", at_most_warn_at_preflight(policy.deprecated))
    if entry.lifecycle is not None or entry.retires_at is not None:
        told.ran.update({"catalogue.retires-soon", "catalogue.retirement-overdue"})
    if entry.retires_at is None:
        return
    overdue = entry.retires_at <= snapshot.now
    days = 0  # whole days, rounded down; overdue counts as 0
    while not overdue and snapshot.now + timedelta(days=days + 1) <= entry.retires_at:
        days += 1
    check = "catalogue.retirement-overdue" if overdue else "catalogue.retires-soon"
    if days <= policy.retires_refuse_days:
        told.tell(check, at_most_warn_at_preflight("refuse"))
    elif days <= policy.retires_warn_days:
        told.tell(check, "warn")


def about_requirements(snapshot: Snapshot, slot: Slot, entry: Entry, held: bool, told: Told) -> None:
    """Requirements and allowed lines; a fact that one of them needs may be absent."""
    told.ran.update({"catalogue.missing-capability", "catalogue.limit-too-small", "catalogue.fact-unknown"})
    for path in slot.requires:
        supported = whether_it_supports(entry, path)
        if supported is None:
            told.tell("catalogue.fact-unknown", "unknown")
        elif not supported:
            told.tell("catalogue.missing-capability", "refuse")
    for least, limit in ((slot.min_input_tokens, entry.max_input_tokens), (slot.min_output_tokens, entry.max_tokens)):
        if least is not None and limit is None:
            told.tell("catalogue.fact-unknown", "unknown")
        elif least is not None and limit is not None and limit < least:
            told.tell("catalogue.limit-too-small", "refuse")
    lines = snapshot.policy.allowed_lines
    if lines:
        told.ran.add("catalogue.line-not-allowed")
        if not entry.line_known:  # weighs at most what a line that is not allowed would weigh
            told.tell("catalogue.fact-unknown", "warn" if held else "unknown")
        elif entry.line not in lines:
            told.tell("catalogue.line-not-allowed", "warn" if held else "refuse")


def about_its_retirement(then: Entry, now: Entry, told: Told) -> None:
    """Announced or earlier: warn. Later or taken back: note. Nothing where one of the two lacked the key."""
    for entry in (then, now):
        if not entry.retires_known and entry.retires_at is None:
            return
    told.ran.add("drift.retirement-moved")
    if then.retires_at == now.retires_at:
        return
    later = now.retires_at is None or (then.retires_at is not None and now.retires_at > then.retires_at)
    told.tell("drift.retirement-moved", "note" if later else "warn")


def whether_it_supports(entry: Entry, path: str) -> bool | None:
    """A parent's "no" holds for its children; what is not told is not known."""
    for parent, supported in entry.capabilities.items():
        if path.startswith(f"{parent}.") and not supported:
            return False
    return entry.capabilities.get(path)


def has_lost_something(then: Entry, now: Entry) -> bool:
    """A capability or a limit is less than it was. An absent fact is not a fact that changed."""
    for path, supported in then.capabilities.items():
        if supported and whether_it_supports(now, path) is False:
            return True
    for before, after in ((then.max_input_tokens, now.max_input_tokens), (then.max_tokens, now.max_tokens)):
        if before is not None and after is not None and after < before:
            return True
    return False
