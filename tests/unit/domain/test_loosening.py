"""What a change of settings lets through that its base stops."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest

from modelgate.domain.loosening import _RULES, loosened
from modelgate.domain.settings import ApiSettings, Policy, Settings, Slot, Waiver
from modelgate.domain.source import Source

HERE = Source("config/prod.toml", 1)
SLOT = Slot("grader", "claude-a", HERE, requires=("batch", "effort.high"), min_input_tokens=1000)
BASE = Settings("checkout", "prod", Path("config"), (SLOT,))
WAIVER = Waiver("catalogue.retires-soon", date(2027, 1, 1), "x", HERE, "grader")


def told(before: Settings, now: Settings) -> list[tuple[str | None, str]]:
    """Slot and words of each thing that is loosened."""
    return [(each.slot, each.what) for each in loosened(before, now)]


@pytest.mark.parametrize(
    ("key", "strict", "loose"),
    [
        ("enforce", True, False),
        ("first_use", "refuse", "accept"),
        ("alias_moved", "refuse", "warn"),
        ("reference_changed", "warn", "accept"),
        ("deprecated", "warn", "note"),
        ("retires_warn_days", 90, 30),
        ("retires_refuse_days", 14, 0),
        ("require_canonical", True, False),
        ("allowed_lines", ("haiku",), ("haiku", "opus")),
        ("allowed_lines", ("haiku",), ()),
        ("pins_from", "lock", "store"),
        ("promote_from", "staging", ""),
        ("soak_hours", 24, 1),
        ("hand_off", "settings", "pins"),
        ("reuse_seconds", 0, 60),
        ("grace_hours", 0, 1),
        ("fallback_file", "", "pins.json"),
        ("accept_needs", ("probe", "quality"), ("quality",)),
        ("accept_needs", ("probe-live",), ("probe",)),
        ("evidence_days", 30, 90),
        ("overridable", (), ("enforce",)),
    ],
)
def test_each_key_of_the_policy(key: str, strict: object, loose: object) -> None:
    """The looser value is told, of both verbs once; the stricter one is not."""
    policies = (Policy(**{key: value}) for value in (strict, loose))  # type: ignore[arg-type]  # a key of any type
    before, now = (replace(BASE, check=policy, preflight=policy) for policy in policies)
    assert len(told(before, now)) == 1
    assert told(before, before) == []
    assert told(now, before) == [] or key == "pins_from"


def test_every_key_is_weighed() -> None:
    """A key that a later hand adds is weighed too, or said to stop nothing."""
    assert {field.name for field in fields(Policy)} - set(_RULES) == {"deadline_seconds"}


def test_preflight_alone() -> None:
    """What only preflight lets through is told as preflight's."""
    now = replace(BASE, preflight=Policy(alias_moved="warn"))
    assert told(BASE, now) == [(None, "policy.preflight.alias_moved: refuse before, warn now")]


def test_waivers() -> None:
    """A new one and a longer one are told; one that was there, or ends sooner, is not."""
    waived = replace(BASE, waivers=(WAIVER,))
    assert told(BASE, waived) == [("grader", "a new waiver for catalogue.retires-soon until 2027-01-01")]
    longer = replace(BASE, waivers=(replace(WAIVER, until=date(2027, 2, 1)),))
    assert told(waived, longer) == [
        ("grader", "the waiver for catalogue.retires-soon lasts until 2027-02-01, not 2027-01-01")
    ]
    assert told(longer, waived) == []
    everywhere = replace(BASE, waivers=(replace(WAIVER, slot=None),))
    assert told(everywhere, waived) == []


def test_needs_and_origins() -> None:
    """A slot that requires less, and an API that is believed from more places."""
    less = replace(BASE, slots=(replace(SLOT, requires=("batch",), min_input_tokens=None),))
    assert told(BASE, less) == [
        ("grader", "does not require effort.high any more"),
        ("grader", "min_input_tokens: 1000 before, nothing now"),
    ]
    assert told(less, BASE) == []
    one = replace(BASE, api=ApiSettings(origins=("https://a",)))
    two = replace(BASE, api=ApiSettings(origins=("https://a", "https://b")))
    assert told(one, two) == [(None, "api.origins: more are believed than before")]
