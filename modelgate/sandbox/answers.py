"""Answers in the API's own shapes: error bodies, pages and request IDs."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from starlette.responses import Response

ERRORS: Mapping[int, tuple[str, str]] = MappingProxyType({
    400: ("invalid_request_error", "Invalid request"),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "Your credit balance is too low to access the API."),
    403: ("permission_error", "Permission denied"),
    404: ("not_found_error", "Not found"),
    409: ("conflict_error", "Conflict"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    500: ("api_error", "Internal server error"),
    504: ("timeout_error", "Request timed out"),
    529: ("overloaded_error", "Overloaded"),
})  # fmt: skip
"""Status to error type (documented) and message (seen in recordings, except 402, 409 and 504)."""

ERROR_TYPES: tuple[str, ...] = tuple(kind for kind, _ in ERRORS.values())
"""Every error type that a sandbox answers with."""

REQUEST_ID = "request-id"

FROM_THE_EDGE = 413
"""The status that is answered before the API: without `type` and request ID (seen in recordings)."""

_ALPHABET = string.digits + string.ascii_letters


class ApiError(Exception):
    """An API-shaped refusal: HTTP status, message (default: that of the status), and `error.details` (or None)."""

    def __init__(self, status: int, message: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.details = details


def new_id(prefix: str) -> str:
    """A fresh ID such as `req_01` and 22 letters or digits; never repeats, also not after a reset or in another
    sandbox.
    """
    return f"{prefix}_01" + "".join(secrets.choice(_ALPHABET) for _ in range(22))


def error_body(status: int, message: str = "", details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of an error without its `request_id`; one from the edge lacks `type` too."""
    kind, usual = ERRORS.get(status, ERRORS[400 if status < 500 else 500])
    error: dict[str, Any] = {"type": kind, "message": message or usual}
    if details is not None:
        error["details"] = dict(details)
    return {"error": error} if status == FROM_THE_EDGE else {"type": "error", "error": error}


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer, compact as the API writes it."""
    content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Response(content, status, dict(headers or {}), "application/json")


def error_answer(error: ApiError, request_id: str) -> Response:
    """An error as the API sends it: `request_id` in the body (not in a 413), `x-should-retry: false` on a 401 (seen in
    recordings).
    """
    body = error_body(error.status, error.message, error.details)
    if error.status != FROM_THE_EDGE:
        body["request_id"] = request_id
    return json_answer(body, error.status, {"x-should-retry": "false"} if error.status == 401 else None)


def page(items: Sequence[dict[str, Any]], query: Mapping[str, str], cap: int | None) -> dict[str, Any]:
    """One page of `items` (newest first): `data, has_more, first_id, last_id` (documented and seen in recordings).

    `limit` is 1..1000, default 20; `cap` shortens pages further. What the API says to an unknown cursor or to both
    cursors is unknown: here a 400.
    """
    limit = _limit(query.get("limit", "20"))
    limit = min(limit, cap) if cap else limit
    after, before = query.get("after_id"), query.get("before_id")
    if after and before:
        raise ApiError(400, "before_id, after_id: only one of the two may be given")
    ids = [item["id"] for item in items]
    for name, cursor in (("after_id", after), ("before_id", before)):
        if cursor and cursor not in ids:
            raise ApiError(400, f"{name}: no object has the ID {cursor!r}")
    if before:
        end = ids.index(before)
        start = max(0, end - limit)
        has_more = start > 0
    else:
        start = ids.index(after) + 1 if after else 0
        end = start + limit
        has_more = end < len(items)
    data = list(items[start:end])
    ends = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"data": data, "has_more": has_more, "first_id": ends[0], "last_id": ends[1]}


def _limit(text: str) -> int:
    try:
        limit = int(text)
    except ValueError:
        raise ApiError(400, "limit: Input should be a valid integer") from None
    if not 1 <= limit <= 1000:
        raise ApiError(400, "limit: Input should be between 1 and 1000")
    return limit
