"""The middleware that logs every Claude call. The only other part of the SDK's edge that applications use."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from anthropic import APITimeoutError, Middleware

from modelgate.api.call_record import CallRecord, slot_of, write
from modelgate.domain.text import printable
from modelgate.pins import pinned
from modelgate.telemetry import LOGGER

if TYPE_CHECKING:
    import logging

    from anthropic import APIResponse, AsyncAPIResponse
    from anthropic._middleware import AsyncCallNext, CallNext
    from anthropic._request import APIRequest

_BATCH = re.compile(r"/v1/messages/batches/([^/?]+)")
_CREATE = "/v1/messages/batches"
_MODEL = re.compile(r"/v1/models/([^?]+)")


class CallLog(Middleware):
    """A middleware for `Anthropic` and `AsyncAnthropic`: one record a call, never a prompt or an answer.

    `pins`: slot to model ID; by default what preflight handed over (`modelgate.pinned()`), or nothing where it handed
    nothing over. `slot`: the slot of all calls of this client; by default the one slot whose pin is the requested
    model. `logger`: of the standard library or of structlog; by default the standard one named `modelgate.calls`.
    """

    def __init__(self, pins: Mapping[str, str] | None = None, *, slot: str | None = None, logger: Any = None) -> None:
        self._pins = _handed_over() if pins is None else dict(pins)
        self._slot = slot
        self._logger = logger or _standard()

    def handle(self, request: APIRequest, call_next: CallNext) -> APIResponse[Any]:
        """Logs one attempt of a synchronous client."""
        started = time.perf_counter()
        try:
            response = call_next(request)
            if response.status_code >= 400:
                response.http_response.read()  # as the SDK does next
        except Exception as error:
            self._failed(request, error, started)
            raise
        answer: Any = None
        if _tells(request, response):
            with suppress(Exception):  # whatever is wrong with it, the SDK says so itself; a log never breaks a call
                answer = response.parse()  # cached: the caller's own parse costs nothing more
        self._answered(request, response, answer, started)
        return response

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> AsyncAPIResponse[Any]:
        """Logs one attempt of an asynchronous client."""
        started = time.perf_counter()
        try:
            response = await call_next(request)
            if response.status_code >= 400:
                await response.http_response.aread()
        except Exception as error:
            self._failed(request, error, started)
            raise
        answer: Any = None
        if _tells(request, response):
            with suppress(Exception):  # as above
                answer = await response.parse()
        self._answered(request, response, answer, started)
        return response

    def _failed(self, request: APIRequest, error: Exception, started: float) -> None:
        reason = "timeout" if isinstance(error, APITimeoutError) else "connection"
        self._write(request, started, None, reason, None, None)

    def _answered(self, request: APIRequest, response: Any, answer: Any, started: float) -> None:
        status = response.status_code
        reason = None if status < 400 else _error_type(response) or f"http_{status}"
        self._write(request, started, status, reason, answer, response.headers.get("request-id"))

    def _write(
        self,
        request: APIRequest,
        started: float,
        status: int | None,
        reason: str | None,
        answer: Any,
        request_id: str | None,
    ) -> None:
        requested = _requested(request)
        if requested is None and self._slot and request.method.upper() == "POST" and request.url.endswith(_CREATE):
            requested = self._pins.get(self._slot)  # of a batch that is streamed: each of its requests names it
        slot = self._slot or slot_of(self._pins, requested)
        usage = _part(answer, "usage")
        write(
            self._logger,
            CallRecord(
                requested_model=requested,
                pinned_id=self._pins.get(slot) if slot else None,
                served_model=_text(_part(answer, "model")),
                slot=slot,
                batch_id=_batch(request, answer),
                request_id=_text(request_id),
                status=status,
                failure_reason=reason,
                attempt=request.retries_taken + 1,
                duration_ms=round((time.perf_counter() - started) * 1000, 3),
                input_tokens=_count(usage, "input_tokens"),
                output_tokens=_count(usage, "output_tokens"),
                cache_read_tokens=_count(usage, "cache_read_input_tokens"),
                cache_written_tokens=_count(usage, "cache_creation_input_tokens"),
                method=request.method.upper(),
                path=_text(request.url.partition("?")[0]) or "",
            ),
        )


def _handed_over() -> dict[str, str]:
    try:
        return pinned()
    except (LookupError, ValueError, OSError):  # an application without preflight still wants its calls logged
        return {}


def _standard() -> logging.Logger:
    import logging

    logger = logging.getLogger(LOGGER)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # where nobody set up logging, Python would print bare messages
    return logger


def _tells(request: APIRequest, response: Any) -> bool:
    """Whether the answer names a model or a batch, and was read anyway: a streamed one is left to its reader."""
    return bool(response.is_closed and response.status_code < 400 and request.url.startswith("/v1/messages"))


def _part(answer: Any, key: str) -> Any:
    """A field of an answer, which is a model of the SDK or, where the caller asked for one, a plain object."""
    return answer.get(key) if isinstance(answer, dict) else getattr(answer, key, None)


def _requested(request: APIRequest) -> str | None:
    body = request.json
    if isinstance(body, dict) and isinstance(body.get("model"), str):
        return _text(body["model"])
    found = _MODEL.search(request.url)
    return _text(unquote(found[1])) if found else None  # as it was asked for: the SDK encodes a gateway's /


def _batch(request: APIRequest, answer: Any) -> str | None:
    if _part(answer, "type") == "message_batch":
        return _text(_part(answer, "id"))
    found = _BATCH.search(request.url)
    return _text(found[1]) if found else None


def _error_type(response: Any) -> str | None:
    with suppress(ValueError, KeyError, TypeError):  # an edge's page, or JSON of another shape
        return _text(response.http_response.json()["error"]["type"])
    return None


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return value if len(value) < 100 and value.isascii() and value.isprintable() else printable(value)


def _count(usage: Any, key: str) -> int | None:
    value = _part(usage, key)
    return value if isinstance(value, int) else None
