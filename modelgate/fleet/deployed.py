"""What every service and environment runs now, as its rows tell: what `watch` asks about and judges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from modelgate.domain import terms
from modelgate.domain.fleet import ScopeState
from modelgate.domain.pins import Pin, SlotPins
from modelgate.domain.rows import HandOver, ResolutionRow
from modelgate.domain.settings import Slot
from modelgate.domain.source import Source

Names = dict[str, bool]
"""By what names pods may run a slot still: an ID that was handed over (True), or a reference of their own settings."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One slot of one scope, as the run that is deployed had it."""

    state: ScopeState
    slot: Slot
    stored: Mapping[str, Any]
    pins: SlotPins
    also: Names
    is_alias: bool

    @property
    def faces(self) -> Iterator[tuple[Slot, SlotPins]]:
        """The slot itself, and under each other name; an ID that was handed over counts as approved by its own name."""
        yield self.slot, self.pins
        for name, is_id in self.also.items():
            pins = approved(self.slot.name, name, name) if is_id else SlotPins(self.slot.name)
            yield replace(self.slot, reference=name), pins


def watched(states: Iterable[ScopeState], now: datetime, quiet: timedelta) -> Iterator[Watched]:
    """Every slot that is to be judged: of what was let start, else of what passed a check."""
    for state in states:
        if not (state.current.deployed or state.current.verdict == "pass"):
            continue  # nobody runs what was only ever refused
        told = terms.recorded(state.recorded[state.current.run_id])
        for row in state.resolutions:
            if row.slot in told:
                yield _watched(state, row, told[row.slot], now - quiet)
        yield from _gone(state, {row.slot for row in state.resolutions}, now - quiet)


def approved(slot: str, reference: str, model_id: str) -> SlotPins:
    """The pins of a slot that may run an ID, of which nothing else is known."""
    return SlotPins(slot, (Pin(slot, None, "accept", model_id, reference),))


def _gone(state: ScopeState, present: Collection[str], since: datetime) -> Iterator[Watched]:
    """Slots that the present deployment does not have: pods of an earlier one may run what they were handed."""
    names: dict[str, Names] = {}
    newest: dict[str, HandOver] = {}
    for each in state.handed:
        if each.slot not in present and each.recorded_at >= since:
            told = terms.recorded(state.recorded.get(each.run_id, "")).get(each.slot, {})
            names.setdefault(each.slot, {}).update(_name(each, terms.policy_of(told).hand_off == "settings"))
            newest.setdefault(each.slot, each)
    for name, handed in newest.items():
        told = terms.recorded(state.recorded.get(handed.run_id, "")).get(name, {})
        first, *others = names[name].items()
        slot = Slot(name, first[0], Source(f"run {handed.run_id}"), terms.needs_of(told))
        pins = approved(name, first[0], first[0]) if first[1] else SlotPins(name)
        yield Watched(state, slot, told, pins, dict(others), not first[1])


def _watched(state: ScopeState, row: ResolutionRow, told: Mapping[str, Any], since: datetime) -> Watched:
    needs = (terms.needs_of(told), *terms.limits_of(told))
    slot = Slot(row.slot, row.reference, Source(f"run {state.current.run_id}"), *needs)
    if told.get("sample"):  # which nobody can read here: what else the slot needs is not known
        slot = replace(slot, sample=str(told["sample"]))
    pins, policy = state.pins.get(row.slot, SlotPins(row.slot)), terms.policy_of(told)
    if state.pins_in_git and not pins.hold:
        known = row.pinned_id and not row.held  # while it was held, the run recorded what held it, not the lock
        pins = approved(row.slot, row.reference, row.pinned_id) if known and row.pinned_id else SlotPins(row.slot)
    reads_settings = not state.current.enforced or policy.hand_off == "settings"
    also: Names = {}
    if reads_settings and not (pins.hold and policy.hand_off == "pins"):
        also[row.reference] = False
    elif row.handed_off_id:
        also[row.handed_off_id] = True
    for each in state.handed:
        if each.slot == row.slot and each.recorded_at >= since:
            also.update(_name(each, policy.hand_off == "settings"))
    return Watched(state, slot, told, pins, also, row.resolved_id not in (None, row.reference))


def _name(handed: HandOver, reads_settings: bool) -> Names:
    """By what name the application asks: the ID that it was handed, or the reference that it has in its settings."""
    if reads_settings or (handed.observed and not handed.held):
        return {handed.reference: False}
    return {handed.model_id: True}
