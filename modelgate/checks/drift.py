"""`drift.*`: differences between pins, settings and the Models API.

Of the cases in `CASES` a slot gets at most one finding: the first that fits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from modelgate.checks import hints
from modelgate.checks.check import Check, about, at_most_warn_at_preflight, command, name, note_if_held, typed
from modelgate.domain.catalogue import Outcome
from modelgate.domain.findings import Finding, Level
from modelgate.domain.pins import SlotPins
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.text import short
from modelgate.domain.times import to_the_minute
from modelgate.domain.view import SlotView, reaction


def slot_removed(snapshot: Snapshot, pins: SlotPins) -> Finding:
    """The slot is pinned or held, and no longer in the settings."""
    hint = command(snapshot, "release", pins.slot, "--keep", hints.REASON) if pins.hold else ""
    what = "held" if pins.hold else "pinned"
    level = Level.WARN if pins.hold else Level.NOTE
    return Finding("drift.slot-removed", level, f"{what}, but no longer in the settings", hint, pins.slot)


def _pin_gone(view: SlotView) -> Finding | None:
    facts, choice = view.snapshot.facts, view.choice
    if choice is None or facts is None or not facts.knows(choice.model_id) or facts.served(choice.model_id):
        return None
    answer = facts.answers.get(choice.model_id)
    retired = choice.model_id in facts.entries or (answer is not None and answer.outcome is Outcome.RETIRED)
    check, what = (
        ("drift.pin-retired", "is retired") if retired else ("drift.pin-missing", "is gone from the catalogue")
    )
    hold = command(view.snapshot, "rollback", view.slot.name, "--to ID", hints.REASON)
    hint = hold if view.held else hints.accept(view)
    return about(view, check, Level.REFUSE, f"{name(choice.model_id)}, which it may run, {what}", hint)


def _hold_expired(view: SlotView) -> Finding | None:
    hold = view.pins.hold
    if hold is None or hold.expires_at is None or hold.expires_at > view.snapshot.now:
        return None
    level = _strict(view, at_most_warn_at_preflight(view, Level.REFUSE))
    message = f"the hold on {name(hold.model_id)} expired {to_the_minute(hold.expires_at)}"
    return about(view, "drift.hold-expired", level, message, hints.release(view))


def _settings_override_hold(view: SlotView) -> Finding | None:
    if not view.held or view.choice is None or view.snapshot.policy.hand_off != "settings" or not view.differs:
        return None
    message = f"means {name(view.resolved)}, held on {name(view.choice.model_id)}"
    hint = f"set model to {typed(view.choice.model_id)}: the application reads its own settings"
    return about(view, "drift.settings-override-hold", Level.REFUSE, message, hint)


def _held(view: SlotView) -> Finding | None:
    hold = view.pins.hold
    if hold is None:
        return None
    until = f" until {to_the_minute(hold.expires_at)}" if hold.expires_at else ""
    return about(view, "drift.held", Level.NOTE, f"held on {name(hold.model_id)}{until}", hints.release(view))


def _unpinned(view: SlotView) -> Finding | None:
    if view.pins.newest or view.held:
        return None
    if reaction(view.snapshot, "drift.unpinned") == "accept":
        if view.snapshot.on_grace:
            message = "first use, and nothing is pinned while API or store cannot be asked"
            return about(view, "drift.unpinned", Level.UNKNOWN, message, "run it again")
        if view.resolved or view.answer is None:
            message = f"first use: preflight pins {name(view.resolved or view.slot.reference)}"
            return about(view, "drift.unpinned", Level.NOTE, message)
    message = "never approved to run anything" + (f"; it would be {name(view.resolved)}" if view.resolved else "")
    return about(view, "drift.unpinned", Level.REFUSE, message, hints.accept(view))


def _reference_changed(view: SlotView) -> Finding | None:
    if view.choice is not None and view.choice.rule != "stay":
        return None
    newest = view.pins.newest
    message = f"asks for {name(view.slot.reference)}; approved: {name(newest.reference if newest else None)}"
    level = _level(view, "drift.reference-changed")
    return about(view, "drift.reference-changed", level, message, _drift_hint(view))


def _alias_moved(view: SlotView) -> Finding | None:
    if view.choice is None or view.resolved is None or not view.differs:
        return None
    message = f"means {name(view.resolved)} now; pinned: {name(view.choice.model_id)}"
    reads_settings = view.snapshot.policy.hand_off == "settings"  # which a rollback does not change
    stay = f"set model to {typed(view.choice.model_id)}" if reads_settings else hints.hold(view, view.choice.pin)
    hint = f"{_drift_hint(view)}, or to stay: {stay}"
    return about(view, "drift.alias-moved", _level(view, "drift.alias-moved"), message, hint)


def _other_reference(view: SlotView) -> Finding | None:
    choice, newest = view.choice, view.pins.newest
    if choice is None or newest is None:
        return None
    if choice.rule == "renamed":
        message = f"{name(view.slot.reference)} is {name(newest.reference)} by another name"
        return about(view, "drift.reference-renamed", Level.NOTE, message, hints.accept(view))
    if newest.reference != view.slot.reference:
        message = f"runs an earlier pin; the newest is for {name(newest.reference)}"
        return about(view, "drift.earlier-pin", Level.NOTE, message)
    return None


Case = Callable[[SlotView], Finding | None]
CASES: tuple[tuple[tuple[str, ...], Case], ...] = (
    (("drift.pin-retired", "drift.pin-missing"), _pin_gone),
    (("drift.hold-expired",), _hold_expired),
    (("drift.settings-override-hold",), _settings_override_hold),
    (("drift.held",), _held),
    (("drift.unpinned",), _unpinned),
    (("drift.reference-changed",), _reference_changed),
    (("drift.alias-moved",), _alias_moved),
    (("drift.reference-renamed", "drift.earlier-pin"), _other_reference),
)
CASE_IDS = frozenset(check for ids, _case in CASES for check in ids)


def first_case(view: SlotView) -> tuple[Finding | None, tuple[str, ...]]:
    """The one finding about the slot's pin, and the IDs that were judged on the way to it.

    Where *a* is not known, only the cases that do not need it are judged.
    """
    judged: list[str] = []
    if view.snapshot.pins is None:
        return None, ()
    for ids, case in CASES:
        if view.answer is None and not view.held and case is not _pin_gone and case is not _unpinned:
            continue
        judged.extend(ids)
        if finding := case(view):
            return finding, tuple(judged)
    return None, tuple(judged)


def _facts_changed(view: SlotView) -> list[Finding] | None:
    choice, entry = view.choice, view.entry
    before = choice.pin.entry if choice and choice.model_id == view.candidate else None
    if before is None or entry is None:
        return None
    lost = sorted(path for path, had in before.capabilities.items() if had and entry.supports(path) is False)
    for limit in ("max_input_tokens", "max_tokens"):
        was, now = getattr(before, limit), getattr(entry, limit)
        if was is not None and now is not None and now < was:
            lost.append(f"{limit} {was} → {now}")
    if not lost:
        return []
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    message = f"lost since it was pinned: {short(lost[0], 40)}{more}"
    return [about(view, "drift.facts-changed", Level.WARN, message, hints.verify(view))]


def _origin_changed(view: SlotView) -> list[Finding] | None:
    choice, facts = view.choice, view.snapshot.facts
    if choice is None or choice.model_id != view.candidate or choice.pin.origin is None:
        return None
    if facts is None or facts.problem:
        return None
    if choice.pin.origin == facts.origin:
        return []
    message = f"pinned at {name(choice.pin.origin)}, asked: {name(facts.origin)}"
    return [about(view, "drift.origin-changed", Level.WARN, message, hints.verify(view))]


def _not_promoted(view: SlotView) -> list[Finding] | None:
    policy, snapshot = view.snapshot.policy, view.snapshot
    if not policy.promote_from or view.candidate is None:
        return None
    if snapshot.promoted is None:
        return _promotion_not_asked(view) if snapshot.verb == "check" and not snapshot.offline else None
    since = snapshot.promoted.get((view.slot.name, view.candidate))
    soak = timedelta(hours=policy.soak_hours)
    if since is not None and since + soak <= snapshot.now:
        return []
    if since is None:
        message = f"{name(policy.promote_from)} has not handed over {name(view.candidate)}"
        wait = f", let it run for {policy.soak_hours:g} hours" if soak else ""
        hint = f"deploy it to {policy.promote_from} first{wait}"
    else:
        hours = (snapshot.now - since) / timedelta(hours=1)
        message = f"{name(policy.promote_from)} runs it for {hours:.1f} of {policy.soak_hours:g} hours"
        hint = f"wait until {to_the_minute(since + soak + timedelta(minutes=1))}"
    level = at_most_warn_at_preflight(view, note_if_held(view))
    return [about(view, "drift.not-promoted", level, message, hint)]


def _promotion_not_asked(view: SlotView) -> list[Finding]:
    """`check --no-store`, or pins that stand in for the store's: what was left out is told, not passed over."""
    message = f"not asked whether {name(view.snapshot.policy.promote_from)} runs {name(view.candidate)}"
    level = Level.NOTE if view.held else Level.WARN
    return [about(view, "drift.not-promoted", level, message, f"with the store: {command(view.snapshot, 'check')}")]


BESIDE = (
    Check(("drift.facts-changed",), _facts_changed),
    Check(("drift.origin-changed",), _origin_changed),
    Check(("drift.not-promoted",), _not_promoted),
)


def _level(view: SlotView, check: str) -> Level:
    """As the policy says, waived or not: a waived refusal stays in the report as one."""
    if reaction(view.snapshot, check) == "accept" and view.resolved is None:
        return Level.REFUSE  # it means nothing, so there is nothing to pin
    levels = {"refuse": Level.REFUSE, "warn": Level.WARN, "accept": Level.NOTE}
    return _strict(view, levels[reaction(view.snapshot, check)])


def _strict(view: SlotView, level: Level) -> Level:
    """An application that reads its own settings runs *a*: then any a ≠ p refuses."""
    return Level.REFUSE if view.runs_another else level


def _drift_hint(view: SlotView) -> str:
    return "preflight pins it, by the policy" if view.accepts else hints.accept(view)
