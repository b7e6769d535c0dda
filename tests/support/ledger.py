"""Rows for tests of the audit store."""

from __future__ import annotations

from datetime import UTC, datetime

from modelgate.domain.rows import Author, PinRow, ResolutionRow, RunRow, Scope

PROD = Scope("checkout", "prod")
NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
AUTHOR = Author("ada", "pod-1", "0.1.0", "abc123", "run/7")


def run_row(run_id: str, **changes: object) -> RunRow:
    """A passing preflight."""
    values = {
        "command": "preflight", "verdict": "pass", "enforced": True, "exit_code": 0,
        "started_at": NOW, "finished_at": NOW, "slots": "{}",
    }  # fmt: skip
    return RunRow(run_id, **{**values, **changes})  # type: ignore[arg-type]  # as a test says


def handed(run_id: str, slot: str, model_id: str) -> ResolutionRow:
    """A hand-over of `model_id`."""
    return ResolutionRow(run_id, slot, "claude-a", "resolved", model_id, model_id, model_id, 1)


def pin_row(revision: int, **changes: object) -> PinRow:
    """A pin of the slot `summarizer`."""
    values = {"action": "accept", "reference": "claude-a", "model_id": "claude-a-1", "reason": "first"}
    return PinRow("summarizer", revision, **{**values, **changes})  # type: ignore[arg-type]  # as a test says
