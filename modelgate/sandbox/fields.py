"""Reading the JSON of a control: known names with values of the right kind, else a 400 that says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from modelgate.sandbox.answers import ApiError

Kinds = Mapping[str, tuple[type, ...]]

NONE = type(None)
NUMBER = (int, float)


def checked(raw: Mapping[str, Any], kinds: Kinds) -> dict[str, Any]:
    """`raw` if all its names are in `kinds` and all values of their kinds; a JSON list where a tuple is wanted becomes
    one.
    """
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in kinds:
            raise ApiError(400, f"{name}: not known here; there are {', '.join(kinds)}")
        given = tuple(value) if isinstance(value, list) and tuple in kinds[name] else value
        if not isinstance(given, kinds[name]) or (isinstance(given, bool) and bool not in kinds[name]):
            raise ApiError(400, f"{name}: {value!r} is of the wrong kind")
        values[name] = given
    return values


async def body_of(request: Request, kinds: Kinds) -> dict[str, Any]:
    """The request's JSON object, checked; an empty body is an empty object."""
    text = await request.body()
    try:
        raw = json.loads(text or b"{}")
    except ValueError as error:
        raise ApiError(400, f"body: no JSON: {error}") from None
    if not isinstance(raw, dict):
        raise ApiError(400, "body: a JSON object is needed")
    return checked(raw, kinds)
