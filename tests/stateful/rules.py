"""The rules of pins over time, stated again: slow, obvious, and knowing nothing of modelgate's code.

One `Place` is a service in one environment; `World` is what the Models API would say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

PASS, REFUSED, USAGE, UNKNOWN = 0, 1, 2, 3
"""Exit codes."""
SLOTS = ("summarizer", "grader")


@dataclass
class World:
    """The catalogue of today."""

    models: dict[str, str]
    """ID to "served", "retired" or "gone"."""
    aliases: dict[str, str]
    down: bool = False

    def means(self, name: str) -> str | None:
        """The ID of a model that is served, or nothing."""
        model_id = self.aliases.get(name, name)
        return model_id if self.serves(model_id) else None

    def serves(self, model_id: str) -> bool:
        """Whether requests that name it would be answered."""
        return self.models.get(model_id) == "served"


@dataclass
class Approval:
    """This slot may run this ID where the settings ask for this reference."""

    reference: str
    model_id: str


@dataclass
class Hold:
    """A rollback's word."""

    model_id: str
    expires_at: datetime | None = None


@dataclass
class SlotState:
    """All that ever happened to a slot, as far as the rules care."""

    approvals: list[Approval] = field(default_factory=list)
    hold: Hold | None = None
    handed: list[str] = field(default_factory=list)
    revisions: list[tuple[str, str, str]] = field(default_factory=list)
    """Action, reference and ID of each revision."""


@dataclass
class Policy:
    """What the settings say about differences, at both verbs."""

    first_use: str = "refuse"
    alias_moved: str = "refuse"
    reference_changed: str = "refuse"
    pins_from: str = "store"


@dataclass
class Decision:
    """What is to come of one slot."""

    code: int
    """PASS, REFUSED or UNKNOWN."""
    runs: Approval | None
    """The approval that the slot runs on, before anything new is pinned; a hold's is for no reference."""
    hands: str | None = None
    pins: bool = False


@dataclass
class Place:
    """A service in one environment."""

    world: World
    asks: dict[str, str]
    policy: Policy = field(default_factory=Policy)
    slots: dict[str, SlotState] = field(default_factory=lambda: {name: SlotState() for name in SLOTS})
    lock: dict[str, Approval] | None = None
    seen: dict[str, str | None] = field(default_factory=dict)
    """What the newest gate that could ask was told of each reference."""

    def approvals(self, slot: str) -> list[Approval]:
        """Those that count: the lock's, or the store's."""
        if self.policy.pins_from == "store":
            return self.slots[slot].approvals
        return [self.lock[slot]] if self.lock and slot in self.lock else []

    def runs(self, slot: str) -> Approval | None:
        """What the slot may run today, by the four rules, and by staying where the policy only warns."""
        return self._runs(slot, None if self.world.down else self.world.means(self.asks[slot]))

    def _runs(self, slot: str, means: str | None) -> Approval | None:
        approvals, reference = self.approvals(slot), self.asks[slot]
        if hold := self.slots[slot].hold:
            return Approval("", hold.model_id)
        for approval in reversed(approvals):
            if approval.reference == reference:
                return approval
        if approvals and approvals[-1].model_id == means:
            return approvals[-1]
        if approvals and self.policy.reference_changed == "warn":
            return approvals[-1]
        return None

    def gate(self, verb: str, now: datetime) -> tuple[int, dict[str, str]]:
        """The exit code of a gate, and what it hands over; it remembers what it hands over and pins."""
        if self.policy.pins_from == "lock" and self.lock is None:
            return USAGE, {}
        if not self.world.down:
            self.seen = {reference: self.world.means(reference) for reference in self.asks.values()}
        decisions = {slot: self.decide(slot, verb, now) for slot in SLOTS}
        codes = {decision.code for decision in decisions.values()}
        if self.policy.pins_from == "lock" and self.lock_is_stale():
            codes.add(REFUSED)
        code = REFUSED if REFUSED in codes else UNKNOWN if UNKNOWN in codes or self.world.down else PASS
        if verb == "check" or code != PASS:
            return code, {}
        for slot, decision in decisions.items():
            state = self.slots[slot]
            assert decision.hands is not None
            if decision.pins:
                action = "accept" if state.approvals else "first-use"
                self._approve(slot, action, self.asks[slot], decision.hands)
            state.handed.append(decision.hands)
        return PASS, {slot: decision.hands for slot, decision in decisions.items() if decision.hands}

    def lock_is_stale(self) -> bool:
        """Settings and lock ask for different things."""
        return {slot: approval.reference for slot, approval in (self.lock or {}).items()} != self.asks

    def decide(self, slot: str, verb: str, now: datetime) -> Decision:
        """One slot of a gate."""
        runs, hold, world = self.runs(slot), self.slots[slot].hold, self.world
        expired = hold is not None and hold.expires_at is not None and hold.expires_at <= now
        if world.down:
            never = not self.approvals(slot) and not hold
            if never and self._reacts("first_use") == "refuse":
                return Decision(REFUSED, None)
            return Decision(REFUSED if expired and verb == "check" else UNKNOWN, runs)
        if runs and not world.serves(runs.model_id):
            return Decision(REFUSED, runs)
        if hold:
            return Decision(REFUSED if expired and verb == "check" else PASS, runs, hold.model_id)
        means = world.means(self.asks[slot])
        if means is None:
            return Decision(REFUSED, runs)
        if runs and runs.model_id == means:
            return Decision(PASS, runs, means)
        if not self.approvals(slot):
            reaction = self._reacts("first_use")
        elif runs and runs.reference == self.asks[slot]:
            reaction = self._reacts("alias_moved")
        else:
            reaction = self._reacts("reference_changed")
        if reaction == "accept":
            return Decision(PASS, runs, means, pins=True)
        return Decision(PASS, runs, runs.model_id) if reaction == "warn" and runs else Decision(REFUSED, runs)

    def _reacts(self, difference: str) -> str:
        reaction = str(getattr(self.policy, difference))
        return "refuse" if reaction == "accept" and self.policy.pins_from == "lock" else reaction

    def _approve(self, slot: str, action: str, reference: str, model_id: str) -> None:
        state = self.slots[slot]
        state.approvals.append(Approval(reference, model_id))
        state.revisions.append((action, reference, model_id))
        if action == "release":
            state.hold = None

    # --- what people do

    def accept(self, wanted: dict[str, tuple[str, str | None]]) -> int:
        """Approves slot to (reference, ID), all or none; an ID is None where the reference means nothing."""
        if self.policy.pins_from == "lock" or any(self.slots[slot].hold for slot in wanted):
            return REFUSED
        if self.world.down:
            return UNKNOWN
        if any(model_id is None or not self.world.serves(model_id) for _, model_id in wanted.values()):
            return REFUSED
        for slot, (reference, model_id) in wanted.items():
            approvals = self.slots[slot].approvals
            if model_id and approvals[-1:] != [Approval(reference, model_id)]:
                self._approve(slot, "accept", reference, model_id)
        return PASS

    def rollback(self, slot: str, to: str | None, expires_at: datetime | None, *, unverified: bool) -> int:
        """Holds the slot on `to`, or on what it handed over before what it runs."""
        state = self.slots[slot]
        if self.policy.pins_from == "lock" and self.lock is None:
            return USAGE
        if self.world.down and not unverified:
            return UNKNOWN
        runs = self._runs(slot, self.seen.get(self.asks[slot])) if unverified else self.runs(slot)
        present = runs.model_id if runs else None
        if to is None:
            if state.hold:
                return USAGE
            to = next((model_id for model_id in reversed(state.handed) if model_id != present), None)
        been = {model_id for _, _, model_id in state.revisions} | set(state.handed) | {present}
        if to is None or to not in been or (not unverified and not self.world.serves(to)):
            return REFUSED
        if runs and runs.reference and to != present and self.policy.pins_from == "store":
            state.approvals = [approval for approval in state.approvals if approval != runs]
        state.hold = Hold(to, expires_at)
        state.revisions.append(("rollback", self.asks[slot], to))
        return PASS

    def release(self, slot: str, how: str) -> int:
        """Ends a hold."""
        hold = self.slots[slot].hold
        if hold is None:
            return REFUSED
        if self.policy.pins_from == "lock" and self.lock is None:
            return USAGE
        if self.world.down:
            return UNKNOWN
        model_id = hold.model_id if how == "keep" else self.world.means(self.asks[slot])
        if model_id is None or not self.world.serves(model_id):
            return REFUSED
        if self.policy.pins_from == "lock" and model_id not in {a.model_id for a in self.approvals(slot)}:
            return REFUSED
        self._approve(slot, "release", self.asks[slot], model_id)
        return PASS

    def write_lock(self) -> int:
        """`modelgate lock`."""
        if self.world.down:
            return UNKNOWN
        meant = {slot: self.world.means(reference) for slot, reference in self.asks.items()}
        if None in meant.values():
            return REFUSED
        self.lock = {slot: Approval(self.asks[slot], model_id) for slot, model_id in meant.items() if model_id}
        return PASS


def soon(now: datetime) -> datetime:
    """When a hold expires that is to expire."""
    return now + timedelta(hours=1)
