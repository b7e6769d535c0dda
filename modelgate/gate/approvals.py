"""Approvals: the pins and holds that a run judges against, from the store, the lock or the fallback file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from modelgate.clock import Deadline
from modelgate.domain.findings import Finding
from modelgate.domain.lock import stale
from modelgate.domain.pins import Pin, SlotPins, fold, with_lock
from modelgate.domain.problems import Problem
from modelgate.domain.settings import Policy
from modelgate.domain.snapshot import Grace, StoreNotice
from modelgate.errors import StoreProblem
from modelgate.gate import fallback
from modelgate.gate.context import Context
from modelgate.settings.lock import read_lock
from modelgate.store import Store


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who may run what, as far as it could be read."""

    pins: Mapping[str, SlotPins] | None = None
    """None: they could not be read."""
    store: Store | None = None
    revisions: Mapping[str, int] = field(default_factory=dict)
    """By slot, the newest revision in the store when it was read."""
    promoted: Mapping[tuple[str, str], datetime] | None = None
    known_aliases: frozenset[str] = frozenset()
    notices: tuple[StoreNotice, ...] = ()
    problem: Problem | None = None
    grace: Grace | None = None
    lock_stale: tuple[Finding, ...] = ()

    def eligible(self) -> frozenset[str]:
        """Every ID that a slot may run under some reference."""
        slots = (self.pins or {}).values()
        return frozenset(pin.model_id for pins in slots for pin in (*pins.pins, pins.hold) if pin)


def without_store(context: Context, *, lock_required: bool) -> Approvals:
    """The lock's pins alone: `--no-store`, and, where there is a lock, `--offline`."""
    if not lock_required and not context.settings.lock_file.is_file():
        return Approvals()
    locked = read_lock(context.settings.lock_file, context.scope).pins
    return Approvals(pins=fold(locked), lock_stale=_stale(context, locked))


def from_store(
    context: Context,
    policy: Policy,
    deadline: Deadline,
    *,
    read_only: bool,
    meanwhile: Callable[[], None] | None = None,
) -> Approvals:
    """The store's pins, or the lock's with the store's holds; the fallback file's if the store cannot be asked.

    `meanwhile` begins what may go on while a server is waited for.
    """
    locked = _locked(context, policy)
    try:
        store = context.store(deadline, read_only=read_only, meanwhile=meanwhile)
        approvals = _read(Approvals(store=store, notices=store.notices), store, context, policy, locked)
    except StoreProblem as error:
        approvals = unreachable(Approvals(), context, policy, error.problem)
    if locked is None:
        return approvals
    return replace(approvals, lock_stale=_stale(context, locked))


def read(approvals: Approvals, store: Store, context: Context, policy: Policy) -> Approvals:
    """The approvals as they are in the store now. Raises StoreProblem."""
    return _read(approvals, store, context, policy, _locked(context, policy))


def _locked(context: Context, policy: Policy) -> tuple[Pin, ...] | None:
    """The lock's pins, where approvals live in git; else None. Raises SettingsError."""
    return read_lock(context.settings.lock_file, context.scope).pins if policy.pins_from == "lock" else None


def _stale(context: Context, locked: tuple[Pin, ...]) -> tuple[Finding, ...]:
    return stale(context.settings.slots, locked, context.scope, unset=context.settings.unset)


def _read(
    approvals: Approvals, store: Store, context: Context, policy: Policy, locked: tuple[Pin, ...] | None
) -> Approvals:
    state = store.state(context.scope, promote_from=policy.promote_from)
    return replace(
        approvals,
        pins=state.pins if locked is None else with_lock(state.pins, locked),
        revisions=state.revisions,
        promoted=state.promoted,
        known_aliases=state.known_aliases,
    )


def unreachable(approvals: Approvals, context: Context, policy: Policy, problem: Problem) -> Approvals:
    """What is left when the store cannot be asked: what was read before, or the fallback file if it is young."""
    pins, grace = fallback.stand_in(context, policy) if problem.graceable else (None, None)
    kept = approvals.pins if approvals.pins is not None else pins
    return replace(approvals, pins=kept if grace else approvals.pins, problem=problem, grace=grace)
