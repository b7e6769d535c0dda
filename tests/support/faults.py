"""Faults made by real sockets: `FaultServer` is a Models API on loopback that breaks at one call, in one way.

    with FaultServer(FAULTS["hang-before-headers"], at="retrieve") as server:
        ...  # base URL: server.base_url; all other calls are answered well

`FAULTS` (by name) and `CALLS` span the matrix. Each fault knows what must come of it: the check, whether grace may
cover it, whether it has a request ID, and whether the gate tries until its deadline.
"""

from __future__ import annotations

import gzip
from typing import Any

from support.fault_server import (
    ALIAS_ID,
    CALLS,
    CANONICAL,
    MEGABYTE,
    REQUEST_ID,
    Fault,
    FaultServer,
    Play,
    Wire,
    error,
    model,
    page,
)

__all__ = ["CALLS", "DOUBTS", "FAULTS", "Fault", "FaultServer", "doubtful"]


def _says(status: int, body: object, **headers: str) -> Play:
    return lambda wire: wire.answer(status, body, **headers)


def _then(data: bytes, after: str) -> Play:
    def play(wire: Wire) -> None:
        wire.send(data)
        getattr(wire, after)()

    return play


def _flood(head: bytes, chunk: bytes, times: int) -> Play:
    def play(wire: Wire) -> None:
        wire.send(head)
        for _ in range(times):
            wire.send(chunk)

    return play


def _entries(*entries: Any, **facts: object) -> Play:
    """The entries as a list, or the first as the answer to `retrieve`."""

    def play(wire: Wire) -> None:
        wire.answer(200, entries[0] if wire.request.call == "retrieve" else {**page(), "data": entries, **facts})

    return play


_HEAD = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: {REQUEST_ID}\r\n".encode()
_HTML = b"<!DOCTYPE html><title>Attention Required!</title>\x1b[31m"
_LISTS = ("list", "retired")


def _down(name: str, play: Play, check: str = "api.unreachable", *, request_id: bool = False) -> Fault:
    """An outage: tried again until the deadline, and covered by grace."""
    return Fault(name, play, check, graceable=True, lasting=True, request_id=request_id)


def _odd(name: str, play: Play, *calls: str, request_id: bool = True) -> Fault:
    """An answer that cannot be believed."""
    return Fault(name, play, request_id=request_id, calls=calls or CALLS)


def _key(name: str, play: Play, *calls: str) -> Fault:
    return Fault(name, play, "api.credentials", request_id=True, calls=calls or CALLS)


def _pages(wire: Wire) -> None:
    """A list that never ends: each page new, and each says that there is more."""
    number = int(wire.request.target.partition("after_id=m-")[2].partition("&")[0] or 0) + 1
    wire.answer(200, page(model(f"m-{number}"), has_more=True))


_OUTAGES = (
    _down("reset-before-headers", Wire.reset),
    _down("close-before-headers", lambda _: None),
    _down("hang-before-headers", Wire.hang),
    _down("hang-in-headers", _then(_HEAD[:40], "hang")),
    _down("hang-in-body", _then(_HEAD + b"content-length: 900\r\n\r\n{", "hang")),
    _down("reset-in-headers", _then(_HEAD[:40], "reset")),
    _down("reset-in-body", _then(_HEAD + b"content-length: 900\r\n\r\n{", "reset")),
    _down("close-in-body", lambda wire: wire.send(_HEAD + b"content-length: 900\r\n\r\n{")),
    _down("drip-headers", lambda wire: wire.drip(_HEAD[:17] + b"x: " + b"x" * 5000)),
    _down("drip-body", lambda wire: (wire.send(_HEAD + b"content-length: 9000\r\n\r\n"), wire.drip(b" "))[1]),
    _down("drip-error-body", lambda wire: (wire.send(b"HTTP/1.1 503 No\r\n\r\n"), wire.drip(b" "))[1]),
    _down("not-http", lambda wire: wire.send(b"SSH-2.0-OpenSSH_9.6\r\n")),
    _down("endless-headers", _flood(_HEAD, b"x-more: 0123456789\r\n", 100_000)),
    *(_down(f"{status}-bare", _says(status, b""), request_id=True) for status in (500, 502, 503, 504)),
    _down("503-html", _says(503, _HTML), request_id=True),
    _down("500-api", _says(500, error("api_error")), request_id=True),
    _down("504-api", _says(504, error("timeout_error")), request_id=True),
    _down("529-api", _says(529, error("overloaded_error")), request_id=True),
    _down("408-bare", _says(408, b""), request_id=True),
    _down("429-api", _says(429, error("rate_limit_error")), "api.rate-limited", request_id=True),
    _down("429-html", _says(429, _HTML), "api.rate-limited", request_id=True),
)
_REFUSALS = (
    Fault("503-retry-after-an-hour", _says(503, b"", retry_after="3600"), "api.unreachable", True, request_id=True),
    Fault("429-retry-after-an-hour", _says(429, b"", retry_after="3600"), "api.rate-limited", True, request_id=True),
    Fault("529-do-not-retry", _says(529, b"", x_should_retry="false"), "api.unreachable", True, request_id=True),
    Fault(
        "429-spend-cap",
        _says(429, error("rate_limit_error", error_code="enforced_spend_limit_reached")),
        "api.rate-limited",
        True,
        request_id=True,
    ),
    _key("401-api", _says(401, error("authentication_error"))),
    _key("401-bare", _says(401, b"")),
    _key("403-api", _says(403, error("permission_error")), *_LISTS),
    _odd("403-html", _says(403, _HTML)),
    Fault("409-api", _says(409, error("conflict_error")), lasting=True, request_id=True),
    _odd("400-api", _says(400, error("invalid_request_error"))),
    _odd("402-api", _says(402, error("billing_error"))),
    _odd("404-api", _says(404, error("not_found_error")), *_LISTS),
    _odd("404-gateway", _says(404, {"error": {"type": "not_found_error"}})),
    _odd("404-html", _says(404, _HTML)),
    _odd("405-bare", _says(405, b"")),
    _odd("413-edge", _says(413, {"error": {"type": "request_too_large", "message": "too large"}})),
    _odd("418-json-list", _says(418, [1])),
    *(
        _odd(f"{status}-redirect", _says(status, b"", location="http://127.0.0.1:9/v1/models"))
        for status in (301, 302, 303, 307, 308)
    ),
    _odd("302-nowhere", _says(302, b"")),
    _odd("400-endless-body", _flood(b"HTTP/1.1 400 No\r\n\r\n", b"x" * MEGABYTE, 200), request_id=False),
)
_BODIES = (
    _odd("204-empty", _says(204, b"")),
    _odd("200-empty", _says(200, b"")),
    _odd("200-html", _says(200, _HTML)),
    _odd("null", _says(200, None)),
    _odd("number", _says(200, 7)),
    _odd("text", _says(200, "claude")),
    _odd("array", _says(200, [])),
    _odd("object", _says(200, {})),
    _odd("truncated-json", _says(200, b'{"data": [{"type": "model", "id": "cla')),
    _odd("not-utf-8", _says(200, b'{"data": "\xff\xfe"}')),
    _odd("nested-without-end", _says(200, b"[" * 200_000)),
    _odd("number-of-5000-digits", _says(200, b'{"data": ' + b"1" * 5000 + b"}")),
    _odd("100-mb", _flood(_HEAD + b"content-length: 104857600\r\n\r\n", b" " * MEGABYTE, 100), request_id=False),
    _odd("endless-body", _flood(_HEAD + b"\r\n", b" " * MEGABYTE, 1000), request_id=False),
    _odd("gzip-bomb", _says(200, gzip.compress(b" " * 100 * MEGABYTE, 1), content_encoding="gzip"), request_id=False),
    _odd("gzip-broken", _says(200, b"not gzip at all", content_encoding="gzip"), request_id=False),
    _odd("unasked-compression", _says(200, b"\x1b\x00", content_encoding="br"), request_id=False),
    _odd("openai-list", _says(200, {"object": "list", "data": [{"id": "gpt", "object": "model"}]})),
    _odd("openai-model", _says(200, {"id": "gpt", "object": "model"})),
    _odd("wrong-call", _entries({**page()}, data=None)),
    _odd("data-null", _says(200, page(data=None)), *_LISTS),
    _odd("no-has-more", _says(200, {"data": [model("m")]}), *_LISTS),
    _odd("has-more-nowhere", _entries(model("m"), has_more=True, last_id=None), *_LISTS),
    _odd("has-more-empty", _says(200, page(has_more=True, last_id="m")), *_LISTS),
    _odd("empty-list", _says(200, page()), "list"),
    _odd("same-page-again", _says(200, page(model("m"), has_more=True)), *_LISTS),
    _odd("endless-pages", _pages, *_LISTS),
    _odd("same-id-twice", _entries(model("m"), model("m")), *_LISTS),
    _odd("same-id-conflicting", _entries(model("m"), model("m", lifecycle="deprecated")), *_LISTS),
    _odd("entry-text", _entries("claude")),
    _odd("entry-null", _entries(None)),
    *(
        _odd(f"entry-{name}", _entries(model(CANONICAL) | wrong))
        for name, wrong in {
            "no-id": {"id": None},
            "id-number": {"id": 7},
            "id-empty": {"id": ""},
            "id-path": {"id": ".."},
            "id-escapes": {"id": "claude\x1b[2J"},
            "id-surrogate": {"id": "claude\ud800"},
            "id-long": {"id": "c" * 10_000},
        }.items()
    ),
    _odd("unlisted-id", _entries(model("claude-from-nowhere")), "retrieve"),
    _odd("retired-but-listed", _entries(model(ALIAS_ID, lifecycle="retired")), "retrieve"),
)
FAULTS = {fault.name: fault for fault in (*_OUTAGES, *_REFUSALS, *_BODIES)}
"""Every fault that an answer, or its absence, can have."""


def doubtful(name: str) -> Fault:
    """An answer with this doubt about its one entry."""
    return Fault(name, _entries(model(CANONICAL) | DOUBTS[name]))


DOUBTS: dict[str, dict[str, object]] = {
    "lifecycle-number": {"lifecycle": 1},
    "line-list": {"line": ["opus"]},
    "date-number": {"retires_at": 1790000000},
    "date-day": {"retires_at": "2026-12-31"},
    "date-odd": {"deprecated_at": "2026-02-31T00:00:00Z"},
    "date-overflow": {"created_at": "0001-01-01T00:00:00+23:59"},
    "limit-text": {"max_tokens": "64000"},
    "limit-zero": {"max_tokens": 0},
    "limit-true": {"max_input_tokens": True},
    "limit-fraction": {"max_input_tokens": 1.5},
    "limit-huge": {"max_input_tokens": 10**30},
    "capabilities-list": {"capabilities": []},
    "supported-text": {"capabilities": {"batch": {"supported": "yes"}}},
    "display-name-number": {"display_name": 7},
}
"""Facts of an entry that cannot be read: they put that entry in doubt, and nothing else."""
