"""The world that the judgement's tests are set in: a few models, and a snapshot of them with one slot or more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.pins import Pin, SlotPins
from modelgate.domain.problems import Problem
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Policy, Slot
from modelgate.domain.snapshot import Grace, Snapshot
from modelgate.domain.source import Source

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORIGIN = "https://api.anthropic.com"

A, B, RETIRED, MISSING = "claude-a-20260101", "claude-b-20251001", "claude-old-20240101", "claude-never"
ALIAS, OTHER = "claude-a", "claude-other"
"""References: what the settings ask for, and what they asked for once."""

OUTAGE = Problem("api.unreachable", "connection refused", "try again", graceable=True)
STORE_OUTAGE = Problem("store.unreachable", "connection refused", "try again", graceable=True)
GRACE = Grace(NOW - HOUR, NOW + HOUR)


def entry(model_id: str, **facts: Any) -> Entry:
    """A model that is active and of a known line, unless told otherwise."""
    known: dict[str, Any] = {"lifecycle": "active", "line": "sonnet", "line_known": True} | facts
    return Entry(model_id, **known)


CATALOGUE = {model.id: model for model in (entry(A), entry(B), entry(RETIRED, lifecycle="retired"))}

KNOWN_ANSWERS = {
    A: Answer(A, Outcome.RESOLVED, A),
    B: Answer(B, Outcome.RESOLVED, B),
    RETIRED: Answer(RETIRED, Outcome.RETIRED, RETIRED),
    MISSING: Answer(MISSING, Outcome.UNKNOWN),
}


def facts(answer: Answer, catalogue: Mapping[str, Entry] = CATALOGUE, **changes: Any) -> Facts:
    """What the API said of the reference, and of every ID that stands in a pin."""
    return replace(Facts(ORIGIN, NOW, {**KNOWN_ANSWERS, answer.name: answer}, catalogue), **changes)


def pin(revision: int, reference: str, model_id: str, **changes: Any) -> Pin:
    """An approval."""
    return replace(Pin("summarizer", revision, "accept", model_id, reference), **changes)


def hold(model_id: str, **changes: Any) -> Pin:
    """A hold, as a rollback sets it."""
    return replace(Pin("summarizer", 9, "rollback", model_id, ALIAS), **changes)


def slot(reference: str = ALIAS, **changes: Any) -> Slot:
    """A slot with no requirements."""
    return replace(Slot("summarizer", reference, Source("config/prod.toml", 12)), **changes)


def snapshot(
    answer: Answer | None = None, pins: tuple[Pin, ...] = (), held: Pin | None = None, **changes: Any
) -> Snapshot:
    """One slot that asks for the alias of A, as preflight sees it."""
    answer = answer or Answer(ALIAS, Outcome.RESOLVED, A)
    state = {"summarizer": SlotPins("summarizer", pins, held, revision=9)} if pins or held else {}
    return replace(
        Snapshot("preflight", NOW, Policy(), Scope("checkout", "prod"), (slot(),), pins=state, facts=facts(answer)),
        **changes,
    )
