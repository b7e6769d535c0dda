"""The move of a slot to another model: when one is due, where to, and what changes on the way. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from modelgate.domain.catalogue import Entry, Facts, Outcome
from modelgate.domain.prices import Price
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Slot
from modelgate.domain.source import Source
from modelgate.domain.successor import Gains, Needs, Proposal, gains, needs_of, successor
from modelgate.domain.text import printable
from modelgate.domain.times import days_left
from modelgate.domain.view import SlotView

SCHEMA = "modelgate.upgrade/1"

State = Literal["fine", "move", "stuck", "unknown"]
"""Nothing to do; a successor; one is needed and none fits; nobody knows."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants to know."""

    to: str = ""
    """This ID and no other."""
    line: str = ""
    """Of this line instead of the present one's."""
    newer: bool = False
    """Also where the present ID does not end."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the list says of the ID that a slot may run."""

    ends: bool | None
    """Deprecated, retired, gone, or retiring within the horizon; None: nobody knows."""
    said: str
    """`deprecated, retires in 4 days, on 2026-11-30`."""
    days_left: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """How the settings come to ask for the successor."""

    line: str = ""
    """What stands there then, as a person would write it; empty: nothing is to be changed."""
    source: Source | None = None
    written: bool = False
    why_not: str = ""
    """Why a person has to write it."""


@dataclass(frozen=True, slots=True)
class Move:
    """One slot: what it may run, why that ends, what comes next."""

    slot: Slot
    present: str | None
    """The ID that it may run; of a reference that is retired or unknown, that name."""
    held: bool
    standing: Standing
    state: State
    resolved: str | None = None
    """What the reference means today."""
    needs: Needs = field(default_factory=Needs)
    proposal: Proposal = field(default_factory=lambda: Proposal(None))
    change: Change = Change()
    gains: Gains = field(default_factory=Gains)
    prices: tuple[Price, Price] | None = None
    """Of both IDs, where the settings know both."""
    evidence: tuple[str, ...] = ()
    """What `accept_needs` will ask for."""
    commands: tuple[str, ...] = ()

    @property
    def to(self) -> str | None:
        """The ID of the successor."""
        return self.proposal.entry.id if self.proposal.entry else None

    @property
    def asks_already(self) -> bool:
        """Whether the reference means the successor as it is: then only the approval is missing."""
        return self.to is not None and self.resolved == self.to


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Every slot that was asked about, in settings order."""

    scope: Scope
    as_of: datetime
    origin: str
    moves: tuple[Move, ...]
    unset: Mapping[str, str] = field(default_factory=dict)
    """Slots of which nobody knows what they ask for, and why."""
    files: tuple[Path, ...] = ()
    """Written, all of them or none."""

    @property
    def exit_code(self) -> int:
        """1: a successor for at least one slot; 3: none for a slot that needs one, or not known; else 0."""
        states = {move.state for move in self.moves}
        if "move" in states:
            return 1
        return 3 if self.unset or states & {"stuck", "unknown"} else 0

    @property
    def days_left(self) -> int | None:
        """The fewest of all slots that are to be moved; 0 where one cannot be used any more."""
        due = [move for move in self.moves if move.state != "fine" and move.standing.ends]
        days = [0 if move.standing.days_left is None and _is_over(move) else move.standing.days_left for move in due]
        return min((each for each in days if each is not None), default=None)


def plan(view: SlotView, ask: Ask, prices: Mapping[str, Price]) -> Move:
    """The move of one slot, by whole and fresh facts."""
    facts, now, policy = view.snapshot.facts, view.snapshot.now, view.snapshot.policy
    assert facts is not None  # noqa: S101 # nobody plans without having asked
    samples = view.snapshot.samples or {}
    present, needs = present_id(view), needs_of(view.slot, policy, samples.get(view.slot.name))
    if present is None:
        problem = view.snapshot.facts.answers[view.slot.reference].problem if view.snapshot.facts else None
        said = problem.message if problem else f"no model is called {printable(view.slot.reference)}"
        standing = Standing(None, said)
    else:
        standing = standing_of(present, facts, now, policy.retires_warn_days)
    wanted = bool(ask.to) or ask.newer or standing.ends is not False
    to = ask.to or ("" if ask.line else _begun(view, present))
    move = Move(view.slot, present, view.held, standing, "fine", view.resolved, needs)
    if not wanted:
        return move
    listed = tuple(facts.entries.values())
    proposal = successor(listed, present or "", needs, line=ask.line, to=to)
    return _moved(move, proposal, facts, prices, asked=ask.to not in ("", present))


def _moved(move: Move, proposal: Proposal, facts: Facts, prices: Mapping[str, Price], *, asked: bool) -> Move:
    before, after = facts.entries.get(move.present or ""), proposal.entry
    ends = move.standing.ends
    state: State
    if after and (ends is not None or asked):
        state = "move"
    elif ends is None:
        state, proposal = "unknown", Proposal(None, problem=proposal.problem)
        after = None
    else:
        state = "stuck" if ends or asked else "fine"
    changes = gains(before, after) if before and after else Gains()
    pair = (
        (prices[before.id], prices[after.id]) if before and after and {before.id, after.id} <= prices.keys() else None
    )
    return Move(
        move.slot, move.present, move.held, move.standing, state, move.resolved, move.needs, proposal,
        gains=changes, prices=pair,
    )  # fmt: skip


def present_id(view: SlotView) -> str | None:
    """The ID that the slot may run, or would if it were approved; of a retired reference the ID that is retired.

    Where the settings ask for another model than was approved, what was approved: unless only the other one ends.
    """
    retired = view.answer.id or view.answer.name if view.answer and view.answer.outcome is Outcome.RETIRED else None
    approved = view.pins.newest.model_id if view.pins.newest and view.choice is None and not view.accepts else None
    only_asked_ends = (retired or _ends(view, view.resolved)) and not _ends(view, approved)
    if approved and approved != view.resolved and not only_asked_ends:
        return approved
    return view.candidate or retired


def _begun(view: SlotView, present: str | None) -> str:
    """The ID that the settings ask for already in place of `present`, and that does not end: the move was begun."""
    approved = view.pins.newest.model_id if view.pins.newest else None
    waits = view.choice is None or view.choice.rule == "stay"
    asks = view.resolved if waits and approved == present else None
    return asks if asks and asks != present and not _ends(view, asks) else ""


def _ends(view: SlotView, model_id: str | None) -> bool:
    facts, days = view.snapshot.facts, view.snapshot.policy.retires_warn_days
    return bool(facts and model_id and standing_of(model_id, facts, view.snapshot.now, days).ends)


def standing_of(model_id: str, facts: Facts, now: datetime, warn_days: int) -> Standing:
    """Whether an ID ends, by what the list says of it."""
    entry, standing = facts.entries.get(model_id), facts.standing(model_id)
    if standing == "unknown" or (entry and entry.doubt):
        return Standing(None, "what the API says of it cannot be believed" if entry else "the API did not say")
    if standing == "missing":
        return Standing(True, "not in the catalogue")
    if standing == "retired" or entry is None:
        gone = entry.retires_at if entry else None
        return Standing(True, f"retired on {gone.date().isoformat()}" if gone else "retired")
    left = days_left(entry.retires_at, now) if entry.retires_at else None
    said = ", ".join(filter(None, (entry.lifecycle or "lifecycle not told", _retires(entry, now))))
    if entry.lifecycle == "deprecated" or (left is not None and left <= warn_days):
        return Standing(True, said, left)
    return Standing(None if entry.lifecycle is None else False, said, left)


def _retires(entry: Entry, now: datetime) -> str:
    if entry.retires_at is None:
        return ""
    day = entry.retires_at.date().isoformat()
    if entry.retires_at <= now:
        return f"was to retire on {day}"
    return f"retires in {days_left(entry.retires_at, now)} days, on {day}"


def _is_over(move: Move) -> bool:
    return move.standing.said.startswith(("retired", "not in"))
