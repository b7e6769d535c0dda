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
    def entry(self) -> Entry | None:
        """The facts about the candidate; None if it is not served or not known."""
        facts = self.snapshot.facts
        if facts is None or self.candidate is None or not facts.knows(self.candidate):
            return None
        return facts.served(self.candidate)

    @property
    def hand_over(self) -> str | None:
        """The ID that the slot would be handed if the run passed."""
        approved = self.choice is not None and self.candidate == self.choice.model_id
        return self.candidate if approved or self.accepts else None


def look(snapshot: Snapshot, slot: Slot) -> SlotView:
    """The view of one slot."""
    pins = (snapshot.pins or {}).get(slot.name, SlotPins(slot.name))
    answer = _answer(snapshot, slot.reference)
    resolved = answer.id if answer and answer.outcome is Outcome.RESOLVED else None
    choice = choose(pins, slot.reference, resolved)
    candidate, accepts = (choice.model_id if choice else resolved), False
    if choice is None and pins.newest is None:
        accepts = reaction(snapshot, slot, "drift.unpinned") == "accept"
    elif choice is None and pins.newest is not None:
        react = reaction(snapshot, slot, "drift.reference-changed")
        accepts = react == "accept"
        if react == "warn":
            choice = Choice(pins.newest, "stay")
            candidate = choice.model_id
    elif choice and choice.rule != "hold" and resolved not in (None, choice.model_id):
        accepts = reaction(snapshot, slot, "drift.alias-moved") == "accept"
        candidate = resolved if accepts else choice.model_id
    accepts = accepts and candidate is not None and snapshot.pins is not None
    return SlotView(snapshot, slot, pins, answer, choice, candidate, accepts)


def _answer(snapshot: Snapshot, reference: str) -> Answer | None:
    if snapshot.facts is None or snapshot.facts.problem:
        return None
    answer = snapshot.facts.answers.get(reference)
    return answer if answer and answer.outcome is not Outcome.FAILED else None


def reaction(snapshot: Snapshot, slot: Slot, check: str) -> Reaction:
    """How the policy reacts to one of the three differences, here and now.

    Nothing is pinned on grace, nor where pins live in git. A waived refusal stays on the pin, and so does a start on
    the fallback file's pins, which do not tell a hold from a pin.
    """
    policy = snapshot.policy
    configured: dict[str, Reaction] = {
        "drift.unpinned": policy.first_use,
        "drift.reference-changed": policy.reference_changed,
        "drift.alias-moved": policy.alias_moved,
    }
    react = configured[check]
    if check == "drift.unpinned":
        on_grace = snapshot.api_grace or snapshot.store_grace
        return "refuse" if policy.pins_from == "lock" or on_grace else react
    if react == "accept" and (snapshot.api_grace or snapshot.store_grace):
        return "warn"
    if react == "accept" and policy.pins_from == "lock":
        react = "refuse"
    stays = is_waived(snapshot.waivers, check, slot.name, snapshot.now) or snapshot.store_grace
    return "warn" if react == "refuse" and stays and policy.hand_off == "pins" else react
