"""`settings.sample`, and what a sample needs of its model: a request as the application sends it, judged beforehand."""

from __future__ import annotations

from collections.abc import Collection

from modelgate.checks import hints
from modelgate.checks.check import Advice, command, name
from modelgate.domain.catalogue import Entry
from modelgate.domain.command_line import typed
from modelgate.domain.findings import Finding, Level
from modelgate.domain.needs import Need
from modelgate.domain.sample import Sample, SampleRequest, needs_in
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.source import Source
from modelgate.domain.text import short
from modelgate.domain.view import SlotView, look

_MOST_UNKNOWN = 5
"""Notes about what is not known here, of one sample: a newer API may have many such keys."""
_Found = tuple[SampleRequest, Need]


def of(view: SlotView, sample: Sample) -> list[Finding]:
    """What the slot's sample says against the ID that the slot would be handed, or is."""
    return judge(sample, view.entry, view.snapshot, view.slot.name, runnable(view.snapshot))


def runnable(snapshot: Snapshot) -> frozenset[str] | None:
    """The names that a slot here may run: IDs, and references that mean them or that nobody could ask for. None: the
    pins could not be read.
    """
    if snapshot.pins is None:
        return None
    found = set[str]()
    for slot in snapshot.slots:
        view = look(snapshot, slot)
        if view.hand_over:
            found.add(view.hand_over)
            if view.answer is None or view.resolved == view.hand_over:
                found.add(slot.reference)
    return frozenset(found)


def judge(
    sample: Sample, entry: Entry | None, snapshot: Snapshot, slot: str, allowed: Collection[str] | None
) -> list[Finding]:
    """The findings about one sample; without an `entry` only what is wrong with it whatever the model is."""
    if sample.problem:
        message, hint = f"{sample.name}: {sample.problem}", "docs/evidence.md says what a sample is"
        return [Finding("settings.sample", Level.REFUSE, short(message, 79), hint, slot, Source(sample.file))]
    needs = needs_in(sample)
    found = [told for each in needs if (told := _told(each, sample, entry, snapshot, slot, allowed))]
    unknown = [each for each in found if each.id == "settings.sample" and each.level is Level.NOTE]
    if len(unknown) > _MOST_UNKNOWN:
        more = f"{sample.name}: {len(unknown) - _MOST_UNKNOWN} more are not known here"
        rest = Finding("settings.sample", Level.NOTE, short(more, 79), _NEWER, slot, Source(sample.file))
        found = [each for each in found if each not in unknown[_MOST_UNKNOWN:]] + [rest]
    return found


_NEWER = "nothing to do if the API knows it: upgrade modelgate to have it judged"


def _told(
    each: _Found,
    sample: Sample,
    entry: Entry | None,
    snapshot: Snapshot,
    slot: str,
    allowed: Collection[str] | None,
) -> Finding | None:
    request, need = each
    source = Source(sample.file, request.line or 1)

    def finding(check: str, level: Level, what: str, hint: str, commands: tuple[str, ...] = ()) -> Finding:
        message = f"{short(f'{request.place}: {need.place}', 77 - len(what))}: {what}"
        return Finding(check, level, message, hint, slot, source, commands=commands)

    match need.kind:
        case "model" if allowed is not None and need.name not in allowed:
            hint = f"name one that a slot here may run, not {name(need.name)}"
            return finding("settings.sample", Level.REFUSE, "no slot may run it", hint)
        case "refused-parameter":
            hint = "leave it out: this API version refuses it, even at its default"
            return finding("settings.sample", Level.WARN, "the API refuses it", hint)
        case "unknown":
            return finding("settings.sample", Level.NOTE, "not known here", _NEWER)
        case "capability" | "output-tokens" if entry is not None:
            met, model = need.met_by(entry), name(entry.id)
            if met is None:
                probe = command(snapshot, "probe", slot, "--to", typed(entry.id))
                return finding("catalogue.fact-unknown", Level.NOTE, "not told", f"{model} may be able to", (probe,))
            if not met and need.kind == "capability":
                to = _move(snapshot, slot, entry, "choose a model that does")
                hint = f"{model} does not support {need.name}: change the request, or {to.hint}"
                return finding("catalogue.missing-capability", Level.REFUSE, "not supported", hint, to.commands)
            if not met:
                to = _move(snapshot, slot, entry, "choose a larger model")
                hint = f"{model} writes {entry.max_tokens} at most: ask for fewer, or {to.hint}"
                return finding("catalogue.limit-too-small", Level.REFUSE, "too many", hint, to.commands)
    return None


def _move(snapshot: Snapshot, slot: str, entry: Entry, otherwise: str) -> Advice:
    """To which model, where one serves the whole sample."""
    return hints.move_from(snapshot, next(each for each in snapshot.slots if each.name == slot), entry.id, otherwise)
