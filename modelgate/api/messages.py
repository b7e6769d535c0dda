"""The edge to the Messages API, for probes: tokens are counted, or a message is begun and left at its first content."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from modelgate.api.client import MODE, READ_TIMEOUT, naming_host
from modelgate.api.failures import Failure, failure_of, untrusted
from modelgate.api.parse import Unbelievable, is_name, json_of, object_of
from modelgate.api.transport import Transport
from modelgate.domain.probe import Answered, Failed
from modelgate.domain.redaction import prompts_of, redacted
from modelgate.domain.text import printable

if TYPE_CHECKING:
    import anthropic
    import httpx2

_PATH = "/v1/messages"
_LONGEST_EVENT = 1 << 20
_NO_LIMIT_LEFT = "anthropic-ratelimit-requests-limit"
_PUBLIC = (
    "accept", "accept-encoding", "anthropic-beta", "anthropic-version", "connection", "content-length", "content-type",
    "host", "user-agent",
)  # fmt: skip
"""Headers that hold no secret. All others may: gateways have names of their own for tokens."""
_ZERO = "the rate limit of this model is 0 for the key's organization: waiting does not help"
_RAISE = "ask for a rate limit of this model in the Console, or choose another model"


class Messages:
    """The Messages API as asked through one client. Neither call raises for a failure of the API."""

    def __init__(self, client: anthropic.Anthropic, transport: Transport, betas: tuple[str, ...] = ()) -> None:
        self._client = client
        self._transport = transport
        self._headers = {MODE: "stream"} | ({"anthropic-beta": ",".join(betas)} if betas else {})

    def count(self, body: Mapping[str, Any]) -> Answered | Failed:
        """The tokens of a request. Free of charge (documented), so that it is tried again while there is time."""
        told = _Told(self._client, body)
        reply = self._transport.fetch(partial(self._post, f"{_PATH}/count_tokens", body, told))
        if isinstance(reply, Failure):
            return told.failed(reply)
        try:
            tokens = object_of(json_of(reply.body), "the answer").get("input_tokens")
            if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 0:
                raise Unbelievable("the answer has no number of `input_tokens`")
        except Unbelievable as error:
            return told.failed(untrusted(str(error), reply.request_id))
        return Answered(tokens, request_id=reply.request_id)

    def begin(self, body: Mapping[str, Any]) -> Answered | Failed:
        """One message, read up to its first content and then left. It costs money: it is sent once."""
        told = _Told(self._client, body)
        try:
            timeout = min(READ_TIMEOUT, self._transport.deadline.remaining)
            with self._post(_PATH, body, told, timeout) as response:
                told.sent = response.request.headers
                return _begun(response, response.headers.get("request-id"), told)
        except Unbelievable as error:
            return told.failed(untrusted(str(error)))
        except Exception as error:  # the SDK and its HTTP library raise many kinds; failure_of knows them
            return told.failed(failure_of(error))

    def _post(self, path: str, body: Mapping[str, Any], told: _Told, timeout: float) -> closing[httpx2.Response]:
        options: Any = {"headers": self._headers, "timeout": timeout, "max_retries": 0}
        try:
            answer: Any = self._client.post(path, body=body, cast_to=object, options=options)
        except Exception as error:
            told.hear(error)
            raise
        return closing(answer.http_response)


class _Told:
    """What the API itself said of the last refusal."""

    def __init__(self, client: anthropic.Anthropic, body: Mapping[str, Any]) -> None:
        self._client = client
        self.body = body
        self.sent: Mapping[str, str] = {}
        """The headers of the request, once there was one."""
        self.reason = ""
        self.zero = False

    def shown(self, message: object) -> str:
        """The API's own words for people: without credentials and prompts, which it may repeat."""
        secrets = [
            part for name, value in self.sent.items() if name.lower() not in _PUBLIC for part in (value, *value.split())
        ]
        return redacted(message, secrets, prompts_of(self.body)) if isinstance(message, str) else ""

    def hear(self, error: Exception) -> None:
        """Keeps the message of an error of the API's own shape."""
        response, body = getattr(error, "response", None), getattr(error, "body", None)
        inner = body.get("error") if isinstance(body, dict) and body.get("type") == "error" else None
        message = inner.get("message") if isinstance(inner, dict) else None
        request = getattr(error, "request", None)
        self.sent = getattr(request, "headers", {})
        self.reason = self.shown(message)
        self.zero = response is not None and response.headers.get(_NO_LIMIT_LEFT, "").strip() == "0"

    def failed(self, failure: Failure) -> Failed:
        """The failure, with that."""
        problem = failure.problem
        if self.zero and failure.status == 429:
            problem = failure.saying(_ZERO).problem.hinting(_RAISE)
        problem = naming_host(problem, self._client)
        return Failed(problem, failure.status, failure.type, self.reason, problem.request_id)


def _begun(response: httpx2.Response, request_id: str | None, told: _Told) -> Answered | Failed:
    """What the events up to the first content say."""
    tokens = model = None
    for event in _events(response):
        match event.get("type"):
            case "message_start":
                message = object_of(event.get("message"), "the message")
                usage = object_of(message.get("usage"), "its usage")
                tokens, model = usage.get("input_tokens"), message.get("model")
            case "error":
                return _broken_off(event, request_id, told)
            case "content_block_start" | "message_delta" | "message_stop":
                break
    if not isinstance(tokens, int) or not isinstance(model, str) or not is_name(model):
        raise Unbelievable("the stream does not begin as a message does")
    return Answered(tokens, 1, printable(model), request_id)


def _broken_off(event: Mapping[str, Any], request_id: str | None, told: _Told) -> Failed:
    """An error in the stream, after a 200: the request was taken, and nothing is known of the model."""
    error = object_of(event.get("error"), "the error")
    kind = printable(str(error.get("type")), 40)
    failure = untrusted(f"the stream broke off: {kind}", request_id)
    return Failed(failure.problem, None, kind, told.shown(error.get("message")), request_id)


def _events(response: httpx2.Response) -> Iterator[Mapping[str, Any]]:
    """The JSON of the events, as they arrive. Raises Unbelievable for lines without end, or no JSON."""
    read = 0
    for line in response.iter_lines():
        read += len(line)
        if read > _LONGEST_EVENT:
            raise Unbelievable("the stream has no content")
        name, _, data = line.partition(":")
        if name == "data":
            try:
                yield object_of(json.loads(data), "an event")
            except (ValueError, RecursionError):
                raise Unbelievable("an event of the stream is not JSON") from None
