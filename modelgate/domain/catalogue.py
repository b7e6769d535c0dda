"""What the Models API says, as frozen values. `modelgate.api` asks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from modelgate.domain.problems import Problem
from modelgate.domain.text import did_you_mean

LIFECYCLES = ("active", "deprecated", "retired")


@dataclass(frozen=True, slots=True)
class Entry:
    """One model, as the Models API describes it. A fact that the answer lacked is None: unknown, never 'no'."""

    id: str
    """The canonical model ID."""
    lifecycle: str | None = None
    """`active`, `deprecated`, `retired`; None where the answer lacks it or has a word nobody here knows."""
    deprecated_at: datetime | None = None
    retires_at: datetime | None = None
    """Can be revised until retirement; a past date on a deprecated model means overdue, not gone (documented)."""
    retires_known: bool = False
    """Whether the answer had the key at all: with None, no date is set."""
    line: str | None = None
    """None with `line_known`: the model belongs to no line."""
    line_known: bool = False
    max_input_tokens: int | None = None
    max_tokens: int | None = None
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    """Dotted path to `supported`, such as `thinking.types.adaptive`. A missing path is unknown."""
    display_name: str = ""
    created_at: datetime | None = None
    doubt: str = ""
    """What of the entry could not be read: then nothing is judged by it, though the model is served."""

    def supports(self, path: str) -> bool | None:
        """Whether the capability is there; None if the entry does not say. A parent's 'no' holds for its children."""
        parts = path.split(".")
        for depth in range(1, len(parts)):
            if self.capabilities.get(".".join(parts[:depth])) is False:
                return False
        return self.capabilities.get(path)


Standing = Literal["served", "retired", "missing", "unknown"]
"""Of an ID: in service today, switched off, not in the catalogue; or nobody knows."""


class Outcome(StrEnum):
    """What asking for a name came to."""

    RESOLVED = "resolved"
    RETIRED = "retired"
    UNKNOWN = "unknown"
    NOT_PERMITTED = "not-permitted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said of one name."""

    name: str
    outcome: Outcome
    id: str | None = None
    """The canonical ID, where `outcome` is RESOLVED or RETIRED."""
    problem: Problem | None = None
    """Why it could not be known, where `outcome` is FAILED."""

    @property
    def is_alias(self) -> bool:
        """A name is an alias if the API answers with another ID; its shape tells nothing."""
        return self.id is not None and self.id != self.name


@dataclass(frozen=True, slots=True)
class Facts:
    """What one asking of the Models API brought: the only thing the judgement knows of it."""

    origin: str
    """scheme://host[:port] of the API that answered."""
    asked_at: datetime
    """When the API was asked: reuse and grace count from here."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By name: every reference, and every pinned or held ID that the list did not answer for."""
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """By ID, newest first, as the list has them: models that are served, and retired ones that were asked for."""
    problem: Problem | None = None
    """Set if the list itself could not be had: then nothing is known but what `answers` says."""
    requests: int = 0
    """HTTP requests made, retries included; 0 where facts are reused."""
    known: frozenset[str] | None = None
    """Of facts from the store: the IDs of which they say whether they are served. None: the whole list was seen."""

    def served(self, model_id: str) -> Entry | None:
        """The entry of a model that can be used today."""
        entry = self.entries.get(model_id)
        return entry if entry and entry.lifecycle != "retired" else None

    def knows(self, model_id: str) -> bool:
        """Whether it is known if `model_id` is served: false where the list could not be had."""
        answer = self.answers.get(model_id)
        failed = answer is not None and answer.outcome is Outcome.FAILED
        return self.problem is None and not failed and (self.known is None or model_id in self.known)

    def standing(self, model_id: str) -> Standing:
        """Whether the ID can be used today, as far as it is known."""
        if not self.knows(model_id):
            return "unknown"
        if self.served(model_id):
            return "served"
        answer = self.answers.get(model_id)
        retired = model_id in self.entries or (answer is not None and answer.outcome is Outcome.RETIRED)
        return "retired" if retired else "missing"

    def patched(self, earlier: Facts) -> Facts:
        """These facts with earlier ones where an answer is missing; all of them if the list could not be had."""
        if self.problem:
            return replace(earlier, requests=self.requests)
        missing = {name for name, answer in self.answers.items() if answer.outcome is Outcome.FAILED}
        stood_in = {name: earlier.answers[name] for name in missing if name in earlier.answers}
        return replace(self, answers={**self.answers, **stood_in})


_OTHERS_NAMES = {
    "vision": "image_input",
    "images": "image_input",
    "pdf": "pdf_input",
    "structured_output": "structured_outputs",
    "response_schema": "structured_outputs",
    "json_schema": "structured_outputs",
    "reasoning": "thinking",
    "web_search": "server_tools.web_search",
    "batches": "batch",
}
"""What other tools call capabilities of this API (LiteLLM's model map, gateways' docs), by their name."""


def capability_meant(path: str, known: Iterable[str]) -> str:
    """The capability of `known` that somebody meant who wrote `path`; empty if none is near."""
    known = list(known)
    other = _OTHERS_NAMES.get(path.removeprefix("supports_"), "")
    return other if other in known else did_you_mean(path, known)
