"""One line of a file of requests: what is wrong with it, and what is sent in its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from modelgate.batches.split import LONGEST_REQUEST
from modelgate.domain.batches import LARGEST
from modelgate.domain.text import printable

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""`custom_id` (documented)."""

REFUSED = ("temperature", "top_p", "top_k")
"""Parameters with which a request errors under `anthropic-version` 2026-10-21, even at default values (documented)."""

DEEPEST = 500
"""Objects and lists within each other. Python reads and writes a little more or less, as its stack has room: what was
checked must be readable when it is sent.
"""

_KEYS = {"custom_id", "params"}


@dataclass(frozen=True, slots=True)
class RequestRules:
    """What the requests of a job must fit."""

    model_id: str
    """The ID that is filled in."""
    reference: str
    """The slot's reference: the other name that `params.model` may have."""
    max_tokens: int | None = None
    """The model's limit; None: unknown."""


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A request as it is sent."""

    custom_id: str
    body: bytes
    max_tokens: int


class BadRequest(ValueError):
    """A line that cannot be sent; `reasons` are all that is wrong with it."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def check(line: bytes, rules: RequestRules) -> CheckedRequest:
    """The request of a line, with the slot's ID filled in. Raises `BadRequest`.

    What is sent is written anew from what was checked, so that a second reader of the same bytes (a duplicate key, an
    odd number) cannot see another request.
    """
    request = _parsed(line)
    reasons = tuple(_reasons(request, rules))
    if reasons:
        raise BadRequest(reasons)
    params = {**request["params"], "model": rules.model_id}
    body = _encoded({"custom_id": request["custom_id"], "params": params})
    if len(body) > LONGEST_REQUEST:
        raise BadRequest((f"{len(body):,} bytes are more than a batch can hold",))
    return CheckedRequest(request["custom_id"], body, params["max_tokens"])


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequest((f"not JSON: {printable(str(error), 60)}",)) from None
    if not isinstance(request, dict):
        raise BadRequest((f"a JSON object is needed, not {_kind(request)}",))
    if _is_deep(request):
        raise BadRequest((f"nested more than {DEEPEST} deep",))
    return request


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        parents = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        if not parents:
            return False
        level = [child for parent in parents for child in parent]
    return any(isinstance(each, dict | list) for each in level)


def _reasons(request: dict[str, Any], rules: RequestRules) -> Iterator[str]:
    custom_id = request.get("custom_id")
    if custom_id is None:
        yield "custom_id is missing"
    elif not isinstance(custom_id, str) or not CUSTOM_ID.fullmatch(custom_id):
        yield f"custom_id {_shown(custom_id)} is not 1 to 64 of A-Z a-z 0-9 _ -"
    for key in sorted(request.keys() - _KEYS):
        yield f"{_shown(key)} is no part of a request"
    params = request.get("params")
    if isinstance(params, dict):
        yield from _params(params, rules)
    else:
        yield "params is missing" if params is None else f"params must be an object, not {_kind(params)}"


def _params(params: dict[str, Any], rules: RequestRules) -> Iterator[str]:
    model = params.get("model", rules.model_id)
    if model not in (rules.model_id, rules.reference):
        allowed = " nor ".join(dict.fromkeys((repr(rules.reference), repr(rules.model_id))))
        yield f"params.model {_shown(model)} is not {allowed}"
    yield from _max_tokens(params.get("max_tokens"), rules.max_tokens)
    yield from _messages(params.get("messages"))
    for name in REFUSED:
        if name in params:
            yield f"params.{name} is refused by this API version"
    if params.get("stream"):
        yield "params.stream cannot be used in a batch"


def _max_tokens(value: object, limit: int | None) -> Iterator[str]:
    if value is None:
        yield "params.max_tokens is missing"
    elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
        yield f"params.max_tokens must be a whole number from 1 on, not {_shown(value)}"
    elif value > LARGEST:
        yield f"params.max_tokens {_shown(value)} is more than any model's limit"
    elif limit is not None and value > limit:
        yield f"params.max_tokens {value:,} is above the model's limit of {limit:,}"


def _messages(value: object) -> Iterator[str]:
    if value is None:
        yield "params.messages is missing"
    elif not isinstance(value, list) or not value:
        yield "params.messages must be a list with at least one message"
    else:
        for number, message in enumerate(value):
            if not isinstance(message, dict) or "role" not in message or "content" not in message:
                yield f"params.messages[{number}] needs role and content"
                return


def _encoded(request: dict[str, Any]) -> bytes:
    try:
        return json.dumps(request, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate: only its escape can be sent
        return json.dumps(request, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        raise BadRequest(("a number is not finite",)) from None


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _shown(value: object) -> str:
    return repr(printable(value, 60)) if isinstance(value, str) else printable(json.dumps(value), 60)
