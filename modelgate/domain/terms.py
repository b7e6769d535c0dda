"""What a run records of the terms on which a slot was judged, so that `watch` judges it on the same ones later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from modelgate.domain.settings import ApiSettings, Policy, Waiver
from modelgate.domain.source import Source

_DEFAULT = Policy()
_LATER = ("alias_moved", "deprecated", "retires_refuse_days", "allowed_lines", "hand_off", "pins_from")
"""The keys of the policy that weigh what can happen after a start, or say where a slot may move."""


def to_json(policy: Policy, waivers: Iterable[Waiver], slot: str, api: ApiSettings) -> dict[str, Any]:
    """What differs from the defaults; an empty mapping for most slots."""
    told: dict[str, Any] = {}
    if weighs := {key: getattr(policy, key) for key in _LATER if getattr(policy, key) != getattr(_DEFAULT, key)}:
        told["policy"] = weighs
    mine = [waiver for waiver in waivers if waiver.slot in (None, slot)]
    if mine:
        told["waivers"] = [{"check": w.check, "until": w.until.isoformat()} for w in mine]
    if api.platform != "anthropic":
        told["platform"] = api.platform
    return told


def policy_of(stored: Mapping[str, Any]) -> Policy:
    """The policy of a slot as a run recorded it; the default one of a row without."""
    known = {field.name for field in fields(Policy)} & set(_LATER)
    given = stored.get("policy")
    if not isinstance(given, dict):
        return _DEFAULT
    kept: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items() if k in known}
    return Policy(**kept)


def waivers_of(stored: Mapping[str, Any], slot: str) -> tuple[Waiver, ...]:
    """The waivers of a slot as a run recorded them; none of a row without."""
    return tuple(
        Waiver(each["check"], date.fromisoformat(each["until"]), "", Source("the recorded run"), slot)
        for each in stored.get("waivers") or ()
    )
