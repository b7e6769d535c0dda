"""The rows of a batch's results: JSONL in another order than the requests, the same each time they are read."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from modelgate.sandbox.answers import ERRORS
from modelgate.sandbox.batch import Batch, SentRequest
from modelgate.sandbox.outcomes import ERRORED, MISSING, OTHER, OUT_OF_CREDIT, STOPPED, SUCCEEDED

_ROWS_A_CHUNK = 200
_MESSAGES = dict(ERRORS.values())


def result_chunks(batch: Batch, served: Callable[[str], str], last_newline: bool) -> Iterator[bytes]:
    """The results as chunks of whole lines, shuffled by the batch's ID; `served` gives the `message.model` of a
    requested name.
    """
    order = [number for number, outcome in enumerate(batch.outcomes) if outcome != MISSING]
    random.Random(batch.id).shuffle(order)  # noqa: S311 # a repeatable order, no secret
    for start in range(0, len(order), _ROWS_A_CHUNK):
        chosen = order[start : start + _ROWS_A_CHUNK]
        lines = [_line(batch, batch.requests[number], batch.outcomes[number], served) for number in chosen]
        at_end = start + _ROWS_A_CHUNK >= len(order)
        yield ("\n".join(lines) + ("" if at_end and not last_newline else "\n")).encode()


def _line(batch: Batch, request: SentRequest, outcome: str, served: Callable[[str], str]) -> str:
    mark = hashlib.sha256(f"{batch.id}/{request.custom_id}".encode()).hexdigest()
    result: dict[str, Any]
    if outcome == SUCCEEDED or outcome.startswith(STOPPED):
        message = _message(request, served(request.model), mark)
        message["stop_reason"] = outcome.removeprefix(STOPPED) if outcome != SUCCEEDED else "end_turn"
        result = {"type": SUCCEEDED, "message": message}
    elif outcome == OUT_OF_CREDIT:
        said = "Your credit balance is too low to access the Claude API."
        broke = {"type": "invalid_request_error", "message": said, "details": None}
        result = {"type": "errored", "error": {"type": "error", "error": broke, "request_id": None}}
    elif outcome.startswith(ERRORED):
        kind = outcome.removeprefix(ERRORED)
        error: dict[str, Any] = {"type": kind, "message": request.problem or _MESSAGES.get(kind, kind)}
        result = {"type": "errored", "error": {"type": "error", "error": error, "request_id": f"req_01{mark[:22]}"}}
    else:
        result = {"type": outcome.removeprefix(OTHER)}
    return json.dumps({"custom_id": request.custom_id, "result": result}, separators=(",", ":"))


def _message(request: SentRequest, model: str, mark: str) -> dict[str, Any]:
    """A message with the keys of August 2026's recordings; tokens are made up, but the same each time."""
    return {
        "model": model,
        "id": f"msg_01{mark[:22]}",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": f"The sandbox's answer to {request.custom_id}."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {
            "input_tokens": request.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": min(request.max_tokens, 8 + int(mark[:2], 16) % 32),
            "service_tier": "batch",
            "inference_geo": "not_available",
        },
    }
