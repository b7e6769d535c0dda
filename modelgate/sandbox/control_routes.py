"""Driving a sandbox over HTTP while it runs. No key is needed; nothing here is recorded in the request log.

The controls of batches are in `batch_control_routes`.

| control | body (JSON) | effect |
|---|---|---|
| `GET    /_sandbox/state` | | everything the sandbox knows, but no key |
| `POST   /_sandbox/reset` | | a fresh sandbox: every change, batch, fault and record forgotten |
| `POST   /_sandbox/clock` | `{"advance_seconds": N}` | the sandbox's time moves on, for dates and batches |
| `PATCH  /_sandbox/settings` | names of `state.Settings` | switches: permissions, latency, keys, pages, batches … |
| `PUT    /_sandbox/aliases/NAME` | `{"to": ID}` | the alias is made or moved |
| `DELETE /_sandbox/aliases/NAME` | | the alias is gone |
| `PUT    /_sandbox/models/ID` | `{"like": ID, "set": {…}}` | a copy of `like` (default `claude-sonnet-5`) with `set` |
| `PATCH  /_sandbox/models/ID` | `{"set": {…}, "drop": […]}` | fields change (objects merge), fields vanish |
| `DELETE /_sandbox/models/ID` | | the model is gone, as if it had never been |
| `POST   /_sandbox/models/ID/deprecate` | `{"retires_in_days": N or null}` | deprecated as of now; default 200 |
| `POST   /_sandbox/models/ID/retire` | | retired as of now |
| `POST   /_sandbox/faults` | parts of `faults.Rule` | requests fail, wait, or lose their answer |
| `DELETE /_sandbox/faults` | | all faults lifted |
| `GET    /_sandbox/requests` | | the request log, oldest first: `{"requests": […]}` |
| `GET    /_sandbox/counters` | | `METHOD /path` to the number of such requests |
| `DELETE /_sandbox/requests` | | the request log and the counters emptied |
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from modelgate.sandbox.answers import ApiError, json_answer
from modelgate.sandbox.batches_api import BatchesApi
from modelgate.sandbox.catalogue import moment
from modelgate.sandbox.faults import RULE_KINDS, Faults, Rule
from modelgate.sandbox.fields import NONE, NUMBER, body_of
from modelgate.sandbox.state import SETTINGS_KINDS, State

DEFAULT_LIKE = "claude-sonnet-5"
DEFAULT_RETIRES_IN_DAYS = 200


class ControlRoutes:
    """The handlers of the table above, over one sandbox's state and faults."""

    def __init__(self, state: State, faults: Faults, batches: BatchesApi) -> None:
        self._state = state
        self._faults = faults
        self._batches = batches

    def routes(self) -> list[Route]:
        """The routes of the table above."""
        table = [
            ("GET", "state", self.show),
            ("POST", "reset", self.reset),
            ("POST", "clock", self.advance),
            ("PATCH", "settings", self.set_settings),
            ("PUT", "aliases/{name:path}", self.move_alias),
            ("DELETE", "aliases/{name:path}", self.remove_alias),
            ("POST", "models/{name:path}/deprecate", self.deprecate),
            ("POST", "models/{name:path}/retire", self.retire),
            ("PUT", "models/{name:path}", self.add_model),
            ("PATCH", "models/{name:path}", self.patch_model),
            ("DELETE", "models/{name:path}", self.remove_model),
            ("POST", "faults", self.add_fault),
            ("DELETE", "faults", self.lift_faults),
            ("GET", "requests", self.requests),
            ("DELETE", "requests", self.forget_requests),
            ("GET", "counters", self.counters),
        ]
        return [Route(f"/_sandbox/{path}", handler, methods=[method]) for method, path, handler in table]

    async def show(self, request: Request) -> Response:
        """Everything but the accepted keys, of which only the number is told."""
        state = self._state
        settings = asdict(state.settings)
        settings["accepted_keys"] = len(state.settings.accepted_keys)
        return json_answer({
            "now": state.now().isoformat(),
            "advanced_seconds": state.advanced.total_seconds(),
            "settings": settings,
            "models": state.newest_first(),
            "aliases": state.aliases,
            "faults": self._faults.describe(),
            "outcomes": asdict(self._batches.outcomes.plan),
            "batches": self._batches.show_all(request),
            "counters": dict(state.counters),
        })  # fmt: skip

    async def reset(self, _request: Request) -> Response:
        """Make the sandbox fresh."""
        self._state.reset()
        self._faults.clear()
        self._batches.reset()
        return json_answer({})

    async def advance(self, request: Request) -> Response:
        """Move the sandbox's time."""
        body = await body_of(request, {"advance_seconds": NUMBER})
        self._state.advanced += timedelta(seconds=body.get("advance_seconds", 0))
        return json_answer({"now": self._state.now().isoformat()})

    async def set_settings(self, request: Request) -> Response:
        """Change switches."""
        self._state.settings = replace(self._state.settings, **await body_of(request, SETTINGS_KINDS))
        return json_answer({})

    async def move_alias(self, request: Request) -> Response:
        """Make or move an alias; its target must be in the catalogue."""
        body = await body_of(request, {"to": (str,)})
        self._state.aliases[request.path_params["name"]] = self._model(body.get("to", ""))["id"]
        return json_answer({})

    async def remove_alias(self, request: Request) -> Response:
        """Forget an alias."""
        if self._state.aliases.pop(request.path_params["name"], None) is None:
            raise ApiError(404, f"no alias {request.path_params['name']!r}")
        return json_answer({})

    async def add_model(self, request: Request) -> Response:
        """Add a model as a changed copy of another, released now unless `set` says otherwise."""
        body = await body_of(request, {"like": (str,), "set": (dict,)})
        name = request.path_params["name"]
        model = deepcopy(self._model(body.get("like", DEFAULT_LIKE)))
        model |= {"id": name, "display_name": name, "created_at": moment(0, self._state.now())}
        self._state.models[name] = _merged(model, body.get("set", {}))
        return json_answer(self._state.models[name])

    async def patch_model(self, request: Request) -> Response:
        """Change or drop fields of a model."""
        body = await body_of(request, {"set": (dict,), "drop": (tuple,)})
        name = request.path_params["name"]
        changed = _merged(self._model(name), body.get("set", {}))
        self._state.models[name] = {key: value for key, value in changed.items() if key not in body.get("drop", ())}
        return json_answer(self._state.models[name])

    async def remove_model(self, request: Request) -> Response:
        """Take a model out of the catalogue."""
        model = self._model(request.path_params["name"])
        del self._state.models[request.path_params["name"]]
        return json_answer(model)

    async def deprecate(self, request: Request) -> Response:
        """Deprecate a model, to be retired in some days, or at no date yet."""
        body = await body_of(request, {"retires_in_days": (int, NONE)})
        days = body.get("retires_in_days", DEFAULT_RETIRES_IN_DAYS)
        return self._ending(request, "deprecated", None if days is None else timedelta(days=days))

    async def retire(self, request: Request) -> Response:
        """Retire a model now."""
        return self._ending(request, "retired", timedelta())

    async def add_fault(self, request: Request) -> Response:
        """Put a fault in force."""
        self._faults.add(Rule.parse(await body_of(request, RULE_KINDS)))
        return json_answer({})

    async def lift_faults(self, _request: Request) -> Response:
        """Lift all faults."""
        self._faults.clear()
        return json_answer({})

    async def requests(self, _request: Request) -> Response:
        """The request log."""
        return json_answer({"requests": list(self._state.log)})

    async def counters(self, _request: Request) -> Response:
        """The counters."""
        return json_answer(dict(self._state.counters))

    async def forget_requests(self, _request: Request) -> Response:
        """Empty the request log and the counters."""
        self._state.log.clear()
        self._state.counters.clear()
        return json_answer({})

    def _model(self, name: str) -> dict[str, Any]:
        model = self._state.models.get(name)
        if model is None:
            raise ApiError(404, f"no model {name!r} in the sandbox's catalogue")
        return model

    def _ending(self, request: Request, lifecycle: str, until: timedelta | None) -> Response:
        model, now = self._model(request.path_params["name"]), self._state.now()
        model["lifecycle"] = lifecycle
        model["deprecated_at"] = model.get("deprecated_at") or _timestamp(now)
        model["retires_at"] = None if until is None else _timestamp(now + until)
        return json_answer(model)


def _timestamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _merged(target: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(target)
    for name, value in changes.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
