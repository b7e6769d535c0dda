"""The snapshot: everything that a judgement sees, frozen. Same snapshot, same judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from modelgate.domain.catalogue import Facts
from modelgate.domain.pins import Pin, SlotPins
from modelgate.domain.problems import Problem
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Policy, Slot, Verb, Waiver

if TYPE_CHECKING:
    from modelgate.domain.evidence import Proofs
    from modelgate.domain.loosening import Loosened
    from modelgate.domain.sample import Sample
    from modelgate.domain.unsettled import UnknownVariable, UnsetSlot, Untrusted


class Grace(NamedTuple):
    """Facts or pins from before, believed because nobody could be asked today."""

    verified_at: datetime
    until: datetime


class StoreNotice(NamedTuple):
    """Something about the store that is worth a finding but stops nothing: `store.created`, `store.unencrypted` …"""

    check: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Settings, pins and facts as of one instant."""

    verb: Verb
    now: datetime
    policy: Policy
    scope: Scope
    slots: tuple[Slot, ...]
    unset: tuple[UnsetSlot, ...] = ()
    """Slots that cannot be judged, as the variable that holds their reference is not set."""
    waivers: tuple[Waiver, ...] = ()
    pins: Mapping[str, SlotPins] | None = field(default_factory=dict)
    """By slot, also of slots that are no longer in the settings. None: the pins could not be read."""
    facts: Facts | None = None
    """None: the API was not asked."""
    offline: bool = False
    store_now: datetime | None = None
    """By the clock of the database server, which says when rows were recorded; None: there is none, or nobody asked."""
    promoted: Mapping[tuple[str, str], datetime] | None = field(default_factory=dict)
    """(slot, ID) to when `promote_from` began to hand it over. None: nobody could be asked."""
    api_problem: Problem | None = None
    """Why the API could not be asked, where `facts` come from before."""
    store_problem: Problem | None = None
    """Why the store could not be asked."""
    notices: tuple[StoreNotice, ...] = ()
    unknown_variables: tuple[UnknownVariable, ...] = ()
    untrusted: tuple[Untrusted, ...] = ()
    loosened: tuple[Loosened, ...] = ()
    locked: tuple[Pin, ...] | None = None
    """The lock's pins, which `pins` hold already; None where no lock was read."""
    api_grace: Grace | None = None
    """Set where `facts` are old ones, believed because the API cannot be asked."""
    store_grace: Grace | None = None
    """Set where `pins` are the fallback file's."""
    samples: Mapping[str, Sample] | None = None
    """By slot, of those that have one; None: they were not read, as at preflight."""
    proofs: Proofs | None = None
    """What is known of the lock's IDs, where approvals need evidence; None: nobody asks."""
    unheld: Mapping[str, str] | None = None
    """Of a preflight that observes and could not read holds: slot to the ID of a young fallback file. None: not so."""

    @property
    def observes(self) -> bool:
        """A preflight that only looks on: what runs is not changed by it."""
        return self.verb == "preflight" and not self.policy.enforce

    @property
    def names(self) -> frozenset[str]:
        """The slots of the settings, those that cannot be judged included."""
        return frozenset((*(slot.name for slot in self.slots), *(slot.name for slot in self.unset)))

    @property
    def on_grace(self) -> bool:
        """Whether old facts or pins stand in: then nothing new is approved."""
        return self.api_grace is not None or self.store_grace is not None
