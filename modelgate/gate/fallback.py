"""The fallback file: pins that an earlier `preflight --emit-json` wrote, for when the store cannot be asked."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from modelgate.domain.errors import UsageError
from modelgate.domain.pins import Pin, SlotPins, fold
from modelgate.domain.settings import Policy
from modelgate.domain.snapshot import Grace
from modelgate.domain.times import is_young, parse_instant
from modelgate.gate.context import Context
from modelgate.pins import SCHEMA
from modelgate.small_file import read_small

_LONGEST = 1 << 20


def stand_in(context: Context, policy: Policy) -> tuple[dict[str, SlotPins] | None, Grace | None]:
    """The file's pins and how long they may still be believed; neither, if it does not serve.

    It serves if it is of this service and environment, names every slot of the settings for the reference that
    they ask for, and is younger than `grace_hours`.
    """
    handed_at, pins = _young(context, policy)
    asked = {(slot.name, slot.reference) for slot in context.settings.slots}
    if handed_at is None or not asked <= {(p.slot, p.reference) for p in pins}:
        return None, None
    return fold(pins), Grace(handed_at, handed_at + timedelta(hours=policy.grace_hours))


def ids(context: Context, policy: Policy) -> dict[str, str]:
    """Slot to ID for what the file says of a reference that the settings still ask for; it may lack slots."""
    asked = {(slot.name, slot.reference) for slot in context.settings.slots}
    return {pin.slot: pin.model_id for pin in _young(context, policy)[1] if (pin.slot, pin.reference) in asked}


def names(context: Context, policy: Policy) -> dict[str, str]:
    """Slot to ID as the file has them, however old it is; empty where there is none."""
    try:
        return {pin.slot: pin.model_id for pin in _read(Path(policy.fallback_file), context)[1]}
    except _UNREADABLE:
        return {}


def need_not_lose(context: Context, path: Path) -> None:
    """Raises UsageError if a gate that observes would overwrite the fallback file that an enforcing one wrote."""
    policy = context.settings.preflight
    if policy.enforce or not policy.fallback_file or path.resolve() != Path(policy.fallback_file).resolve():
        return
    try:
        _read(path, context)
    except _UNREADABLE:
        return
    hint = "name another file: --emit-json OTHER"
    raise UsageError(f"{path} is the fallback file, with pins that were handed over; observing keeps it", hint=hint)


_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


def _young(context: Context, policy: Policy) -> tuple[datetime | None, list[Pin]]:
    """When the pins were handed over, and the pins; a file that is old, or cannot be read or understood, has none."""
    if not policy.fallback_file or policy.grace_hours <= 0:
        return None, []
    try:
        handed_at, pins = _read(Path(policy.fallback_file), context)
    except _UNREADABLE:
        return None, []
    young = is_young(handed_at, context.clock.now(), timedelta(hours=policy.grace_hours))
    return (handed_at, pins) if young else (None, [])


def _read(path: Path, context: Context) -> tuple[datetime, list[Pin]]:
    stored = json.loads(read_small(path, _LONGEST))
    scope = context.scope
    if (stored["schema"], stored["service"], stored["environment"]) != (SCHEMA, scope.service, scope.environment):
        raise ValueError("of another schema, service or environment")
    handed_at = parse_instant(stored["handed_at"])
    return handed_at, [_pin(slot, model, handed_at) for slot, model in stored["models"].items()]


def _pin(slot: str, model: dict[str, object], handed_at: datetime) -> Pin:
    """Raises ValueError for values that preflight never wrote."""
    match model["revision"], model["id"], model["reference"]:
        case (None | int()) as revision, str(model_id), str(reference) if not isinstance(revision, bool):
            return Pin(slot, revision, "accept", model_id, reference, recorded_at=handed_at)
    raise ValueError("of another shape")
