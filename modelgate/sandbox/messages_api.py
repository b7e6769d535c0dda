"""`POST /v1/messages`, streamed or not, and `POST /v1/messages/count_tokens`: enough to try an application and a probe.

Documented: the parameters that either takes, the events of a stream, that counting is free and needs no max_tokens.
Made up here, but the same each time: the answer's text and the numbers of tokens.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from modelgate.sandbox.answers import ApiError, json_answer, new_id
from modelgate.sandbox.params import problem_of, unsupported
from modelgate.sandbox.state import State

MESSAGES_PATH = "/v1/messages"
ANSWER = "The sandbox's answer."
_CHARACTERS_A_TOKEN = 4
_NOT_COUNTED = ("max_tokens", "metadata", "service_tier", "container", "stream")
"""Parameters that count_tokens does not take (documented)."""


class MessagesApi:
    """The two endpoints over one `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """The routes of the API."""
        return [
            Route(MESSAGES_PATH, self.create, methods=["POST"]),
            Route(f"{MESSAGES_PATH}/count_tokens", self.count, methods=["POST"]),
        ]

    async def count(self, request: Request) -> Response:
        """How many tokens the request is."""
        params = await _body(request)
        for name in _NOT_COUNTED:
            if name in params:
                raise ApiError(400, f"{name}: Extra inputs are not permitted")
        self._model(params, request, counting=True)
        return json_answer({"input_tokens": _tokens(params)})

    async def create(self, request: Request) -> Response:
        """A message, or its events one by one."""
        params = await _body(request)
        model = self._model(params, request)
        message = self._message(params, model)
        if params.get("stream") is True:
            return StreamingResponse(_events(message), media_type="text/event-stream")
        return json_answer(message)

    def _model(self, params: dict[str, Any], request: Request, *, counting: bool = False) -> dict[str, Any]:
        """The entry of the model that is asked for. Raises ApiError for what the API would refuse."""
        version, settings = request.headers["anthropic-version"], self._state.settings
        if problem := problem_of(params, version, counting=counting):
            raise ApiError(400, problem)
        model = self._state.resolve(params["model"])
        if model is None or model.get("lifecycle") == "retired":
            raise ApiError(404, f"model: {params['model']}")
        if model["id"] in settings.forbidden or params["model"] in settings.forbidden:
            raise ApiError(403)
        if problem := unsupported(params, model):
            raise ApiError(400, problem)
        return model

    def _message(self, params: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
        served = self._state.settings.served_models.get(model["id"], model["id"])
        tokens = len(ANSWER) // _CHARACTERS_A_TOKEN
        cut = params["max_tokens"] < tokens
        return {
            "id": new_id("msg"),
            "type": "message",
            "role": "assistant",
            "model": served,
            "content": [{"type": "text", "text": ANSWER[: params["max_tokens"] * _CHARACTERS_A_TOKEN]}],
            "stop_reason": "max_tokens" if cut else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": _tokens(params), "output_tokens": min(tokens, params["max_tokens"])},
        }


async def _body(request: Request) -> dict[str, Any]:
    try:
        params = json.loads(await request.body())
    except ValueError:
        raise ApiError(400, "The request body is not valid JSON") from None
    if not isinstance(params, dict):
        raise ApiError(400, "The request body should be an object")
    return params


def _tokens(params: dict[str, Any]) -> int:
    counted = {name: value for name, value in params.items() if name in ("messages", "system", "tools")}
    return max(1, len(json.dumps(counted)) // _CHARACTERS_A_TOKEN)


async def _events(message: dict[str, Any]) -> AsyncIterator[bytes]:
    text, usage = message["content"][0]["text"], message["usage"]
    begun = message | {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
    block = {"type": "text", "text": ""}
    ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    for event in (
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": usage["output_tokens"]}},
        {"type": "message_stop"},
    ):
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
