"""How the requests of batches end, as told over HTTP: by custom_id, or by proportions drawn from a seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelgate.sandbox.answers import ApiError
from modelgate.sandbox.fields import NONE, NUMBER, Kinds

SUCCEEDED, CANCELED, EXPIRED, MISSING = "succeeded", "canceled", "expired", "missing"
ERRORED, OTHER, STOPPED = "errored:", "other:", "succeeded:"
"""Prefixes of an error type, of a result type that the API does not have yet, and of an answer's stop reason."""
OUT_OF_CREDIT = ERRORED + "out_of_credit"
"""Such rows have a type of their own nowhere: only the message tells (seen in recordings)."""

PLAN_KINDS: Kinds = {
    "custom_ids": (dict,),
    "rows": (dict,),
    "proportions": (dict,),
    "seed": (int,),
    "batches": (int, NONE),
}
"""The kinds of the parts of a `OutcomePlan`, as JSON brings them."""


@dataclass(frozen=True, slots=True)
class OutcomePlan:
    """What `POST /_sandbox/outcomes` says; `SandboxControl.set_outcomes` tells the meaning of each part."""

    custom_ids: Mapping[str, str | list[str]] = field(default_factory=dict)
    rows: Mapping[str, str | list[str]] = field(default_factory=dict)
    proportions: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    batches: int | None = None

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> OutcomePlan:
        """A plan from JSON; an unknown outcome or fractions above 1 in sum are a 400."""
        plan = OutcomePlan(**raw)
        for told in (*plan.custom_ids.values(), *plan.rows.values()):
            for outcome in told if isinstance(told, list) else [told]:
                _known(outcome)
        for outcome, fraction in plan.proportions.items():
            _known(outcome)
            if not isinstance(fraction, NUMBER) or fraction < 0:
                raise ApiError(400, f"proportions.{outcome}: {fraction!r} is no fraction")
        if sum(plan.proportions.values()) > 1 + 1e-9:
            raise ApiError(400, "proportions: more than 1 in sum")
        return plan


def _known(outcome: object) -> None:
    if not isinstance(outcome, str):
        raise ApiError(400, f"outcome: {outcome!r} is no text")
    if outcome not in (SUCCEEDED, CANCELED, EXPIRED, MISSING) and not outcome.startswith((ERRORED, OTHER, STOPPED)):
        raise ApiError(400, f"outcome: {outcome!r} is none of succeeded, errored:TYPE, canceled, expired, missing")


class Outcomes:
    """The plan in force, and how often it has been used."""

    def __init__(self) -> None:
        self.plan = OutcomePlan()
        self._creates = 0
        self._sent: Counter[str] = Counter()

    def set(self, plan: OutcomePlan) -> None:
        """Put a plan in force instead of the present one."""
        self.plan = plan
        self._creates = 0
        self._sent.clear()

    def for_next_batch(self) -> Callable[[str], str]:
        """A function from custom_id to outcome, to be called once for each request of one new batch, in its order."""
        plan = self.plan
        over = plan.batches is not None and self._creates >= plan.batches
        self._creates += 1
        draw = random.Random(f"{plan.seed}/{self._creates}")  # noqa: S311 # a repeatable draw, no secret

        def outcome(custom_id: str) -> str:
            if over:
                return SUCCEEDED
            if custom_id in plan.custom_ids:
                return self._told(plan.custom_ids[custom_id], custom_id)
            row = custom_id.rpartition("-")[2]
            if row in plan.rows:
                return self._told(plan.rows[row], f"row {row}")
            return _drawn(plan.proportions, draw.random())

        return outcome

    def _told(self, told: str | list[str], custom_id: str) -> str:
        if isinstance(told, str):
            return told
        turn = self._sent[custom_id]
        self._sent[custom_id] += 1
        return told[turn] if turn < len(told) else SUCCEEDED


def _drawn(proportions: Mapping[str, float], number: float) -> str:
    for outcome, fraction in proportions.items():
        if number < fraction:
            return outcome
        number -= fraction
    return SUCCEEDED
