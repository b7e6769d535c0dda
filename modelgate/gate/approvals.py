"""Approvals: the pins and holds that a run judges against, from the store, the lock or the fallback file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from modelgate.clock import Deadline
from modelgate.domain.errors import StoreProblem
from modelgate.domain.pins import Pin, SlotPins, fold, in_force
from modelgate.domain.problems import Problem
from modelgate.domain.snapshot import Grace, StoreNotice
from modelgate.gate.options import Run
from modelgate.store import Store

if TYPE_CHECKING:
    from modelgate.domain.evidence import Proofs


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who may run what, as far as it could be read."""

    pins: Mapping[str, SlotPins] | None = None
    """In force: the lock's are among them. None: they could not be read."""
    locked: tuple[Pin, ...] | None = None
    """The lock's; None where no lock was read."""
    is_read: bool = False
    """Whether the store's pins and holds were read; else they are the fallback file's, or the lock's alone."""
    store: Store | None = None
    revisions: Mapping[str, int] = field(default_factory=dict)
    """By slot, the newest revision in the store when it was read."""
    promoted: Mapping[tuple[str, str], datetime] | None = None
    now: datetime | None = None
    """By the database server's clock, where that counts."""
    known_aliases: frozenset[str] = frozenset()
    proofs: Proofs | None = None
    """What is known of the lock's IDs, where approvals need evidence and people decide."""
    notices: tuple[StoreNotice, ...] = ()
    problem: Problem | None = None
    grace: Grace | None = None

    def eligible(self) -> frozenset[str]:
        """Every ID that a slot may run under some reference."""
        slots = (self.pins or {}).values()
        return frozenset(pin.model_id for pins in slots for pin in (*pins.pins, pins.hold) if pin)


def without_store(run: Run) -> Approvals:
    """The lock's pins alone: `--no-store`, and, where there is a lock, `--offline`."""
    if run.options.offline and run.policy.pins_from == "store" and not run.context.settings.lock_file.is_file():
        return Approvals()
    locked = _read_lock(run)
    return Approvals(fold(locked), locked)


def from_store(run: Run, patience: Deadline, meanwhile: Callable[[], None] | None = None) -> Approvals:
    """The store's pins, or the lock's with the store's holds; the fallback file's if the store cannot be asked.

    `meanwhile` begins what may go on while a server is waited for.
    """
    known = Approvals(locked=_read_lock(run) if run.policy.pins_from == "lock" else None)
    try:
        store = run.context.store(
            patience,
            read_only=run.read_only,
            meanwhile=meanwhile,
            keeps=True,
            promote_from=run.policy.promote_from,
        )
        return read_again(run, replace(known, store=store, notices=store.notices))
    except StoreProblem as error:
        return unreachable(run, known, error.problem)


def read_again(run: Run, known: Approvals) -> Approvals:
    """The approvals as they are in the store now. Raises StoreProblem."""
    assert known.store is not None  # noqa: S101 # only what came from a store is read again
    state = known.store.state(run.context.scope, promote_from=run.policy.promote_from)
    return replace(
        known,
        pins=in_force(state.pins, known.locked),
        is_read=True,
        revisions=state.revisions,
        promoted=state.promoted,
        now=state.now,
        known_aliases=state.known_aliases,
        proofs=_proofs(run, known),
    )


def _proofs(run: Run, known: Approvals) -> Proofs | None:
    """Asked at check alone, and only where the merge of a lock is what approves."""
    if run.verb != "check" or not run.policy.accept_needs or known.locked is None or known.store is None:
        return None
    pinned = tuple((pin.slot, pin.model_id) for pin in known.locked)
    proofs = known.store.proofs(run.context.scope, pinned, promote_from=run.policy.promote_from)
    return replace(proofs, workspace_id=run.context.settings.api.workspace_id)


def unreachable(run: Run, known: Approvals, problem: Problem) -> Approvals:
    """What is left when the store cannot be asked: what was read before; for a start the fallback file, if young."""
    from modelgate.gate import fallback  # of a start without its store alone

    may = problem.graceable and run.verb == "preflight"
    pins, grace = fallback.stand_in(run.context, run.policy) if may else (None, None)
    kept = known.pins if known.pins is not None else pins
    return replace(known, pins=kept if grace else known.pins, problem=problem, grace=grace)


def _read_lock(run: Run) -> tuple[Pin, ...]:
    """Raises SettingsError. What a gate that observes does not find approves nothing, and stops nothing."""
    if run.observes and not run.context.settings.lock_file.is_file():
        return ()
    from modelgate.settings.lock import read_lock  # of environments that keep their approvals in git

    return read_lock(run.context.settings.lock_file, run.context.scope).pins
