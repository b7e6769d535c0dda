"""The controls of the Message Batches API, as Python methods."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote


class BatchControlClient:
    """The part of `SandboxControl` that drives batches."""

    @abstractmethod
    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one control, `path` below `/_sandbox/`, and return its JSON answer."""

    def batches(self) -> list[dict[str, Any]]:
        """All batches, newest first, as the API shows them, each with `custom_ids` of its first thousand requests."""
        shown: list[dict[str, Any]] = self.send("GET", "batches")["batches"]
        return shown

    def end_batches(self, batch_id: str = "*") -> None:
        """End a batch, or all that are running, now."""
        self.send("POST", f"batches/{quote(batch_id)}/end")

    def hold_batches(self) -> None:
        """Keep batches created from now on in progress until `end_batches`."""
        self.send("PATCH", "settings", {"batch_polls": 10**9})

    def set_outcomes(
        self,
        custom_ids: Mapping[str, str | Sequence[str]] | None = None,
        *,
        rows: Mapping[int, str | Sequence[str]] | None = None,
        proportions: Mapping[str, float] | None = None,
        seed: int = 0,
        batches: int | None = None,
    ) -> None:
        """Say how requests of batches created from now on end.

        An outcome is `succeeded`, `succeeded:STOP_REASON`, `errored:TYPE` (or `errored:out_of_credit`), `canceled`,
        `expired`, `missing` (no row at all) or `other:TYPE` (a result type of the future).
        `custom_ids`: an outcome for always, or a sequence, one for each time the custom_id
        is sent (then `succeeded`). `rows`: the same by the number that follows the last `-` of a custom_id: modelgate's
        own end in the number of the request, from 1. `proportions`: outcome to fraction 0..1 of the other requests,
        drawn from `seed`; the rest succeeds. `batches`: the plan ends after so many creates.
        """
        by_row = {str(number): outcome for number, outcome in (rows or {}).items()}
        plan = {"custom_ids": dict(custom_ids or {}), "rows": by_row, "proportions": dict(proportions or {})}
        self.send("POST", "outcomes", {**plan, "seed": seed, "batches": batches})

    def serve_as(self, model_id: str, served: str) -> None:
        """Answer requests for a canonical ID with another `message.model` (and no longer for others)."""
        self.send("PATCH", "settings", {"served_models": {model_id: served}})
