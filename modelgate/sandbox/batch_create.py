"""Taking a batch in: the limits, the envelope's checks (400 at once) and what is wrong with `params` (an errored row
later).
"""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from modelgate.sandbox.answers import ApiError
from modelgate.sandbox.batch import SentRequest
from modelgate.sandbox.batch_reader import Element, EnvelopeReader, Malformed
from modelgate.sandbox.params import problem_of

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
"""The pattern of a custom_id (documented)."""

_CHARACTERS_A_TOKEN = 4


class Intake:
    """Reads the body of one create; holds what is kept of its requests.

    `version` is the request's anthropic-version, `planned` says how each custom_id is to end.
    """

    def __init__(self, version: str, planned: Callable[[str], str], max_requests: int, max_bytes: int) -> None:
        self.requests: list[SentRequest] = []
        self._version = version
        self._planned = planned
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._ids: set[str] = set()
        self._reader = EnvelopeReader()

    async def read(self, stream: AsyncIterator[bytes]) -> list[SentRequest]:
        """The requests of a whole body, which is read to its end in any case; raises `ApiError` 400 or 413."""
        size, refusal = 0, None
        async for chunk in stream:
            size += len(chunk)
            if size > self._max_bytes:
                refusal = ApiError(413)
            refusal = refusal or self._taken(chunk)
        refusal = refusal or self._taken(None)
        if refusal:
            raise refusal
        if not self._reader.seen_requests:
            raise ApiError(400, "requests: Field required")
        if not self.requests:
            raise ApiError(400, "requests: List should have at least 1 item after validation, not 0")
        return self.requests

    def _taken(self, chunk: bytes | None) -> ApiError | None:
        try:
            for element in self._reader.finish() if chunk is None else self._reader.feed(chunk):
                self._add(element)
        except Malformed as error:
            return ApiError(400, str(error))
        except ApiError as error:
            return error
        return None

    def _add(self, element: Element) -> None:
        where = f"requests.{len(self.requests)}"
        value = element.value
        if not isinstance(value, dict):
            raise ApiError(400, f"{where}: Input should be an object")
        for name in value:
            if name not in ("custom_id", "params"):
                raise ApiError(400, f"{where}.{name}: Extra inputs are not permitted")
        custom_id, params = value.get("custom_id"), value.get("params")
        if not isinstance(custom_id, str) or not CUSTOM_ID.match(custom_id):
            raise ApiError(400, f"{where}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
        if custom_id in self._ids:
            raise ApiError(400, f"{where}.custom_id: {custom_id} is not unique in this batch")
        if not isinstance(params, dict):
            raise ApiError(400, f"{where}.params: Field required")
        if len(self.requests) >= self._max_requests:
            raise ApiError(413)
        self._ids.add(custom_id)
        self.requests.append(self._kept(custom_id, params, element.size))

    def _kept(self, custom_id: str, params: dict[str, Any], size: int) -> SentRequest:
        model, max_tokens = params.get("model"), params.get("max_tokens")
        return SentRequest(
            custom_id,
            sys.intern(model) if isinstance(model, str) else "",
            max_tokens if isinstance(max_tokens, int) else 0,
            max(1, size // _CHARACTERS_A_TOKEN),
            problem_of(params, self._version),
            sys.intern(self._planned(custom_id)),
        )
