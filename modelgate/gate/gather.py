"""Gathering: settings, approvals and facts become one frozen snapshot. Nothing is judged here, and nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from modelgate import api
from modelgate.clock import Deadline
from modelgate.domain.errors import StoreProblem
from modelgate.domain.pins import Pin, SlotPins
from modelgate.domain.problems import Problem
from modelgate.domain.settings import Settings
from modelgate.domain.snapshot import Snapshot
from modelgate.gate import approvals, asking
from modelgate.gate.approvals import Approvals
from modelgate.gate.asking import Asked
from modelgate.gate.options import Run

if TYPE_CHECKING:
    from modelgate.domain.loosening import Loosened
    from modelgate.domain.sample import Sample


class Gathered(NamedTuple):
    """What a run knows."""

    approvals: Approvals
    asked: Asked
    snapshot: Snapshot
    """All of it, as the judgement sees it."""

    def leave(self) -> None:
        """Lets other gates go on that wait for this one's facts, and ends the connection."""
        store, mark = self.approvals.store, self.asked.reuse_fingerprint
        if store and mark and self.asked.leased:
            with suppress(StoreProblem):  # the lease ends by itself, only later
                store.give_back_lease(mark, store.holder)
        if store:
            store.rest()


def gather(run: Run) -> Gathered:
    """Reads pins in one short transaction, then asks the API while it holds no connection."""
    if run.context.settings.untrusted:
        return _together(run, Approvals(), Asked())
    if run.options.offline:
        return _together(run, approvals.without_store(run), Asked())
    if run.options.no_store:
        known = approvals.without_store(run)
    else:
        patience = Deadline.after(run.deadline.remaining / 2, run.context.clock)
        ahead = None if asking.may_reuse(run) else api.import_ahead
        known = approvals.from_store(run, patience, ahead)
    asked = asking.find_out(run, known)
    if known.store:
        known.store.extend(run.deadline)
    return _together(run, known, asked)


def gather_again(run: Run, before: Gathered) -> Gathered:
    """As the pins are now, which somebody changed since. Raises StoreProblem."""
    known, asked = approvals.read_again(run, before.approvals), before.asked
    if asked.reused_from:  # those facts may say nothing of what was pinned since
        asked = asking.find_out(run, known)
    return _together(run, known, asked)


def without_store(run: Run, before: Gathered, problem: Problem, *, passed: bool) -> Gathered:
    """What is left where the run cannot be written down. Grace never turns a no into a yes."""
    known = approvals.unreachable(run, before.approvals, problem)
    return _together(run, known if passed else replace(known, grace=None), before.asked)


def _together(run: Run, known: Approvals, asked: Asked) -> Gathered:
    settings, only = run.context.settings, run.options.only
    snapshot = Snapshot(
        verb=run.verb,
        now=run.options.as_of or run.context.clock.now(),
        policy=run.policy,
        scope=run.context.scope,
        slots=tuple(slot for slot in settings.slots if not only or slot.name == only),
        unset=() if only else settings.unset,
        waivers=tuple(waiver for waiver in settings.waivers if not only or waiver.slot in (None, only)),
        pins=_of_slot(known.pins, only),
        locked=_of_lock(known.locked, only),
        facts=asked.facts,
        offline=run.options.offline,
        promoted=known.promoted,
        store_now=None if run.options.as_of else known.now,
        api_problem=asked.problem,
        store_problem=known.problem,
        notices=known.notices,
        unknown_variables=settings.unknown_variables,
        untrusted=settings.untrusted,
        loosened=_loosened(run.options.base, settings) if run.options.base else (),
        api_grace=asked.grace,
        store_grace=known.grace,
        samples=_samples(run),
        proofs=known.proofs,
        unheld=_unheld(run) if run.observes and not known.is_read else None,
    )
    return Gathered(known, asked, snapshot)


def _unheld(run: Run) -> dict[str, str]:
    from modelgate.gate import fallback  # of a gate that observes without its store alone

    return fallback.ids(run.context, run.policy)


def _samples(run: Run) -> Mapping[str, Sample] | None:
    """Read where people decide, and never where a pod starts; nor where settings are nobody's word."""
    settings = run.context.settings
    if run.verb != "check" or settings.untrusted:
        return None
    if not any(slot.sample for slot in settings.slots):
        return {}
    from modelgate.gate.samples import read  # of environments that have some alone

    return read(settings, settings.slots)


def _loosened(base: Settings, settings: Settings) -> tuple[Loosened, ...]:
    from modelgate.domain.loosening import loosened  # of a check with --base alone

    return loosened(base, settings)


def _of_lock(locked: tuple[Pin, ...] | None, only: str) -> tuple[Pin, ...] | None:
    return tuple(pin for pin in locked if pin.slot == only) if locked and only else locked


def _of_slot(pins: Mapping[str, SlotPins] | None, only: str) -> Mapping[str, SlotPins] | None:
    return {slot: of_slot for slot, of_slot in pins.items() if slot == only} if pins and only else pins
