"""What a run records of the terms on which a slot was judged, so that `watch` judges it on the same ones later.

Reading believes nothing: a row may be an older gate's, a newer one's, or somebody's who only may add rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from modelgate.domain.settings import ApiSettings, Policy, Waiver
from modelgate.domain.source import Source

_DEFAULT = Policy()
_REACTIONS = ("refuse", "warn", "accept")
_LATER: dict[str, tuple[object, ...]] = {
    "alias_moved": _REACTIONS,
    "reference_changed": _REACTIONS,
    "deprecated": ("note", "warn", "refuse"),
    "retires_refuse_days": (),
    "hand_off": ("pins", "settings"),
    "pins_from": ("store", "lock"),
}
"""The keys of the policy that weigh what can happen after a start, and what each may say; no words: days."""


def recorded(slots: str) -> dict[str, dict[str, Any]]:
    """What a run recorded of each slot, by the slot's name."""
    try:
        found = json.loads(slots)
    except (ValueError, RecursionError):
        return {}
    told = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return {each["slot"]: each for each in told if isinstance(each.get("slot"), str)}


def to_json(policy: Policy, waivers: Iterable[Waiver], slot: str, api: ApiSettings) -> dict[str, Any]:
    """What differs from the defaults; an empty mapping for most slots."""
    told: dict[str, Any] = {}
    if weighs := {key: getattr(policy, key) for key in _LATER if getattr(policy, key) != getattr(_DEFAULT, key)}:
        told["policy"] = weighs
    if policy.allowed_lines:  # which say where the slot may move
        told["allowed_lines"] = list(policy.allowed_lines)
    mine = [waiver for waiver in waivers if waiver.slot in (None, slot)]
    if mine:
        told["waivers"] = [{"check": w.check, "until": w.until.isoformat()} for w in mine]
    if api.platform != "anthropic":
        told["platform"] = api.platform
    if api.workspace_id:
        told["workspace_id"] = api.workspace_id
    return told


def policy_of(stored: Mapping[str, Any]) -> Policy:
    """The policy of a slot as a run recorded it. What the row lacks, or says in no known way, is as by default."""
    given, lines = stored.get("policy"), _texts(stored.get("allowed_lines"))
    if not isinstance(given, dict):
        return replace(_DEFAULT, allowed_lines=lines) if lines else _DEFAULT
    known: dict[str, Any] = {key: given[key] for key in _LATER if key in given and _is_known(key, given[key])}
    return Policy(**known, allowed_lines=lines)


def waivers_of(stored: Mapping[str, Any], slot: str) -> tuple[Waiver, ...]:
    """The waivers of a slot as a run recorded them; none of a row without. One that cannot be read covers nothing."""
    given = stored.get("waivers")
    read = [_waiver(each, slot) for each in given] if isinstance(given, list) else []
    return tuple(waiver for waiver in read if waiver)


def platform_of(stored: Mapping[str, Any]) -> str:
    """Where the slot's gate asked; of a row without, Anthropic's own API."""
    return str(stored.get("platform") or "anthropic")


def workspace_of(stored: Mapping[str, Any]) -> str:
    """The workspace that the gate asked for; empty: its key's own, whichever that is."""
    return str(stored.get("workspace_id") or "")


def needs_of(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """The capabilities that the slot asked for."""
    return _texts(stored.get("requires"))


def limits_of(stored: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The input and output tokens that the slot asked for."""
    given = (stored.get("min_input_tokens"), stored.get("min_output_tokens"))
    return given[0] if type(given[0]) is int else None, given[1] if type(given[1]) is int else None


def _texts(given: object) -> tuple[str, ...]:
    return tuple(each for each in given if isinstance(each, str)) if isinstance(given, list) else ()


def _is_known(key: str, value: object) -> bool:
    words = _LATER[key]
    return value in words if words else type(value) is int and 0 <= value < 10**6


def _waiver(given: object, slot: str) -> Waiver | None:
    if not isinstance(given, dict):
        return None
    check, until = given.get("check"), given.get("until")
    if not isinstance(check, str) or not isinstance(until, str):
        return None
    try:
        return Waiver(check, date.fromisoformat(until), "", Source("the recorded run"), slot)
    except ValueError:
        return None
