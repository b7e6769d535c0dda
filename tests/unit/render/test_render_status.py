"""`modelgate status` as a terminal shows it: few and many slots, long names, held, unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modelgate.cli.status import as_text
from modelgate.domain.catalogue import Entry
from modelgate.domain.pins import Pin
from modelgate.domain.rows import HandOver, Scope
from modelgate.operations.status import SlotStatus, Status
from modelgate.render.style import Style

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
SCOPE = Scope("checkout", "prod")
NAMES = ["summarizer", "grader", "title", "the_second_opinion_on_contracts_in_foreign_languages"]
IDS = ["claude-sonnet-4-6", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"]


def status(count: int) -> Status:
    """So many slots, one after the other plain, held, never approved, and of unknown facts with a long name."""
    return Status(tuple(_slot(number) for number in range(count)), None, NOW - timedelta(hours=5), None)


def _slot(number: int) -> SlotStatus:
    base, model = NAMES[number % 4], IDS[number % 3]
    name = base if number < 4 else f"{base}_{number // 4 + 1}"
    if number % 4 == 2:
        return SlotStatus(name, "claude-haiku-4-5", None, None, None, None)
    held = number % 4 == 1
    made, ends = NOW - timedelta(days=number + 1), NOW + timedelta(hours=7) if held else None
    pin = Pin(
        name, 1, "rollback" if held else "accept", model, model, actor="sam@host", recorded_at=made, expires_at=ends
    )
    handed = HandOver(name, IDS[0], model, NOW - timedelta(hours=2), "run_1", "checkout-6d4f", "ci", "1.0.0")
    if number % 4 == 3:
        return SlotStatus(name, model, pin, None, None, None)
    return SlotStatus(name, model, pin, handed, Entry(model, "active", retires_known=True), None if held else 40)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("count", [2, 12, 40])
def test_status_is_golden(golden, count, columns):
    """Each picture is as it was judged: nothing is broken, and what is not known is a question mark."""
    shown = as_text(status(count), NOW, SCOPE, Style(width=columns)) + "\n"
    assert max(map(len, shown.splitlines())) <= columns
    golden(f"status-{count}-{columns}-columns.txt", shown)


def test_blocks_take_the_place_of_a_table_that_is_too_wide():
    """At 80 columns each slot is a block of its own, and no ID is ever in two lines."""
    shown = as_text(status(4), NOW, SCOPE, Style(width=80))
    assert [line for line in shown.splitlines() if line in NAMES] == NAMES
    assert shown.count(IDS[1]) == 2
