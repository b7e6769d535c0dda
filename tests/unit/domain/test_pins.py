"""Pins and holds, folded from the revisions that were ever added."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from modelgate.domain.pins import Choice, Pin, SlotPins, choose, fold, with_lock

SLOTS, REFERENCES, IDS = ("summarizer", "grader"), ("claude-a", "claude-b"), ("a-1", "a-2", "b-1")


def pin(revision: int, action: str, model_id: str = "a-1", reference: str = "claude-a", **changes: object) -> Pin:
    """A revision of the summarizer."""
    return replace(Pin("summarizer", revision, action, model_id, reference), **changes)  # type: ignore[arg-type]  # parametrized


@st.composite
def histories(draw: st.DrawFn) -> list[Pin]:
    """Revisions as commands add them: a rollback may revoke any pin that is left, a release needs a hold."""
    history: list[Pin] = []
    newest = dict.fromkeys(SLOTS, 0)
    for _ in range(draw(st.integers(0, 12))):
        slot = draw(st.sampled_from(SLOTS))
        before = fold(history).get(slot, SlotPins(slot))
        actions = ["rollback", "release"] if before.hold else ["accept", "first-use", "rollback"]
        action = draw(st.sampled_from(actions))
        revocable = [None, *(pin.revision for pin in before.pins)]
        newest[slot] += 1
        history.append(
            Pin(
                slot,
                newest[slot],
                action,  # type: ignore[arg-type]  # sampled from the actions
                draw(st.sampled_from(IDS)),
                draw(st.sampled_from(REFERENCES)),
                revokes=draw(st.sampled_from(revocable)) if action == "rollback" else None,
            )
        )
    return history


@given(histories())
def test_a_hold_stands_until_it_is_released(history: list[Pin]) -> None:
    """The hold is the newest rollback, unless a release came after it."""
    for slot, state in fold(history).items():
        last = [pin for pin in history if pin.slot == slot and pin.action in ("rollback", "release")][-1:]
        assert state.hold == next((pin for pin in last if pin.action == "rollback"), None)


@given(histories())
def test_a_rollback_revokes_what_it_names_and_nothing_else(history: list[Pin]) -> None:
    """The pins are all approvals, oldest first, but those that a rollback left: each time that one was said before."""
    for slot, state in fold(history).items():
        mine = [pin for pin in history if pin.slot == slot]
        named = {pin.revision: (pin.reference, pin.model_id) for pin in mine}
        revoked = [(named[pin.revokes], pin.revision or 0) for pin in mine if pin.revokes]
        assert list(state.pins) == [
            pin
            for pin in mine
            if not pin.is_hold
            and not any(said == named[pin.revision] and at > (pin.revision or 0) for said, at in revoked)
        ]


@given(histories(), st.integers(0, 12))
def test_history_replayed_gives_the_present(history: list[Pin], at: int) -> None:
    """The state after each step is a function of the one before and the step; slots do not disturb each other."""
    state = fold(history)
    assert fold(history[:at] + history[at:]) == state
    for slot in SLOTS:
        assert fold(pin for pin in history if pin.slot == slot) == {
            name: s for name, s in state.items() if name == slot
        }
    assert {slot: s.revision for slot, s in state.items()} == {pin.slot: pin.revision for pin in history}


@given(histories(), st.sampled_from(REFERENCES), st.sampled_from((*IDS, None)))
def test_what_a_slot_may_run_was_approved_or_held(history: list[Pin], reference: str, resolved: str | None) -> None:
    """*p* is the hold where there is one, and otherwise an unrevoked pin: never the fresh answer alone."""
    for state in fold(history).values():
        choice = choose(state, reference, resolved)
        if state.hold:
            assert choice == Choice(state.hold, "hold")
        elif choice:
            assert choice.pin in state.pins
            assert choice.pin.reference == reference or choice.model_id == resolved


def test_an_undone_rollout_finds_its_pin() -> None:
    """The newest pin for the reference wins over newer pins for others; a renamed one must be the newest of all."""
    state = SlotPins(
        "summarizer", (pin(1, "accept", "a-1"), pin(2, "accept", "a-2"), pin(3, "accept", "b-1", "claude-b"))
    )
    assert choose(state, "claude-a", None) == Choice(state.pins[1], "reference")
    assert choose(state, "claude-c", "b-1") == Choice(state.pins[2], "renamed")
    assert choose(state, "claude-c", "a-2") is None
    assert choose(SlotPins("summarizer"), "claude-a", "a-1") is None


def test_the_lock_replaces_pins_but_no_hold() -> None:
    """With approvals in git the store's pins do not count, and its holds still do."""
    stored = fold(
        [pin(1, "accept"), replace(pin(1, "rollback", "a-2"), slot="grader"), replace(pin(1, "accept"), slot="old")]
    )
    locked = [Pin(slot, None, "accept", "b-1", "claude-b") for slot in SLOTS]
    merged = with_lock(stored, locked)
    assert sorted(merged) == ["grader", "summarizer"]
    assert merged["summarizer"] == SlotPins("summarizer", (locked[0],), None, revision=1)
    assert merged["grader"] == SlotPins("grader", (locked[1],), stored["grader"].hold, revision=1)
