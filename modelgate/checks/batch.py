"""`batch.*`: what the answers of a batch show; no run of the gate judges them."""

from __future__ import annotations

from collections.abc import Mapping

from modelgate.domain.findings import Finding, Level


def served_other(slot: str, pinned: str, served: Mapping[str, int]) -> tuple[Finding, ...]:
    """Models other than the pin that answered. `served`: ID to number of answers."""
    hint = "keep the results for the record, and ask support why another model answered"
    return tuple(
        Finding(
            "batch.served-other", Level.WARN, f"{answers:,} answers came from {model}, not from {pinned}", hint, slot
        )
        for model, answers in sorted(served.items())
    )
