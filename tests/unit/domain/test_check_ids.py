"""The frozen list of checks, and which of them a waiver may name."""

import pytest

from modelgate.domain.check_ids import CHECK_IDS, waivable


def test_each_once() -> None:
    """No ID stands in the list twice."""
    assert len(set(CHECK_IDS)) == len(CHECK_IDS)


@pytest.mark.parametrize(
    ("check", "may"),
    [
        ("drift.alias-moved", True),
        ("drift.reference-changed", True),
        ("drift.not-promoted", True),
        ("catalogue.retires-soon", True),
        ("catalogue.not-permitted", True),
        ("api.origin-not-approved", True),
        ("drift.unpinned", False),
        ("drift.pin-retired", False),
        ("drift.pin-missing", False),
        ("catalogue.unknown-model", False),
        ("catalogue.retired", False),
        ("catalogue.fact-unknown", False),
        ("api.unreachable", False),
        ("store.schema-behind", False),
        ("settings.waiver-expired", False),
        ("evidence.missing", False),
        ("settings.sample", True),
        ("drift.no-such-check", False),
    ],
)
def test_waivable(check: str, may: bool) -> None:
    """What could not be known, was never approved or cannot be served is not waived, nor anything of the settings."""
    assert waivable(check) is may
