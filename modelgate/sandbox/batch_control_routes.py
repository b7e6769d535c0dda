"""Driving the batches of a sandbox over HTTP; the switches of batches are among `PATCH /_sandbox/settings`.

| control | body (JSON) | effect |
|---|---|---|
| `GET    /_sandbox/batches` | | all batches, newest first, each with its `custom_ids` (the first thousand) |
| `POST   /_sandbox/batches/ID/end` | | the batch ends now; `*` as ID: all that run |
| `POST   /_sandbox/outcomes` | parts of `outcomes.OutcomePlan` | how requests of batches created from now on end |
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from modelgate.sandbox.answers import ApiError, json_answer
from modelgate.sandbox.batches_api import BatchesApi
from modelgate.sandbox.fields import body_of
from modelgate.sandbox.outcomes import PLAN_KINDS, OutcomePlan
from modelgate.sandbox.state import State


class BatchControlRoutes:
    """The handlers of the table above."""

    def __init__(self, state: State, api: BatchesApi) -> None:
        self._state = state
        self._api = api

    def routes(self) -> list[Route]:
        """The routes of the table above."""
        return [
            Route("/_sandbox/batches", self.show, methods=["GET"]),
            Route("/_sandbox/batches/{batch_id}/end", self.end, methods=["POST"]),
            Route("/_sandbox/outcomes", self.set_outcomes, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """All batches."""
        return json_answer({"batches": self._api.show_all(request)})

    async def end(self, request: Request) -> Response:
        """End one batch or all."""
        wanted = request.path_params["batch_id"]
        if wanted != "*" and wanted not in self._api.batches:
            raise ApiError(404, f"no batch {wanted!r}")
        for batch in self._api.batches.values():
            if wanted in ("*", batch.id):
                batch.hurry(self._state.now())
                batch.step(self._state.now(), self._api.judge)
        return json_answer({})

    async def set_outcomes(self, request: Request) -> Response:
        """Put a plan in force instead of the present one."""
        self._api.outcomes.set(OutcomePlan.parse(await body_of(request, PLAN_KINDS)))
        return json_answer({})
