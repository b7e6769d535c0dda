"""One line of a file of requests: what is wrong with it, and what is sent in its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from modelgate.domain.batches import LARGEST
from modelgate.domain.catalogue import Entry
from modelgate.domain.needs import REFUSED_PARAMETERS, Need, needs_of
from modelgate.domain.text import printable

LONGEST_ID = 256
"""Code points of a caller's `custom_id`, which is any text but NUL: what is sent has one of the job's own."""

OF_THE_SDK = ("betas", "extra_body", "extra_headers", "extra_query", "timeout")
"""Arguments of the SDK's `create` that are no parameters of the API's body."""

_INSTEAD = {"betas": ": --beta NAME"}

NOT_IN_BATCHES = ("fallbacks", "speed")
"""Parameters of messages that batches do not take (SDK's docstrings, and second-hand)."""

OPENAI = 'this is OpenAI\'s format: a line must be {"custom_id": …, "params": {…}}, with the params of /v1/messages'

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
    entry: Entry | None = None
    """What the API says of the ID; None: the request was judged before, and is only read again."""
    runnable: frozenset[str] | None = None
    """The IDs that a slot here may run, for models that are named inside; None: not known."""


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A request that fits."""

    custom_id: str
    """As its caller calls it."""
    params: bytes
    """JSON, as it is sent."""
    max_tokens: int
    notes: tuple[str, ...] = ()
    """What this version or the entry does not know; it is sent."""


_NOT_SENT = frozenset({*OF_THE_SDK, *NOT_IN_BATCHES})
_ENVELOPE = len(b'{"custom_id":"","params":}')


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
    request = parsed(line)
    if {"method", "url", "body"} <= request.keys():
        raise BadRequest((OPENAI,))
    judged = _judged(request.get("params"), rules)
    reasons = (*_reasons(request, rules), *(reason for reason, refused in judged if refused))
    if reasons:
        raise BadRequest(reasons)
    notes = tuple(note for note, refused in judged if not refused)
    return CheckedRequest(request["custom_id"], encoded(request, rules), request["params"]["max_tokens"], notes)


def encoded(request: dict[str, Any], rules: RequestRules) -> bytes:
    """The params of a request that fits, with the slot's ID filled in, as they are sent. Raises `BadRequest`."""
    return _encoded({**request["params"], "model": rules.model_id}, escape=rules.entry is None)


def sent_length(custom_id: str, params: bytes) -> int:
    """Bytes of `as_sent`."""
    return _ENVELOPE + len(custom_id) + len(params)


def is_name(value: str) -> bool:
    """Whether it is any Unicode text of 1 to `LONGEST_ID` code points but NUL."""
    try:
        return 0 < len(value) <= LONGEST_ID and b"\0" not in value.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False


def as_sent(custom_id: str, params: bytes) -> bytes:
    """One request in the body of a create. `custom_id` is of ASCII alone: the job's own, or one that the API takes."""
    return b'{"custom_id":"%b","params":%b}' % (custom_id.encode(), params)


def parsed(line: bytes) -> dict[str, Any]:
    """The object of a line, as it stands there. Raises `BadRequest`."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequest((f"not JSON: {printable(str(error), 60)}",)) from None
    if not isinstance(request, dict):
        raise BadRequest((f"a JSON object is needed, not {_kind(request)}",))
    if line.count(b"[") + line.count(b"{") > DEEPEST and _is_deep(request):
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
    elif not isinstance(custom_id, str) or not is_name(custom_id):
        yield f"custom_id {_shown(custom_id)} is no text of 1 to {LONGEST_ID} characters without NUL"
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
    yield from _max_tokens(params.get("max_tokens"), rules.entry.max_tokens if rules.entry else None)
    yield from _messages(params.get("messages"))
    for name in sorted(REFUSED_PARAMETERS & params.keys()):
        yield f"params.{name} is refused by this API version"
    if params.get("stream"):
        yield "params.stream cannot be used in a batch"


def _judged(params: object, rules: RequestRules) -> list[tuple[str, bool]]:
    """What the params ask for beside what the entry tells: reasons, and whether each refuses the line."""
    entry = rules.entry
    if entry is None or not isinstance(params, dict):
        return []
    if not params.keys() & _NOT_SENT:  # as almost every line
        return [said for need in needs_of(params) if (said := _said(need, entry, rules))]
    found = [
        (f"params.{name} is the SDK's, no parameter of the API{_INSTEAD.get(name, '')}", True)
        for name in OF_THE_SDK
        if name in params
    ]
    found += [
        (f"params.{name} cannot be used in a batch", True) for name in NOT_IN_BATCHES if params.get(name) is not None
    ]
    left = {name: value for name, value in params.items() if name not in _NOT_SENT}
    return found + [said for need in needs_of(left) if (said := _said(need, entry, rules))]


def _said(need: Need, entry: Entry, rules: RequestRules) -> tuple[str, bool] | None:
    if need.kind == "unknown":
        return f"params.{need.place} is not known here, and sent as it is", False
    if need.kind == "model" and rules.runnable is not None and need.name not in rules.runnable | {rules.model_id}:
        return f"params.{need.place}: no slot here may run it", True
    if need.kind == "capability" and (met := need.met_by(entry)) is not True:
        said = "does not say whether it can" if met is None else "cannot"
        return f"params.{need.place}: {entry.id} {said}", met is False
    return None


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


def _encoded(params: dict[str, Any], *, escape: bool) -> bytes:
    try:
        return _encode(params).encode()
    except UnicodeEncodeError:  # a lone surrogate: the API refuses a whole batch for it (second-hand)
        if not escape:
            raise BadRequest(("no Unicode text: a lone surrogate, half of a character that was cut",)) from None
        return json.dumps(params, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        raise BadRequest(("a number is not finite",)) from None


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Made once: `json.dumps` would make one for each line."""


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _shown(value: object) -> str:
    return repr(printable(value, 60)) if isinstance(value, str) else printable(json.dumps(value), 60)
