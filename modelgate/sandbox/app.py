"""The sandbox as an ASGI application: the API's routes, the controls, and errors in the API's shape."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from modelgate.sandbox import batch_control_routes, control_routes
from modelgate.sandbox.answers import ApiError, error_answer, new_id
from modelgate.sandbox.batch_control_routes import BatchControlRoutes
from modelgate.sandbox.batches_api import BatchesApi
from modelgate.sandbox.control_routes import ControlRoutes
from modelgate.sandbox.faults import Faults
from modelgate.sandbox.front import CutConnection, Front
from modelgate.sandbox.messages_api import MessagesApi
from modelgate.sandbox.models_api import ModelsApi
from modelgate.sandbox.state import State


def build_app(cut: CutConnection) -> Starlette:
    """A fresh sandbox; `cut` drops the connection of a request."""
    state, faults = State(), Faults()
    models, batches = ModelsApi(state), BatchesApi(state)
    routes = [
        Route("/v1/models", models.list_models),
        Route("/v1/models/{name:path}", models.retrieve),
        *batches.routes(),
        *MessagesApi(state).routes(),
        *ControlRoutes(state, faults, batches).routes(),
        *BatchControlRoutes(state, batches).routes(),
        Route("/_sandbox/", _controls),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Front, state=state, faults=faults, cut=cut)],
        exception_handlers={ApiError: _refused, HTTPException: _not_routed, Exception: _broken},
    )


def _controls(_request: Request) -> Response:
    """What the banner leads to: the controls, as their modules list them."""
    return PlainTextResponse("\n".join(filter(None, (control_routes.__doc__, batch_control_routes.__doc__))))


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", "") or new_id("req"))


def _refused(request: Request, error: Exception) -> Response:
    refusal = error if isinstance(error, ApiError) else ApiError(500)
    return error_answer(refusal, _request_id(request))


def _not_routed(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_answer(ApiError(status, f"{request.method} {request.url.path}: not served here"), _request_id(request))


def _broken(request: Request, error: Exception) -> Response:
    return error_answer(
        ApiError(500, f"the sandbox itself failed: {type(error).__name__}: {error}"), _request_id(request)
    )
