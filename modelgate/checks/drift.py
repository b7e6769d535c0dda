"""`drift.*`: differences between pins, settings and the Models API.

Of the cases in `CASES` a slot gets at most one finding: the first that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from modelgate.checks import hints
from modelgate.checks.check import Advice, Check, about, at_most_warn_at_preflight, command, name, note_if_held
from modelgate.domain.catalogue import Entry
from modelgate.domain.command_line import REASON, typed
from modelgate.domain.findings import Finding, Level
from modelgate.domain.pins import SlotPins
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.text import short
from modelgate.domain.times import to_the_minute
from modelgate.domain.view import SlotView, reaction


def slots_removed(snapshot: Snapshot) -> Iterable[Finding]:
    """Slots that are pinned or held, and no longer in the settings."""
    pins = snapshot.pins or {}
    return [_removed(snapshot, pins[name]) for name in sorted(pins.keys() - snapshot.names)]


def _removed(snapshot: Snapshot, pins: SlotPins) -> Finding:
    if not pins.hold:
        return Finding("drift.slot-removed", Level.NOTE, "pinned, but no longer in the settings", slot=pins.slot)
    end = (command(snapshot, "release", pins.slot, "--keep", REASON),)
    message = "held, but no longer in the settings"
    return Finding("drift.slot-removed", Level.WARN, message, slot=pins.slot, commands=end)


def _pin_gone(view: SlotView) -> Finding | None:
    facts, choice = view.snapshot.facts, view.choice
    standing = facts.standing(choice.model_id) if facts and choice else "unknown"
    if choice is None or view.accepts or standing not in _GONE:
        return None  # where the policy accepts the move, what it leaves does not stop it
    check, what = _GONE[standing]
    away = Advice("", (command(view.snapshot, "rollback", view.slot.name, "--to ID", REASON),))
    advice = away if view.held else hints.accept(view)
    return about(view, check, Level.REFUSE, f"{name(choice.model_id)}, which it may run, {what}", *advice)


_GONE: dict[str, tuple[str, str]] = {
    "retired": ("drift.pin-retired", "is retired"),
    "missing": ("drift.pin-missing", "is gone from the catalogue"),
}


def _hold_expired(view: SlotView) -> Finding | None:
    hold = view.pins.hold
    if hold is None or hold.expires_at is None or hold.expires_at > view.snapshot.now:
        return None
    level = _strict(view, at_most_warn_at_preflight(view, Level.REFUSE))
    message = f"the hold on {name(hold.model_id)} expired {to_the_minute(hold.expires_at)}"
    return about(view, "drift.hold-expired", level, message, *hints.release(view))


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
    return about(view, "drift.held", Level.NOTE, f"held on {name(hold.model_id)}{until}", *hints.release(view))


def _unpinned(view: SlotView) -> Finding | None:
    if view.pins.newest or view.held:
        return None
    if reaction(view.snapshot, "drift.unpinned") == "accept":
        if view.snapshot.on_grace:
            message = "first use, and nothing is pinned while API or store cannot be asked"
            return about(view, "drift.unpinned", Level.UNKNOWN, message, "run it again")
        if view.resolved:
            return about(view, "drift.unpinned", Level.NOTE, f"first use: preflight pins {name(view.resolved)}")
        if view.answer is None:
            message = "first use, which the policy accepts; what it means is not known"
            return about(view, "drift.unpinned", Level.NOTE, message)
    message = "never approved to run anything" + (f"; it would be {name(view.resolved)}" if view.resolved else "")
    return about(view, "drift.unpinned", Level.REFUSE, message, *hints.accept(view))


def _reference_changed(view: SlotView) -> Finding | None:
    if view.choice is not None and view.choice.rule != "stay":
        return None
    newest = view.pins.newest
    message = f"asks for {name(view.slot.reference)}; approved: {name(newest.reference if newest else None)}"
    level = _level(view, "drift.reference-changed")
    return about(view, "drift.reference-changed", level, message, *hints.approve(view))


def _alias_moved(view: SlotView) -> Finding | None:
    if view.choice is None or view.resolved is None or not view.differs:
        return None
    message = f"means {name(view.resolved)} now; pinned: {name(view.choice.model_id)}"
    return about(view, "drift.alias-moved", _level(view, "drift.alias-moved"), message, *hints.move_or_stay(view))


def _other_reference(view: SlotView) -> Finding | None:
    choice, newest = view.choice, view.pins.newest
    if choice is None or newest is None:
        return None
    if choice.rule == "renamed":
        message = f"{name(view.slot.reference)} is {name(newest.reference)} by another name"
        return about(view, "drift.reference-renamed", Level.NOTE, message, *hints.accept(view))
    if newest.reference != view.slot.reference:
        message = f"runs an earlier pin; the newest is for {name(newest.reference)}"
        return about(view, "drift.earlier-pin", Level.NOTE, message)
    return None


def _case(*ids: str, judge: Callable[[SlotView], Finding | None], certain: bool = False) -> Check:
    """A case of the contract's table. Where *a* is not known, those alone are judged that are `certain` without it."""

    def in_turn(view: SlotView) -> list[Finding] | None:
        if view.snapshot.pins is None or (view.answer is None and not view.held and not certain):
            return None
        finding = judge(view)
        return [finding] if finding else []

    return Check(ids, in_turn, case=True)


CASES = (
    _case("drift.pin-retired", "drift.pin-missing", judge=_pin_gone, certain=True),
    _case("drift.hold-expired", judge=_hold_expired),
    _case("drift.settings-override-hold", judge=_settings_override_hold),
    _case("drift.held", judge=_held),
    _case("drift.unpinned", judge=_unpinned, certain=True),
    _case("drift.reference-changed", judge=_reference_changed),
    _case("drift.alias-moved", judge=_alias_moved),
    _case("drift.reference-renamed", "drift.earlier-pin", judge=_other_reference),
)
CASE_IDS = frozenset(check for case in CASES for check in case.ids)


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
    return [about(view, "drift.facts-changed", Level.WARN, message, *hints.verify(view))]


def _retirement_moved(view: SlotView) -> list[Finding] | None:
    """Announced, earlier, later or taken back since it was pinned; a key that one of the two lacked tells nothing."""
    choice, entry = view.choice, view.entry
    before = choice.pin.entry if choice and choice.model_id == view.candidate else None
    if before is None or entry is None or not (_tells_retirement(before) and _tells_retirement(entry)):
        return None
    was, now = before.retires_at, entry.retires_at
    if was == now:
        return []
    if now is None:
        level, message = Level.NOTE, f"its retirement on {_day(was)} was taken back"
    elif was is None:
        level, message = Level.WARN, f"its retirement was announced for {_day(now)}"
    else:
        level = Level.WARN if now < was else Level.NOTE
        message = f"it retires {'earlier' if now < was else 'later'}: {_day(now)} instead of {_day(was)}"
    return [about(view, "drift.retirement-moved", level, message, *hints.verify(view))]


def _tells_retirement(entry: Entry) -> bool:
    return entry.retires_known or entry.retires_at is not None


def _day(instant: datetime | None) -> str:
    return instant.date().isoformat() if instant else "no day"


def _origin_changed(view: SlotView) -> list[Finding] | None:
    choice, facts = view.choice, view.snapshot.facts
    if choice is None or choice.model_id != view.candidate or choice.pin.origin is None:
        return None
    if facts is None or facts.problem:
        return None
    if choice.pin.origin == facts.origin:
        return []
    message = f"pinned at {name(choice.pin.origin)}, asked: {name(facts.origin)}"
    return [about(view, "drift.origin-changed", Level.WARN, message, *hints.verify(view))]


def _not_promoted(view: SlotView) -> list[Finding] | None:
    policy, snapshot = view.snapshot.policy, view.snapshot
    if not policy.promote_from or view.candidate is None:
        return None
    if snapshot.promoted is None:
        return _promotion_not_asked(view) if snapshot.verb == "check" and not snapshot.offline else None
    since, now = snapshot.promoted.get((view.slot.name, view.candidate)), snapshot.store_now or snapshot.now
    soak = timedelta(hours=policy.soak_hours)
    if since is not None and since + soak <= now:
        return []
    if since is None:
        message = f"{name(policy.promote_from)} has not handed over {name(view.candidate)}"
        wait = f", let it run for {policy.soak_hours:g} hours" if soak else ""
        hint = f"deploy it to {policy.promote_from} first{wait}"
    else:
        hours = (now - since) / timedelta(hours=1)
        message = f"{name(policy.promote_from)} runs it for {hours:.1f} of {policy.soak_hours:g} hours"
        hint = f"wait until {to_the_minute(since + soak + timedelta(minutes=1))}"
    level = at_most_warn_at_preflight(view, note_if_held(view))
    return [about(view, "drift.not-promoted", level, message, hint)]


def _promotion_not_asked(view: SlotView) -> list[Finding]:
    """`check --no-store`, or pins that stand in for the store's: what was left out is told, not passed over."""
    message = f"not asked whether {name(view.snapshot.policy.promote_from)} runs {name(view.candidate)}"
    level = Level.NOTE if view.held else Level.WARN
    return [about(view, "drift.not-promoted", level, message, "with the store:", (command(view.snapshot, "check"),))]


BESIDE = (
    Check(("drift.facts-changed",), _facts_changed),
    Check(("drift.retirement-moved",), _retirement_moved),
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
