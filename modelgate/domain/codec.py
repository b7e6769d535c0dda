"""Facts and entries as JSON texts, for the rows and fingerprints of the audit store."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.times import format_instant, parse_instant

_INSTANTS = {"deprecated_at", "retires_at", "created_at"}


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """The entry's known facts; what is None is left out."""
    pairs = ((field.name, getattr(entry, field.name)) for field in fields(entry))
    return {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in pairs
        if value is not None and value != {} and value is not False and value != ""
    }


def entry_from_json(stored: dict[str, Any]) -> Entry:
    """The inverse of `entry_to_json`. A key that this version does not know is passed over."""
    known = {field.name for field in fields(Entry)}
    values: dict[str, Any] = {k: parse_instant(v) if k in _INSTANTS else v for k, v in stored.items() if k in known}
    return Entry(**values)


def facts_to_json(facts: Facts, ids: Iterable[str]) -> str:
    """The answers, and the entries of `ids`, as one JSON text. Failed answers are no facts and are left out."""
    answers = {
        name: {"outcome": answer.outcome.value, "id": answer.id}
        for name, answer in facts.answers.items()
        if answer.outcome is not Outcome.FAILED
    }
    wanted = set(ids) | {answer.id for answer in facts.answers.values() if answer.id}
    entries = {model_id: entry_to_json(facts.entries[model_id]) for model_id in wanted if model_id in facts.entries}
    gone = sorted(model_id for model_id in wanted if model_id not in facts.entries and facts.knows(model_id))
    return canonical({"origin": facts.origin, "answers": answers, "entries": entries, "gone": gone})


def facts_from_json(text: str, asked_at: datetime) -> Facts:
    """The facts as they were: they know only the IDs that were written down."""
    stored = json.loads(text)
    answers = {n: Answer(n, Outcome(a["outcome"]), a["id"]) for n, a in stored["answers"].items()}
    entries = {model_id: entry_from_json(entry) for model_id, entry in stored["entries"].items()}
    known = frozenset(entries) | frozenset(stored["gone"])
    return Facts(stored["origin"], asked_at, answers, entries, known=known)
