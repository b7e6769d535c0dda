"""`catalogue.*`: what the Models API says of a reference, and of the ID that would be handed over."""

from __future__ import annotations

from modelgate.checks import hints
from modelgate.checks.check import Advice, Check, about, at_most_warn_at_preflight, command, name, note_if_held
from modelgate.domain.catalogue import Entry, Outcome, capability_meant
from modelgate.domain.command_line import typed
from modelgate.domain.findings import Finding, Level
from modelgate.domain.text import did_you_mean, short
from modelgate.domain.times import days_left
from modelgate.domain.view import SlotView


def _reference(view: SlotView) -> list[Finding] | None:
    if view.answer is None:
        return None
    reference, models = name(view.slot.reference), _models(view)
    if view.answer.outcome is Outcome.UNKNOWN:
        facts = view.snapshot.facts
        near = did_you_mean(view.slot.reference, sorted(filter(facts.served, facts.entries)) if facts else [])
        hint = f"did you mean {typed(near)}?" if near else "choose another"
        message = f"no model is called {reference}"
        found = about(view, "catalogue.unknown-model", note_if_held(view), message, hint, models)
    elif view.answer.outcome is Outcome.RETIRED:
        message = f"{reference} is retired: requests that name it fail"
        advice = hints.move(view, view.answer.id or view.answer.name, "choose another")
        found = about(view, "catalogue.retired", note_if_held(view), message, *advice)
    elif view.answer.outcome is Outcome.NOT_PERMITTED:
        message = f"this API key may not use {reference}"
        hint = "ask an admin of the API organization, or use another key"
        found = about(view, "catalogue.not-permitted", note_if_held(view), message, hint)
    else:
        return []
    return [found]


def _alias(view: SlotView) -> list[Finding] | None:
    if view.resolved is None or not view.snapshot.policy.require_canonical:
        return None
    if view.resolved == view.slot.reference:
        return []
    message = f"{name(view.slot.reference)} is an alias of {name(view.resolved)}"
    return [about(view, "catalogue.alias", note_if_held(view), message, f"set model to {typed(view.resolved)}")]


def _deprecated(view: SlotView) -> list[Finding] | None:
    entry = view.entry
    if entry is None or entry.lifecycle is None:
        return None
    if entry.lifecycle != "deprecated":
        return []
    level = at_most_warn_at_preflight(view, Level(view.snapshot.policy.deprecated))
    message = f"{name(entry.id)} is deprecated"
    return [about(view, "catalogue.deprecated", level, message, *_move(view, entry, "plan the move"))]


def _retires(view: SlotView) -> list[Finding] | None:
    entry, policy = view.entry, view.snapshot.policy
    if entry is None or (entry.retires_at is None and entry.lifecycle is None):
        return None
    if entry.retires_at is None:
        return []
    overdue = entry.retires_at <= view.snapshot.now
    days = 0 if overdue else days_left(entry.retires_at, view.snapshot.now)
    if days > max(policy.retires_warn_days, policy.retires_refuse_days):
        return []
    level = at_most_warn_at_preflight(view, Level.REFUSE if days <= policy.retires_refuse_days else Level.WARN)
    day = entry.retires_at.date().isoformat()
    if overdue:
        check, message = "catalogue.retirement-overdue", f"{name(entry.id)} was to retire on {day} and is still served"
    else:
        check, message = "catalogue.retires-soon", f"{name(entry.id)} retires in {days} days, on {day}"
    return [about(view, check, level, message, *_move(view, entry, "move to another model"))]


def _move(view: SlotView, entry: Entry, otherwise: str) -> Advice:
    return hints.move(view, entry.id, otherwise, "--lifecycle active")


def _models(view: SlotView) -> tuple[str, ...]:
    return (command(view.snapshot, "models"),)


def _lifecycle_known(view: SlotView) -> list[Finding] | None:
    if view.entry is None:
        return None
    if view.entry.lifecycle is not None:
        return []
    message = f"the API does not say whether {name(view.entry.id)} is deprecated"
    hint = "an older gateway? ask the Models API itself to see retirements coming"
    return [about(view, "catalogue.lifecycle-unknown", Level.WARN, message, hint)]


def _capabilities(view: SlotView) -> list[Finding] | None:
    entry = view.entry
    if entry is None:
        return None
    found = []
    for path in view.slot.requires:
        supported = entry.supports(path)
        if supported is None:
            meant = capability_meant(path, entry.capabilities)
            found.append(_fact_unknown(view, path, hint=f"did you mean {meant}?" if meant else ""))
        elif not supported:
            message = f"{name(entry.id)} does not support {name(path)}"
            advice = hints.move(view, entry.id, "choose one that does")
            found.append(about(view, "catalogue.missing-capability", Level.REFUSE, message, *advice))
    return found


def _limits(view: SlotView) -> list[Finding] | None:
    entry, slot = view.entry, view.slot
    if entry is None:
        return None
    found = []
    limits = (
        ("max_input_tokens", slot.min_input_tokens, entry.max_input_tokens),
        ("max_tokens", slot.min_output_tokens, entry.max_tokens),
    )
    for fact, needed, limit in limits:
        if needed is None:
            continue
        if limit is None:
            found.append(_fact_unknown(view, fact))
        elif limit < needed:
            message = f"{fact} is {limit}, needed: {needed}"
            advice = hints.move(view, entry.id, f"choose a larger model than {typed(entry.id)}")
            found.append(about(view, "catalogue.limit-too-small", Level.REFUSE, message, *advice))
    return found


def _line(view: SlotView) -> list[Finding] | None:
    entry, allowed = view.entry, view.snapshot.policy.allowed_lines
    if entry is None or not allowed:
        return None
    if not entry.line_known:
        return [_fact_unknown(view, "line", Level.WARN if view.held else Level.UNKNOWN)]
    if entry.line in allowed:
        return []
    message = f"of line {name(entry.line)}; allowed: {name(', '.join(allowed))}"
    level = Level.WARN if view.held else Level.REFUSE
    advice = hints.move(view, entry.id, "choose a model of an allowed line")
    return [about(view, "catalogue.line-not-allowed", level, message, *advice)]


def _fact_unknown(view: SlotView, fact: str, level: Level = Level.UNKNOWN, hint: str = "") -> Finding:
    message = f"not known: {name(fact)} of {name(view.candidate)}"
    hint = hint or "ask an API that does, or drop the requirement"
    return about(view, "catalogue.fact-unknown", level, message, hint)


def _doubted(view: SlotView) -> list[Finding] | None:
    """What cannot be read is not judged: the ID that would be handed over, and the one that the reference means."""
    if view.snapshot.facts is None:
        return None
    if (handed := view.served(view.candidate)) and handed.doubt:
        return [_unreadable(view, handed)]
    means = view.served(view.resolved)
    if means is None or not means.doubt:
        return []
    indifferent = view.held and view.snapshot.policy.hand_off == "pins"
    return [_unreadable(view, means, Level.NOTE if indifferent else Level.UNKNOWN)]


def _unreadable(view: SlotView, entry: Entry, level: Level = Level.UNKNOWN) -> Finding:
    message = f"{name(entry.id)}: {short(entry.doubt, 45)}"
    return about(view, "catalogue.fact-unknown", level, message, "run it again; if it stays, tell the API's support")


REFERENCE_IDS = frozenset(
    {"catalogue.unknown-model", "catalogue.retired", "catalogue.not-permitted", "catalogue.alias"}
)

FIT = (
    Check(("catalogue.missing-capability", "catalogue.fact-unknown"), _capabilities),
    Check(("catalogue.limit-too-small", "catalogue.fact-unknown"), _limits),
    Check(("catalogue.line-not-allowed", "catalogue.fact-unknown"), _line),
)
"""Whether a model fits a slot: also judged of an ID that is about to be pinned or held."""

CHECKS = (
    Check(("catalogue.fact-unknown",), _doubted),
    Check(("catalogue.unknown-model", "catalogue.retired", "catalogue.not-permitted"), _reference),
    Check(("catalogue.alias",), _alias),
    Check(("catalogue.deprecated",), _deprecated),
    Check(("catalogue.retires-soon", "catalogue.retirement-overdue"), _retires),
    Check(("catalogue.lifecycle-unknown",), _lifecycle_known),
    *FIT,
)
