"""The outlook: what the next preflight will do, by judging the pins as they are about to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelgate.checks.judgement import Judgement, judge
from modelgate.domain.catalogue import Facts
from modelgate.domain.pins import Choice, Pin, SlotPins, fold, in_force
from modelgate.domain.problems import Problem
from modelgate.domain.rows import HandOver
from modelgate.domain.settings import Settings
from modelgate.domain.snapshot import Grace, Snapshot
from modelgate.gate.context import Context
from modelgate.settings.lock import read_lock


def as_last_asked(settings: Settings, revisions: Iterable[Pin], handed: Iterable[HandOver] = ()) -> Settings:
    """The settings, where slots whose variable is not set here ask for the reference that they had last."""
    if not settings.unset:
        return settings
    said = [(pin.recorded_at, pin.slot, pin.reference) for pin in revisions]
    said += [(each.recorded_at, each.slot, each.reference) for each in handed]
    dated = sorted((at, slot, reference) for at, slot, reference in said if at)
    return settings.asking({slot: reference for _, slot, reference in dated if reference})


def pins_in_force(context: Context, revisions: Iterable[Pin]) -> Mapping[str, SlotPins]:
    """The pins that a gate would judge against: the store's, or the lock's under the store's holds."""
    return in_force(fold(revisions), _locked(context))


def running(context: Context, revisions: Iterable[Pin], facts: Facts | None) -> dict[str, Choice | None]:
    """Slot of the settings to *p*: what it runs on these revisions, by the facts as they are; None: nothing."""
    return {view.slot.name: view.choice for view in outlook(context, revisions, facts).views}


def ran(choice: Choice | None, pins: SlotPins | None) -> str | None:
    """The ID that old pods run: what the slot may run; where the settings ask for another name, its newest pin."""
    if choice:
        return choice.model_id
    return pins.newest.model_id if pins and pins.newest else None


def _locked(context: Context) -> tuple[Pin, ...] | None:
    """The lock's pins, where approvals live in git. Raises SettingsError."""
    settings = context.settings
    return read_lock(settings.lock_file, context.scope).pins if settings.pins_from == "lock" else None


def outlook(
    context: Context,
    revisions: Iterable[Pin],
    facts: Facts | None,
    grace: Grace | None = None,
    *,
    problem: Problem | None = None,
) -> Judgement:
    """What preflight would decide on these revisions, if the facts stay as they are; without, `problem` says why."""
    revisions, locked = tuple(revisions), _locked(context)
    settings = as_last_asked(context.settings, revisions)
    return judge(
        Snapshot(
            verb="preflight",
            now=context.clock.now(),
            policy=settings.preflight,
            scope=context.scope,
            slots=settings.slots,
            waivers=settings.waivers,
            pins=in_force(fold(revisions), locked),
            locked=locked,
            facts=facts,
            promoted=None,
            api_problem=problem,
            api_grace=grace,
        )
    )
