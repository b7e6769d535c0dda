"""`GET /v1/models` and `GET /v1/models/{id or alias}`.

Documented: parameters, order, page shape, the default of `lifecycle[]`. Seen in recordings: the list holds canonical
IDs only, the 404's message. Unknown of the real API, and chosen here: what a retired model's retrieve answers (setting
`retired_answer`), that a model not permitted to the key is missing from the list, and that an older gateway ignores
`lifecycle[]`.
"""

from __future__ import annotations

from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response

from modelgate.sandbox.answers import ApiError, json_answer, page
from modelgate.sandbox.catalogue import Lifecycle
from modelgate.sandbox.state import State

LIFECYCLES: tuple[str, ...] = get_args(Lifecycle)


class ModelsApi:
    """The two endpoints over one `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def list_models(self, request: Request) -> Response:
        """A page of entries, newest first; without `lifecycle[]` the active and deprecated ones."""
        settings = self._state.settings
        if settings.list_forbidden:
            raise ApiError(403)
        wanted = _lifecycles(request.query_params.getlist("lifecycle[]"))
        if "lifecycle" in settings.dropped_fields:
            wanted = ("active", "deprecated")
        unlisted = {*settings.hidden, *settings.forbidden}
        listed = [
            self._shown(model)
            for model in self._state.newest_first()
            if model["id"] not in unlisted and model.get("lifecycle", "active") in wanted
        ]
        return json_answer(page(listed, request.query_params, settings.page_cap))

    async def retrieve(self, request: Request) -> Response:
        """One entry by canonical ID or alias; the answer's `id` is the canonical one."""
        name = request.path_params["name"]
        model = self._state.resolve(name)
        settings = self._state.settings
        if model is None or (model.get("lifecycle") == "retired" and settings.retired_answer == 404):
            raise ApiError(404, f"model: {name}")
        if model["id"] in settings.forbidden or name in settings.forbidden:
            raise ApiError(403)
        return json_answer(self._shown(model))

    def _shown(self, model: dict[str, Any]) -> dict[str, Any]:
        dropped = self._state.settings.dropped_fields
        return {name: value for name, value in model.items() if name not in dropped}


def _lifecycles(asked: list[str]) -> tuple[str, ...]:
    if len(asked) > len(LIFECYCLES):
        raise ApiError(400, f"lifecycle: List should have at most {len(LIFECYCLES)} items")
    for name in asked:
        if name not in LIFECYCLES:
            raise ApiError(400, f"lifecycle: Input should be {', '.join(LIFECYCLES)}; got {name!r}")
    return tuple(asked) or ("active", "deprecated")
