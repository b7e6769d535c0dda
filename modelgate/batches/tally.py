"""Outcomes counted: of one batch, of a job."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from modelgate.batches.results import NO_TOKENS, Result, Tokens
from modelgate.domain.codec import canonical

NOT_TOLD = "(not told)"
"""What stands for a model or a reason that an answer does not name."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many requests ended how, and what they used."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    """`succeeded`, `errored:overloaded_error`, `expired`, … to a number of requests."""
    tokens: Tokens = NO_TOKENS
    served: Mapping[str, int] = field(default_factory=dict)
    """Models other than the pin that answered, to a number of requests."""
    stop_reasons: Mapping[str, int] = field(default_factory=dict)
    """Why answers ended, of those that succeeded; empty where an older version counted."""

    @property
    def requests(self) -> int:
        """All requests counted."""
        return sum(self.outcomes.values())

    @property
    def succeeded(self) -> int:
        """Requests that ended with success."""
        return self.outcomes.get("succeeded", 0)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            Counter(self.outcomes) + Counter(other.outcomes),
            self.tokens + other.tokens,
            Counter(self.served) + Counter(other.served),
            Counter(self.stop_reasons) + Counter(other.stop_reasons),
        )

    def to_json(self) -> str:
        """The tally as a JSON text. Older versions read the first three keys, and of `tokens` just these."""
        tokens = asdict(self.tokens)
        an_hour = tokens.pop("cache_written_1h")
        told = {"outcomes": dict(self.outcomes), "tokens": tokens, "served": dict(self.served)}
        return canonical(told | {"stop_reasons": dict(self.stop_reasons), "cache_written_1h": an_hour})

    @staticmethod
    def from_json(text: str) -> Tally:
        """The inverse of `to_json`."""
        stored: dict[str, Any] = json.loads(text)
        tokens = Tokens(**stored["tokens"], cache_written_1h=stored.get("cache_written_1h", 0))
        return Tally(stored["outcomes"], tokens, stored["served"], stored.get("stop_reasons", {}))


def outcome_key(outcome_type: str, reason: str) -> str:
    """The name under which an outcome is counted."""
    return f"{outcome_type}:{reason}" if reason else outcome_type


class Counting:
    """A tally in the making."""

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id
        self._outcomes: Counter[str] = Counter()
        self._served: Counter[str] = Counter()
        self._stops: Counter[str] = Counter()
        self._tokens = NO_TOKENS

    def add(self, outcome: Result) -> None:
        """Count one outcome; an answer of a model other than the pin is counted beside."""
        self._outcomes[outcome_key(outcome.type, outcome.reason)] += 1
        self._tokens += outcome.tokens
        if outcome.type == "succeeded":
            self._stops[outcome.stop or NOT_TOLD] += 1
            if outcome.served != self._model_id:
                self._served[outcome.served or NOT_TOLD] += 1

    def add_many(self, key: str, requests: int) -> None:
        """Count requests that ended alike, without an answer."""
        if requests:
            self._outcomes[key] += requests

    def result(self) -> Tally:
        """The tally so far."""
        return Tally(dict(self._outcomes), self._tokens, dict(self._served), dict(self._stops))
