"""What every request of the API passes: the request log, latency, faults, the key, the version; and the `request-id` of
every answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelgate.sandbox.answers import FROM_THE_EDGE, REQUEST_ID, ApiError, error_answer, new_id
from modelgate.sandbox.faults import Faults, Rule
from modelgate.sandbox.state import State

CONTROL_PREFIX = "/_sandbox"

CutConnection = Callable[[Scope], None]
"""Drops the connection that a request came on, without a word."""


class Front:
    """ASGI middleware in front of the API's endpoints; `/_sandbox` passes untouched and unrecorded."""

    def __init__(self, app: ASGIApp, state: State, faults: Faults, cut: CutConnection) -> None:
        self._app = app
        self._state = state
        self._faults = faults
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have it answered."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        record = self._record(scope)
        scope["state"]["request_id"] = record["request_id"]
        rule = self._faults.strike(scope["method"], scope["path"])
        await asyncio.sleep((self._state.settings.latency_ms + (rule.delay_ms if rule else 0)) / 1000)
        await self._answer(rule, record, scope, receive, send)

    async def _answer(
        self, rule: Rule | None, record: dict[str, Any], scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                record["status"] = message["status"]
                if message["status"] != FROM_THE_EDGE:
                    MutableHeaders(scope=message).setdefault(REQUEST_ID, record["request_id"])
                if self._state.settings.tells_date:
                    MutableHeaders(scope=message)["date"] = format_datetime(self._state.now(), usegmt=True)
            await send(message)

        if rule and rule.cut:
            if rule.cut != "before":
                await self._guarded(scope, receive, _halved(stamped) if rule.cut == "during" else _nowhere)
            self._cut(scope)
            await _disconnected(receive)
            return
        failing = rule.answer(record["request_id"]) if rule else None
        if failing is None:
            await self._guarded(scope, receive, stamped)
        else:
            await _drained(receive)
            await failing(scope, receive, stamped)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._admit(Headers(scope=scope))
        except ApiError as error:
            await _drained(receive)
            await error_answer(error, scope["state"]["request_id"])(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _admit(self, headers: Headers) -> None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        key = headers.get("x-api-key") or bearer
        accepted = self._state.settings.accepted_keys
        if not key:
            raise ApiError(401, "x-api-key header is required")
        if accepted and key not in accepted:
            raise ApiError(401, "invalid x-api-key" if headers.get("x-api-key") else "invalid bearer token")
        if not headers.get("anthropic-version"):
            raise ApiError(400, "anthropic-version: header is required")

    def _record(self, scope: Scope) -> dict[str, Any]:
        headers = Headers(scope=scope)
        sent = {
            "authorization": "authorization" in headers,
            "x_api_key": "x-api-key" in headers,
            "betas": headers.get("anthropic-beta", ""),
        }
        record = {
            "request_id": new_id("req"),
            "at": self._state.now().isoformat(),
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "headers": sorted(set(headers.keys())),
            **sent,
            "status": None,
        }
        self._state.log.append(record)
        self._state.counters[f"{scope['method']} {scope['path']}"] += 1
        return record


async def _nowhere(_message: Message) -> None:
    """Swallow an answer."""


def _halved(send: Send) -> Send:
    """Lets an answer's head and the first half of its first piece through, and swallows the rest."""
    passing = True

    async def halved(message: Message) -> None:
        nonlocal passing
        if not passing:
            return
        piece = message.get("body", b"")
        passing = not piece
        await send({**message, "body": piece[: len(piece) // 2], "more_body": True} if piece else message)

    return halved


async def _drained(receive: Receive) -> None:
    """Read the body to its end, so that the answer reaches a client that is still sending."""
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
