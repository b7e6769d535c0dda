"""Samples where people approve: what a slot's sample needs, the ID that is about to be approved must be able to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelgate.domain.catalogue import Facts
from modelgate.domain.errors import Refused
from modelgate.domain.findings import Level
from modelgate.domain.settings import Slot
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.waivers import is_waived
from modelgate.gate.context import Context


def need_served(
    context: Context, wanted: Mapping[str, str], slots: Iterable[Slot], facts: Facts, running: Iterable[str]
) -> None:
    """Raises Refused if the sample of a slot asks for what its `wanted` ID cannot do. Waivers hold as at `check`.

    `running`: the IDs that other slots here may run, for models that samples name inside.
    """
    sampled = [slot for slot in slots if slot.sample and slot.name in wanted]
    if not sampled:
        return
    from modelgate.checks import sample  # of slots that have one alone
    from modelgate.gate.samples import read

    settings, now, samples = context.settings, context.clock.now(), read(context.settings, sampled)
    snapshot = Snapshot("check", now, settings.check, context.scope, tuple(sampled), facts=facts, samples=samples)
    ids = {*running, *wanted.values()}
    names = {slot.reference for slot in settings.slots if _meaning(facts, slot.reference) in ids}
    for name, each in samples.items():
        entry = facts.served(wanted[name])
        believed = entry if entry and not entry.doubt else None
        for finding in sample.judge(each, believed, snapshot, name, ids | names):
            if finding.level is Level.REFUSE and not is_waived(settings.waivers, finding.id, name, now):
                raise Refused(f"{finding.id}: {name}: {finding.message}", hint=finding.hint, commands=finding.commands)


def _meaning(facts: Facts, reference: str) -> str | None:
    answer = facts.answers.get(reference)
    return answer.id if answer else None
