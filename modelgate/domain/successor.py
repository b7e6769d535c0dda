"""The successor of a model: the pure decision behind `upgrade`, and behind every hint that names one.

The order of the API's list is the only order there is: newest first (documented). A line that is unknown is never
guessed from a name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelgate.domain.catalogue import Entry
from modelgate.domain.settings import Policy, Slot

if TYPE_CHECKING:
    from modelgate.domain.needs import Need
    from modelgate.domain.sample import Sample


@dataclass(frozen=True, slots=True)
class Needs:
    """What a slot asks of its model."""

    requires: tuple[str, ...] = ()
    """Dotted paths into the capabilities."""
    min_input_tokens: int | None = None
    min_output_tokens: int | None = None
    allowed_lines: tuple[str, ...] = ()
    """Empty: any."""
    sampled: tuple[tuple[str, Need], ...] = ()
    """What the slot's sample asks for, each with its place."""

    @property
    def words(self) -> tuple[str, ...]:
        """Each need as people read it."""
        limits = (("input", self.min_input_tokens), ("output", self.min_output_tokens))
        told = (f"{tokens} {kind} tokens" for kind, tokens in limits if tokens is not None)
        lines = (f"line {' or '.join(self.allowed_lines)}",) if self.allowed_lines else ()
        return (*self.requires, *told, *lines, *(said for said, _ in self.sampled))


def needs_of(slot: Slot, policy: Policy, sample: Sample | None = None) -> Needs:
    """What the settings, and the slot's sample if it has one, ask of the slot's model."""
    sampled: tuple[tuple[str, Need], ...] = ()
    if sample:
        from modelgate.domain.sample import needs_in  # of slots that have one alone

        told = ("capability", "output-tokens")
        sampled = tuple((f"{r.place}: {need.place}", need) for r, need in needs_in(sample) if need.kind in told)
    return Needs(slot.requires, slot.min_input_tokens, slot.min_output_tokens, policy.allowed_lines, sampled)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A newer model of the line, and what rules it out."""

    id: str
    against: tuple[str, ...] = ()
    """Empty: it fits."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The successor, or why there is none."""

    entry: Entry | None
    candidates: tuple[Candidate, ...] = ()
    """All that were looked at, in the list's order; the first that nothing rules out is the successor."""
    problem: str = ""
    """Why nothing could be looked at."""


def successor(listed: Sequence[Entry], present: str, needs: Needs, *, line: str = "", to: str = "") -> Proposal:
    """What a slot that may run `present` (an ID) moves to: the first in the list that is newer, active and fits.

    `line`: of another line than its own. `to`: this ID and no other, wherever it stands in the list.
    """
    if to:
        found = next((entry for entry in listed if entry.id == to), None)
        if found is None:
            return Proposal(None, problem=f"the Models API lists no {to}")
        return _chosen([found], present, needs)
    here = next((entry for entry in listed if entry.id == present), None)
    if here is None:
        return Proposal(None, problem="its place in the list of models is not known")
    wanted = line or here.line
    if not wanted:
        known = "it belongs to no line" if here.line_known else "its line is not known"
        return Proposal(None, problem=known)
    newer = listed[: listed.index(here)]
    return _chosen([entry for entry in newer if entry.line == wanted], present, needs)


def unmet(entry: Entry, needs: Needs) -> tuple[str, ...]:
    """What the model lacks of the needs, or does not say, a few words each."""
    lacks = []
    for path in needs.requires:
        supported = entry.supports(path)
        if not supported:
            lacks.append(f"{'does not support' if supported is False else 'does not say whether it supports'} {path}")
    limits = (
        ("max_input_tokens", needs.min_input_tokens, entry.max_input_tokens),
        ("max_tokens", needs.min_output_tokens, entry.max_tokens),
    )
    for fact, needed, limit in limits:
        if needed is not None and (limit is None or limit < needed):
            lacks.append(f"{fact} is {'not known' if limit is None else limit}, needed: {needed}")
    lacks += [f"cannot serve {said}" for said, need in needs.sampled if need.met_by(entry) is False]
    if needs.allowed_lines and entry.line not in needs.allowed_lines:
        lacks.append(f"line {entry.line or 'not known'} is not allowed")
    return tuple(lacks)


@dataclass(frozen=True, slots=True)
class Gains:
    """What changes between two models, as far as both say it."""

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    limits: tuple[tuple[str, int, int], ...] = ()
    """Name, before, after."""


def gains(before: Entry, after: Entry) -> Gains:
    """Capabilities gained and lost, and limits that differ. What one of the two does not say is not told."""
    both: Collection[str] = sorted({*before.capabilities, *after.capabilities})
    gained = tuple(path for path in both if before.supports(path) is False and after.supports(path) is True)
    lost = tuple(path for path in both if before.supports(path) is True and after.supports(path) is False)
    pairs = (
        ("max_input_tokens", before.max_input_tokens, after.max_input_tokens),
        ("max_tokens", before.max_tokens, after.max_tokens),
    )
    limits = tuple((name, old, new) for name, old, new in pairs if old is not None and new is not None and old != new)
    return Gains(gained, lost, limits)


def _chosen(entries: Sequence[Entry], present: str, needs: Needs) -> Proposal:
    candidates = tuple(Candidate(entry.id, _against(entry, present, needs)) for entry in entries)
    fitting = (entry for entry, candidate in zip(entries, candidates, strict=True) if not candidate.against)
    return Proposal(next(fitting, None), candidates)


def _against(entry: Entry, present: str, needs: Needs) -> tuple[str, ...]:
    if entry.id == present:
        return ("is what the slot may run already",)
    standing = () if entry.lifecycle == "active" else (f"is {entry.lifecycle or 'not said to be active'}",)
    return (*standing, *unmet(entry, needs))
