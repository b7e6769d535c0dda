"""What `probe` sends: for each slot the ID that is probed, and the requests of its sample."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from modelgate import api
from modelgate.api.probes import Question
from modelgate.domain.catalogue import Facts
from modelgate.domain.errors import ApiProblem, Refused, UsageError, failure_of
from modelgate.domain.pins import SlotPins, fold
from modelgate.domain.probe import ONE_WORD, acts_outside
from modelgate.domain.sample import Sample, SampleRequest
from modelgate.domain.settings import Slot
from modelgate.domain.text import printable
from modelgate.gate.context import Context
from modelgate.gate.samples import read
from modelgate.operations.outlook import running
from modelgate.operations.selection import need_known
from modelgate.settings import names as naming
from modelgate.store import Store

_BETA = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True)
class Subject:
    """One slot, the ID that is probed there, and the requests that are sent."""

    slot: Slot
    model_id: str
    requests: tuple[SampleRequest, ...]
    sample: Sample | None


def subjects_of(
    context: Context, store: Store, names: Collection[str], to: str | None, line: int | None
) -> tuple[tuple[Subject, ...], Facts]:
    """Each slot with the ID that is probed: `to`, else what it may run, else what it asks for; and what the API says.

    Raises UsageError, SettingsError, Refused, CouldNotKnow.
    """
    need_known(context, names, not names)
    if to and not names and len(context.settings.names) > 1:
        raise UsageError("--to is for the slots that are named", hint=f"slots: {', '.join(context.settings.names)}")
    context.settings.need_references(names or None)
    slots = tuple(slot for slot in context.settings.slots if not names or slot.name in names)
    samples = _samples(context, slots)
    revisions = store.revisions(context.scope)
    facts = _ask(context, fold(revisions), to)
    runs = running(context, revisions, facts)
    found = []
    for slot in slots:
        choice, sample = runs[slot.name], samples.get(slot.name)
        model_id = to or (choice.model_id if choice else _meant(slot, facts))
        found.append(Subject(slot, model_id, _requests(slot, sample, line), sample))
    return tuple(found), facts


def _samples(context: Context, slots: Iterable[Slot]) -> dict[str, Sample]:
    """The samples. Raises Refused for what is none: there is nothing to send."""
    samples = read(context.settings, slots)
    for name, sample in samples.items():
        if sample.problem:
            raise Refused(f"settings.sample: {name}: {sample.name}: {sample.problem}", hint="docs/evidence.md")
    return samples


def _ask(context: Context, pins: Mapping[str, SlotPins], to: str | None) -> Facts:
    """What the Models API says of all references, of what the slots may run, and of `to`."""
    if to is not None:
        try:
            naming.reference(to)
        except ValueError as error:
            raise UsageError(f"--to: {error}") from None
    facts = api.ask(
        context.api,
        {slot.reference for slot in context.settings.slots} | ({to} if to else set()),
        pinned={pin.model_id for slot in pins.values() for pin in (*slot.pins, slot.hold) if pin},
        deadline=context.deadline(),
        clock=context.clock,
        environ=context.environ,
    )
    if facts.problem:
        raise failure_of(facts.problem)
    meant = facts.answers[to].id if to else None
    if meant and meant != to:
        raise UsageError(f"{printable(to or '')} is an alias: evidence is about an ID", hint=f"--to {printable(meant)}")
    return facts


def _meant(slot: Slot, facts: Facts) -> str:
    """What the reference means; itself, where it means nothing to this key: then the probe says what that comes to."""
    answer = facts.answers[slot.reference]
    if answer.problem:
        raise ApiProblem(answer.problem)
    return answer.id or slot.reference


def _requests(slot: Slot, sample: Sample | None, line: int | None) -> tuple[SampleRequest, ...]:
    known = sample.requests if sample else (SampleRequest("one word", ONE_WORD, 1),)
    if line is None:
        return known
    chosen = tuple(each for each in known if (each.line or 1) == line)
    if not chosen:
        lines = ", ".join(str(each.line or 1) for each in known[:20])
        raise UsageError(f"{slot.name}: its sample has no request in line {line}", hint=f"lines: {lines}")
    return chosen


def need_harmless(subjects: Iterable[Subject]) -> None:
    """Raises UsageError for a request that makes the API do more than answer."""
    for each in subjects:
        if acts := acts_outside(each.requests[0].params):
            raise UsageError(
                f"{each.slot.name}: {each.requests[0].place} has {acts}, which acts outside of the answer",
                hint="if it may, add --with-tools; counting alone needs no --live",
            )


def question(request: SampleRequest, body: dict[str, Any]) -> Question:
    """The body as it is sent; betas that the sample has go into the header."""
    betas = request.params.get("betas")
    told = betas if isinstance(betas, list) else []
    return Question(body, tuple(each for each in told if isinstance(each, str) and _BETA.fullmatch(each)))
