"""The fallback file: pins that an earlier `preflight --emit-json` wrote, for when the store cannot be asked."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

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
    they ask for, and is younger than `grace_hours`. A file that cannot be read or understood does not serve.
    """
    if not policy.fallback_file or policy.grace_hours <= 0:
        return None, None
    try:
        handed_at, pins = _read(Path(policy.fallback_file), context)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None, None
    lasting = timedelta(hours=policy.grace_hours)
    asked = {(slot.name, slot.reference) for slot in context.settings.slots}
    if not is_young(handed_at, context.clock.now(), lasting) or not asked <= {(p.slot, p.reference) for p in pins}:
        return None, None
    return fold(pins), Grace(handed_at, handed_at + lasting)


def _read(path: Path, context: Context) -> tuple[datetime, list[Pin]]:
    stored = json.loads(read_small(path, _LONGEST))
    scope = context.scope
    if (stored["schema"], stored["service"], stored["environment"]) != (SCHEMA, scope.service, scope.environment):
        raise ValueError("of another schema, service or environment")
    handed_at = parse_instant(stored["handed_at"])
    return handed_at, [
        Pin(slot, model["revision"], "accept", str(model["id"]), str(model["reference"]), recorded_at=handed_at)
        for slot, model in stored["models"].items()
    ]
