"""What settings let through that others stop: policy, waivers and needs of a change beside those of its base. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

from modelgate.domain.settings import Policy, Settings, Slot, Verb, Waiver
from modelgate.domain.source import Source


@dataclass(frozen=True, slots=True)
class Loosened:
    """One thing that the settings stop less than their base."""

    what: str
    """Such as `policy.enforce: true before, false now`."""
    slot: str | None = None
    source: Source | None = None


Rule = Callable[[object, object], bool]
"""(before, now): whether now lets more through."""


def _less(before: object, now: object) -> bool:
    return now < before  # type: ignore[operator,no-any-return]  # two values of one key


def _more(before: object, now: object) -> bool:
    return now > before  # type: ignore[operator,no-any-return]  # as above


def _ranked(*strictest_first: object) -> Rule:
    return lambda before, now: strictest_first.index(now) > strictest_first.index(before)


def _widened(before: object, now: object) -> bool:
    """Of a list of what may be, where an empty one means anything."""
    assert isinstance(before, tuple)  # noqa: S101 # such a list
    assert isinstance(now, tuple)  # noqa: S101 # as above
    return bool(before) and (not now or not set(now) <= set(before))


def _dropped(before: object, now: object) -> bool:
    return bool(before) and before != now


def _proofs(needs: object) -> set[str]:
    """What a list of evidence asks for: a live probe is a probe, too."""
    assert isinstance(needs, tuple)  # noqa: S101 # such a list
    return {*needs, *(("probe",) if "probe-live" in needs else ())}


_REACTION = _ranked("refuse", "warn", "accept")
_RULES: dict[str, Rule] = {
    "enforce": _less,
    "first_use": _ranked("refuse", "accept"),
    "alias_moved": _REACTION,
    "reference_changed": _REACTION,
    "deprecated": _ranked("refuse", "warn", "note"),
    "retires_warn_days": _less,
    "retires_refuse_days": _less,
    "require_canonical": _less,
    "allowed_lines": _widened,
    "pins_from": _dropped,
    "promote_from": _dropped,
    "soak_hours": _less,
    "hand_off": _ranked("settings", "pins"),
    "reuse_seconds": _more,
    "grace_hours": _more,
    "fallback_file": lambda before, now: bool(now) and before != now,
    "accept_needs": lambda before, now: not _proofs(before) <= _proofs(now),
    "evidence_days": _more,
    "overridable": lambda before, now: not set(now) <= set(before),  # type: ignore[call-overload]  # lists of keys
}
"""The keys of the policy; `deadline_seconds` stops nothing."""
_KEYS = {"retires_warn_days": "retires_within_days.warn", "retires_refuse_days": "retires_within_days.refuse"}


def loosened(before: Settings, now: Settings) -> tuple[Loosened, ...]:
    """What `now` stops less than `before`: of both verbs, then origins, waivers and the needs of slots."""
    check = list(_policy("policy", before.policy("check"), now.policy("check")))
    known = {each.what.removeprefix("policy.") for each in check}
    preflight = _policy("policy.preflight", *(side.policy(_PREFLIGHT) for side in (before, now)))
    beside = [each for each in preflight if each.what.removeprefix("policy.preflight.") not in known]
    return (*check, *beside, *_origins(before, now), *_waivers(before.waivers, now.waivers), *_needs(before, now))


_PREFLIGHT: Verb = "preflight"


def _policy(key: str, before: Policy, now: Policy) -> Iterator[Loosened]:
    for name in (field.name for field in fields(Policy)):
        was, is_now = getattr(before, name), getattr(now, name)
        if name in _RULES and _RULES[name](was, is_now):
            yield Loosened(f"{key}.{_KEYS.get(name, name)}: {_shown(was)} before, {_shown(is_now)} now")


def _origins(before: Settings, now: Settings) -> Iterator[Loosened]:
    if _widened(before.api.origins, now.api.origins):
        yield Loosened("api.origins: more are believed than before")


def _waivers(before: tuple[Waiver, ...], now: tuple[Waiver, ...]) -> Iterator[Loosened]:
    for waiver in now:
        same = [
            each.until
            for each in before
            if (each.check, each.slot) in ((waiver.check, waiver.slot), (waiver.check, None))
        ]
        if not same:
            yield Loosened(f"a new waiver for {waiver.check} until {waiver.until}", waiver.slot, waiver.source)
        elif max(same) < waiver.until:
            what = f"the waiver for {waiver.check} lasts until {waiver.until}, not {max(same)}"
            yield Loosened(what, waiver.slot, waiver.source)


def _needs(before: Settings, now: Settings) -> Iterator[Loosened]:
    was = {slot.name: slot for slot in _slots(before)}
    for slot in _slots(now):
        if slot.name in was:
            lost = [each for each in was[slot.name].requires if each not in slot.requires]
            if lost:
                yield Loosened(f"does not require {', '.join(lost)} any more", slot.name, slot.source)
            if was[slot.name].sample and not slot.sample:
                yield Loosened(f"no sample any more: {was[slot.name].sample} before", slot.name, slot.source)
            for name in ("min_input_tokens", "min_output_tokens"):
                least, least_now = getattr(was[slot.name], name), getattr(slot, name)
                if least is not None and (least_now is None or least_now < least):
                    yield Loosened(f"{name}: {least} before, {_shown(least_now)} now", slot.name, slot.source)


def _slots(settings: Settings) -> Iterator[Slot]:
    yield from settings.slots
    yield from (unset.slot for unset in settings.unset)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "any"
    return "nothing" if value in ("", None) else str(value)
