"""`/v1/messages/batches`: create, list, retrieve, cancel, delete and results, over batches that live as long as the
sandbox.

Documented: the limits, the states, the 24 hours and 29 days, that counts stay 0 until the end. Seen in recordings:
every body's keys, `retry-after: 10` while in progress, the 404 before the end, a DELETE refused while in progress.
Unknown of the real API, and chosen here: a cancel after the end is a 400; an archived batch has no `results_url`;
batches of all keys are in one workspace.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from modelgate.sandbox.answers import ApiError, json_answer, new_id, page
from modelgate.sandbox.batch import Batch, SentRequest
from modelgate.sandbox.batch_create import Intake
from modelgate.sandbox.batch_rows import result_chunks
from modelgate.sandbox.outcomes import ERRORED, SUCCEEDED, Outcomes
from modelgate.sandbox.state import State

BATCHES_PATH = "/v1/messages/batches"


class BatchesApi:
    """The endpoints over one `State`; `batches` are by ID, oldest first."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.batches: dict[str, Batch] = {}
        self.outcomes = Outcomes()

    def reset(self) -> None:
        """Forget every batch and the plan."""
        self.batches.clear()
        self.outcomes = Outcomes()

    def routes(self) -> list[Route]:
        """The routes of the API."""
        one = f"{BATCHES_PATH}/{{batch_id}}"
        return [
            Route(BATCHES_PATH, self.create, methods=["POST"]),
            Route(BATCHES_PATH, self.list_batches, methods=["GET"]),
            Route(f"{one}/results", self.results, methods=["GET"]),
            Route(f"{one}/cancel", self.cancel, methods=["POST"]),
            Route(one, self.retrieve, methods=["GET"]),
            Route(one, self.delete, methods=["DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        """A new batch from a body that is read as it arrives."""
        settings, now = self._state.settings, self._state.now()
        limits = settings.max_batch_requests, settings.max_batch_bytes
        intake = Intake(request.headers["anthropic-version"], self.outcomes.for_next_batch(), *limits)
        batch = Batch(
            id=new_id("msgbatch"),
            created_at=now,
            requests=await intake.read(request.stream()),
            polls_left=settings.batch_polls,
            busy_until=now + timedelta(seconds=settings.batch_seconds),
            not_found_left=settings.not_found_polls,
        )
        self.batches[batch.id] = batch
        return json_answer(batch.shown(now, self._origin(request)))

    async def list_batches(self, request: Request) -> Response:
        """A page of batches, newest first."""
        latest = self._state.now() - timedelta(seconds=self._state.settings.list_lag_seconds)
        listed = [batch for batch in reversed(self.batches.values()) if batch.created_at <= latest]
        shown = [self._shown(batch, request) for batch in listed]
        return json_answer(page(shown, request.query_params, self._state.settings.page_cap))

    async def retrieve(self, request: Request) -> Response:
        """One batch; a `retry-after` until it has ended."""
        batch = self._batch(request)
        if batch.not_found_left > 0:
            batch.not_found_left -= 1
            raise _not_found(batch.id)
        batch.step(self._state.now(), self.judge, polled=True)
        wait = self._state.settings.retry_after
        running = batch.ended_at is None and wait is not None
        shown = batch.shown(self._state.now(), self._origin(request))
        return json_answer(shown, headers={"retry-after": str(wait)} if running else None)

    async def cancel(self, request: Request) -> Response:
        """Begin to cancel; again is no error."""
        batch = self._batch(request)
        if batch.ended_at is not None:
            raise ApiError(400, f"Message Batch {batch.id} has already ended.")
        if batch.cancel_initiated_at is None:
            batch.cancel(self._state.now(), self._state.settings.cancel_polls)
        return json_answer(batch.shown(self._state.now(), self._origin(request)))

    async def delete(self, request: Request) -> Response:
        """Forget a batch that has ended."""
        batch = self._batch(request)
        if batch.ended_at is None:
            raise ApiError(400, f"Message Batch {batch.id} cannot be deleted while it is in progress.")
        del self.batches[batch.id]
        return json_answer({"id": batch.id, "type": "message_batch_deleted"})

    async def results(self, request: Request) -> Response:
        """The results of a batch that has ended, streamed."""
        batch = self._batch(request)
        if batch.ended_at is None or batch.archived_at(self._state.now()) is not None:
            raise ApiError(404, f"Message Batch {batch.id} has no available results.")
        settings = self._state.settings
        name = f"attachment; filename*=utf-8''{batch.id}_results.jsonl"
        chunks = result_chunks(batch, self._served, settings.last_newline)
        answer = StreamingResponse(_each(chunks), headers={"content-disposition": name})
        if settings.results_content_type is not None:
            answer.headers["content-type"] = settings.results_content_type
        return answer

    def judge(self, request: SentRequest) -> str:
        """How a request ends that nothing stopped: as planned, unless its model or its params let it error."""
        if request.planned != SUCCEEDED and not request.planned.startswith(ERRORED):
            return request.planned
        model = self._state.resolve(request.model)
        if request.problem:
            return ERRORED + "invalid_request_error"
        if model is None or model.get("lifecycle") == "retired":
            return ERRORED + "not_found_error"
        if model["id"] in self._state.settings.forbidden:
            return ERRORED + "permission_error"
        if not _can_batch(model) or request.max_tokens > (model.get("max_tokens") or request.max_tokens):
            return ERRORED + "invalid_request_error"
        return request.planned

    def show_all(self, request: Request) -> list[dict[str, Any]]:
        """All batches, newest first, with the custom_ids of the first thousand requests of each."""
        return [
            self._shown(batch, request) | {"custom_ids": [sent.custom_id for sent in batch.requests[:1000]]}
            for batch in reversed(self.batches.values())
        ]

    def _batch(self, request: Request) -> Batch:
        batch = self.batches.get(request.path_params["batch_id"])
        if batch is None:
            raise _not_found(request.path_params["batch_id"])
        batch.step(self._state.now(), self.judge)
        return batch

    def _shown(self, batch: Batch, request: Request) -> dict[str, Any]:
        batch.step(self._state.now(), self.judge)
        return batch.shown(self._state.now(), self._origin(request))

    def _origin(self, request: Request) -> str:
        return self._state.settings.results_origin or str(request.base_url).rstrip("/")

    def _served(self, name: str) -> str:
        model = self._state.resolve(name)
        canonical = model["id"] if model else name
        return self._state.settings.served_models.get(canonical, canonical)


async def _each(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks one by one, made on the event loop: making them in a thread would race with the controls."""
    for chunk in chunks:
        yield chunk


def _can_batch(model: dict[str, Any]) -> bool:
    capabilities = model.get("capabilities") or {}
    return bool(capabilities.get("batch", {}).get("supported", True))


def _not_found(batch_id: str) -> ApiError:
    return ApiError(404, f"Message Batch {batch_id} not found.")
