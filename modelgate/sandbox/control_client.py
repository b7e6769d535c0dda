"""The client of a sandbox's controls: standard library only, for a sandbox in this process or in another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from modelgate.domain.errors import UsageError
from modelgate.sandbox.batch_control_client import BatchControlClient

SPEND_CAP = "enforced_spend_limit_reached"
"""`error.details.error_code` of a 429 for which waiting does not help (documented)."""

_TIMEOUT_SECONDS = 30


class SandboxControl(BatchControlClient):
    """Drives the sandbox at `url`; every method is one request, and has taken effect when it returns."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._opener = build_opener(ProxyHandler({}))

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one control, `path` below `/_sandbox/`, and return its JSON answer; raises `UsageError`."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = Request(f"{self.url}/_sandbox/{path}", content, headers, method=method)  # noqa: S310 # http only
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                loaded: dict[str, Any] = json.load(answer)
                return loaded
        except HTTPError as error:
            with error:
                raise UsageError(error.read().decode(errors="replace")) from None

    def state(self) -> dict[str, Any]:
        """Everything the sandbox knows: `now, advanced_seconds, settings, models, aliases, faults, counters, batches,
        outcomes`.
        """
        return self.send("GET", "state")

    def reset(self) -> None:
        """Make the sandbox fresh."""
        self.send("POST", "reset")

    def advance(self, seconds: float) -> None:
        """Move the sandbox's time on."""
        self.send("POST", "clock", {"advance_seconds": seconds})

    def configure(self, **settings: Any) -> None:
        """Change switches, by the names of `state.Settings`."""
        self.send("PATCH", "settings", settings)

    def requests(self) -> list[dict[str, Any]]:
        """The API requests so far, oldest first: `request_id, at, method, path, query, headers` (names),
        `authorization` and `x_api_key` (was there one), `betas` (the header), `status` (None: no answer yet or
        none at all).
        """
        log: list[dict[str, Any]] = self.send("GET", "requests")["requests"]
        return log

    def counters(self) -> dict[str, int]:
        """How often each `METHOD /path` of the API was asked, without queries."""
        numbers: dict[str, int] = self.send("GET", "counters")
        return numbers

    def forget_requests(self) -> None:
        """Empty the request log and the counters."""
        self.send("DELETE", "requests")

    def move_alias(self, alias: str, model_id: str) -> None:
        """Make `alias` mean `model_id` from now on."""
        self.send("PUT", f"aliases/{quote(alias)}", {"to": model_id})

    def remove_alias(self, alias: str) -> None:
        """Make `alias` mean nothing."""
        self.send("DELETE", f"aliases/{quote(alias)}")

    def add_model(self, model_id: str, *, like: str = "claude-sonnet-5", **fields: Any) -> dict[str, Any]:
        """Add a model released today: a copy of `like` with `fields`; returns its entry."""
        return self.send("PUT", f"models/{quote(model_id)}", {"like": like, "set": fields})

    def patch_model(self, model_id: str, *, drop: Iterable[str] = (), **fields: Any) -> dict[str, Any]:
        """Change fields of a model (`capabilities` merge key by key) and drop others; returns its entry."""
        return self.send("PATCH", f"models/{quote(model_id)}", {"set": fields, "drop": list(drop)})

    def remove_model(self, model_id: str) -> None:
        """Take a model out of the catalogue."""
        self.send("DELETE", f"models/{quote(model_id)}")

    def deprecate(self, model_id: str, *, retires_in_days: int | None = 200) -> dict[str, Any]:
        """Deprecate a model, to be retired in so many days (negative: overdue; None: no date); returns its entry."""
        return self.send("POST", f"models/{quote(model_id)}/deprecate", {"retires_in_days": retires_in_days})

    def retire(self, model_id: str) -> dict[str, Any]:
        """Retire a model now; returns its entry."""
        return self.send("POST", f"models/{quote(model_id)}/retire")

    def hide(self, *model_ids: str) -> None:
        """Leave exactly these out of the list; they are still answered by name."""
        self.configure(hidden=model_ids)

    def forbid(self, *model_ids: str) -> None:
        """Permit every model but exactly these to the key: 403, and missing from the list."""
        self.configure(forbidden=model_ids)

    def forbid_list(self, forbidden: bool = True) -> None:
        """Answer 403 to the list."""
        self.configure(list_forbidden=forbidden)

    def older_gateway(self) -> None:
        """Answer without `lifecycle`, `line` and their dates, and ignore `lifecycle[]`, as before October 2026."""
        self.configure(dropped_fields=["lifecycle", "line", "deprecated_at", "retires_at"])

    def accept_keys(self, *keys: str) -> None:
        """Accept exactly these keys from now on; none: any."""
        self.configure(accepted_keys=keys)

    def fail_next(
        self, status: int, *, count: int | None = 1, method: str = "*", path: str = "/v1/*", **parts: Any
    ) -> None:
        """Answer the next `count` matching requests (None: all) with `status`; `parts` as in `faults.Rule`: `headers`,
        `body` …
        """
        self.add_fault(status=status, count=count, method=method, path=path, **parts)

    def fail_fraction(self, fraction: float, status: int = 500, *, seed: int = 0, path: str = "/v1/*") -> None:
        """Answer this fraction 0..1 of all requests with `status`, drawn from `seed`, until faults are lifted."""
        self.add_fault(status=status, fraction=fraction, seed=seed, path=path, count=None)

    def rate_limit_next(self, *, retry_after: str | float = "1", count: int | None = 1, **where: str) -> None:
        """Answer 429 with `retry-after` to the next `count` requests; `where`: `method`, `path`."""
        self.fail_next(429, count=count, **where, headers={"retry-after": str(retry_after)})

    def spend_cap(self, *, count: int | None = None, **where: str) -> None:
        """Answer 429 of a spend cap, without `retry-after`, to the next `count` requests (None: until lifted).

        `where`: `method`, `path`.
        """
        message = (
            "You have reached your API usage limits: your organization has crossed its monthly API usage threshold."
        )
        self.fail_next(429, count=count, **where, message=message, details={"error_code": SPEND_CAP})

    def cut_next(
        self,
        when: Literal["before", "during", "after"] = "before",
        *,
        count: int | None = 1,
        method: str = "*",
        path: str = "/v1/*",
    ) -> None:
        """Drop the connections of the next `count` requests: before their work is done, during or instead of the
        answer.
        """
        self.add_fault(cut=when, count=count, method=method, path=path)

    def lose_next_creates(self, count: int = 1) -> None:
        """Create the next `count` batches and cut the connection instead of answering."""
        self.cut_next("after", count=count, method="POST", path="/v1/messages/batches")

    def add_fault(self, **parts: Any) -> None:
        """Put any fault in force: the parts of `faults.Rule`."""
        self.send("POST", "faults", parts)

    def lift_faults(self) -> None:
        """Lift all faults."""
        self.send("DELETE", "faults")
