"""One slot as the judgement sees it: what it asks for, what it may run and what it would be handed."""

from __future__ import annotations

from dataclasses import dataclass

from modelgate.domain.catalogue import Answer, Entry, Outcome
from modelgate.domain.pins import Choice, SlotPins, choose
from modelgate.domain.settings import Reaction, Slot
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.waivers import is_waived


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot in a snapshot. In the words of the contract: r, a and p."""

    snapshot: Snapshot
    slot: Slot
    pins: SlotPins
    answer: Answer | None
    """What the reference means; None where that is not known."""
    choice: Choice | None
    """*p*, and why; None where there is none, or where it cannot be known."""
    candidate: str | None
    """The ID to judge: *p*, or *a* where that is what would be pinned."""
    accepts: bool
    """Whether the policy pins the candidate, which is *a*, at preflight."""

    @property
    def resolved(self) -> str | None:
        """*a*: the ID that the reference resolves to now; None if to nothing, or not known."""
        return self.answer.id if self.answer and self.answer.outcome is Outcome.RESOLVED else None

    @property
    def held(self) -> bool:
        """Whether a rollback holds the slot."""
        return self.pins.hold is not None

    @property
    def differs(self) -> bool:
        """a ≠ p, both known: what the settings mean today is not what the slot may run."""
        return self.choice is not None and self.answer is not None and self.resolved != self.choice.model_id

    @property
    def runs_another(self) -> bool:
        """Whether the application, as it reads its own settings, would run another ID than the slot may.

        Nobody's word changes what it runs: such a refusal is not waived.
        """
        return self.answer is not None and self.may_run_another and (self.choice is None or self.differs)

    @property
    def may_run_another(self) -> bool:
        """As `runs_another`, also where it is not known what the reference means: it may be another ID."""
        reads_settings = self.snapshot.policy.hand_off == "settings" and not self.accepts
        return reads_settings and (self.choice is None or self.answer is None or self.differs)

    @property
    def entry(self) -> Entry | None:
        """The facts about the candidate; None if it is not served or not known, or if they cannot be believed."""
        found = self.served(self.candidate)
        return found if found and not found.doubt else None

    def served(self, model_id: str | None) -> Entry | None:
        """The entry of an ID that is known to be served today, readable or not."""
        facts = self.snapshot.facts
        return facts.served(model_id) if facts and model_id and facts.knows(model_id) else None

    @property
    def hand_over(self) -> str | None:
        """The ID that the slot would be handed if the run passed."""
        return self.candidate if self.choice or self.accepts else None

    @property
    def as_set(self) -> str:
        """What a preflight that observes hands over: the held ID, else the reference as the settings have it."""
        if self.snapshot.unheld is not None:
            return self.snapshot.unheld.get(self.slot.name, self.slot.reference)
        return self.pins.hold.model_id if self.pins.hold else self.slot.reference


def look(snapshot: Snapshot, slot: Slot) -> SlotView:
    """The view of one slot."""
    pins = (snapshot.pins or {}).get(slot.name, SlotPins(slot.name))
    answer = _answer(snapshot, slot.reference)
    resolved = answer.id if answer and answer.outcome is Outcome.RESOLVED else None
    if snapshot.pins is None:  # who may run what is not known, so there is no ID to judge
        return SlotView(snapshot, slot, pins, answer, None, None, accepts=False)
    choice, accepts = choose(pins, slot.reference, resolved), False
    if choice is None and pins.newest is None:
        accepts = reaction(snapshot, "drift.unpinned") == "accept" and not snapshot.on_grace
    elif choice is None and pins.newest is not None:
        accepts = reaction(snapshot, "drift.reference-changed") == "accept"
        if _stays(snapshot, slot, resolved):
            choice = Choice(pins.newest, "stay")
    elif choice and choice.rule != "hold" and resolved != choice.model_id:
        accepts = reaction(snapshot, "drift.alias-moved") == "accept"
    accepts = accepts and resolved is not None
    candidate = choice.model_id if choice and not accepts else resolved
    return SlotView(snapshot, slot, pins, answer, choice, candidate, accepts)


def _answer(snapshot: Snapshot, reference: str) -> Answer | None:
    if snapshot.facts is None or snapshot.facts.problem:
        return None
    answer = snapshot.facts.answers.get(reference)
    return answer if answer and answer.outcome is not Outcome.FAILED else None


def reaction(snapshot: Snapshot, check: str) -> Reaction:
    """How the policy reacts to one of the three differences, here and now.

    Nothing is pinned where pins live in git, nor on grace. The fallback file does not tell a hold from a pin, and so a
    start on it stays on its pins.
    """
    policy = snapshot.policy
    configured: dict[str, Reaction] = {
        "drift.unpinned": policy.first_use,
        "drift.reference-changed": policy.reference_changed,
        "drift.alias-moved": policy.alias_moved,
    }
    react = configured[check]
    if react == "accept" and policy.pins_from == "lock":
        react = "refuse"
    if check == "drift.unpinned":
        return react
    return "warn" if snapshot.store_grace or (snapshot.api_grace and react == "accept") else react


def _stays(snapshot: Snapshot, slot: Slot, resolved: str | None) -> bool:
    """Whether a slot that asks for another name stays on its newest pin: the policy says so, or a waiver does.

    Where the policy accepts a name that means nothing, there is nothing to pin: that refuses, and can be waived, too.
    """
    check = "drift.reference-changed"
    react = reaction(snapshot, check)
    refuses = react == "refuse" or (react == "accept" and resolved is None)
    waived = is_waived(snapshot.waivers, check, slot.name, snapshot.now) and snapshot.policy.hand_off == "pins"
    return react == "warn" or (refuses and waived)
