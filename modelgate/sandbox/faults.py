"""Faults that a sandbox makes on request: failing answers and cut connections, for the next N requests or for a
fraction of them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from starlette.responses import Response

from modelgate.sandbox.answers import ApiError, error_answer, json_answer
from modelgate.sandbox.fields import NONE, NUMBER, Kinds

Cut = Literal["", "before", "during", "after"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which requests fail, and how.

    method and path: globs, matched against the upper-case method and the decoded path. count: how many matching
    requests fail before the rule is used up (None: without end). skip: matching requests let through first. fraction:
    chance 0..1 of each to fail, drawn from `seed`. status, message, details: an API-shaped error; a body (JSON value,
    or text sent as it is) replaces it. headers: added. delay_ms: waited first. cut: `before` drops the connection
    without doing the work, `after` does the work and then drops it without an answer, `during` sends the answer up to
    the middle of its first piece. status None with a delay alone slows requests down and lets them through.
    """

    method: str = "*"
    path: str = "*"
    count: int | None = 1
    skip: int = 0
    fraction: float = 1.0
    seed: int = 0
    status: int | None = None
    message: str = ""
    details: Mapping[str, Any] | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_ms: float = 0
    cut: Cut = ""

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> Rule:
        """A rule from the JSON of `POST /_sandbox/faults`, checked by `RULE_KINDS`; an unknown `cut` is a 400."""
        if raw.get("cut", "") not in get_args(Cut):
            raise ApiError(400, f"cut: {raw['cut']!r} is none of {', '.join(get_args(Cut)[1:])}")
        return Rule(**raw)

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is one of this rule's."""
        return fnmatchcase(method, self.method.upper()) and fnmatchcase(path, self.path)

    def answer(self, request_id: str) -> Response | None:
        """The failing answer, or None where the rule only delays or cuts."""
        if self.status is None:
            return None
        if self.body is None:
            answer = error_answer(ApiError(self.status, self.message, self.details), request_id)
        elif isinstance(self.body, str):
            answer = Response(self.body.encode("utf-8", "surrogatepass"), self.status)
        else:
            answer = json_answer(self.body, self.status)
        answer.headers.update({name: str(value) for name, value in self.headers.items()})
        return answer


RULE_KINDS: Kinds = {
    "method": (str,),
    "path": (str,),
    "count": (int, NONE),
    "skip": (int,),
    "fraction": NUMBER,
    "seed": (int,),
    "status": (int, NONE),
    "message": (str,),
    "details": (dict, NONE),
    "body": (object,),
    "headers": (dict,),
    "delay_ms": NUMBER,
    "cut": (str,),
}
"""The kinds of the parts of a `Rule`, as JSON brings them."""


class _Running:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.left = rule.count
        self.to_skip = rule.skip
        self._random = random.Random(rule.seed)  # noqa: S311 # a repeatable draw, no secret

    def strikes(self) -> bool:
        if self.to_skip > 0:
            self.to_skip -= 1
            return False
        if self.rule.fraction < 1 and self._random.random() >= self.rule.fraction:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The rules in force, oldest first; a request gets the first that matches and strikes."""

    def __init__(self) -> None:
        self._running: list[_Running] = []

    def add(self, rule: Rule) -> None:
        """Put a rule in force, behind the others."""
        self._running.append(_Running(rule))

    def clear(self) -> None:
        """Lift all rules."""
        self._running.clear()

    def strike(self, method: str, path: str) -> Rule | None:
        """The rule that a request falls under, if any; a rule is used up after `count` strikes."""
        for running in self._running:
            if running.rule.matches(method, path) and running.strikes():
                if running.left == 0:
                    self._running.remove(running)
                return running.rule
        return None

    def describe(self) -> list[dict[str, Any]]:
        """The rules in force as JSON, each with the strikes that are `left` (None: without end)."""
        return [{**asdict(running.rule), "left": running.left} for running in self._running]
