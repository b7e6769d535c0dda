"""`batch.*`: what the answers of a batch show; no run of the gate judges them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


def sent_twice(slot: str, batches: Iterable[tuple[str, int]]) -> tuple[Finding, ...]:
    """Batches whose requests another batch ran too. `batches`: ID and number of the part."""
    hint = "its tokens are in the account, its rows were not used: ask support, with its ID"
    return tuple(
        Finding(
            "batch.sent-twice", Level.REFUSE, f"part {part} was sent twice: {name} holds its requests too", hint, slot
        )
        for name, part in batches
    )


def unclaimed(slot: str, batches: Iterable[tuple[str, int]]) -> tuple[Finding, ...]:
    """Running batches that may have come of a create whose answer was lost. `batches`: ID and number of the part."""
    hint = "once it has ended, its results tell whose it is"
    return tuple(
        Finding("batch.unclaimed", Level.WARN, f"part {part} may have been sent twice: {name} still runs", hint, slot)
        for name, part in batches
    )
