"""Adding to the audit store and reading it back, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.databases import append_at, opened
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row

from modelgate.clock import SystemClock
from modelgate.domain.errors import Conflict
from modelgate.domain.rows import FindingRow


def test_a_run_is_read_back_as_it_was_added(database_url: str) -> None:
    """A run comes back with its resolutions and its author, whatever the order in which its rows were handed in."""
    store = opened(database_url)
    run = run_row("r1", facts='{"answers":{}}', asked_at=NOW)
    answer = handed("r1", "summarizer", "claude-a-1")
    append_at(store, PROD, AUTHOR, [answer, FindingRow("r1", "drift.held", "note", "m", "h"), run], now=NOW)
    append_at(store, PROD, AUTHOR, [run_row("r2"), handed("r2", "summarizer", "claude-b")], now=NOW)
    found = store.run("r1")
    assert found is not None
    assert (found.run, found.resolutions, found.envelope.author) == (run, (answer,), AUTHOR)
    assert (found.envelope.sequence, found.envelope.recorded_at) == (1, NOW)


def test_a_stale_look_is_refused_and_writes_nothing(database_url: str) -> None:
    """Somebody who saw an older revision than the newest is told, and none of their rows is added."""
    store = opened(database_url)
    first = store.append(PROD, AUTHOR, [pin_row(1)], expect={"summarizer": 0}, now=NOW)
    with pytest.raises(Conflict):
        store.append(PROD, AUTHOR, [run_row("r1"), pin_row(1)], expect={"summarizer": 0}, now=NOW)
    assert store.head(PROD) == first
    assert store.run("r1") is None


def test_a_clock_that_steps_back_does_not_reorder(database_url: str) -> None:
    """A row is never recorded earlier than the one before it; what the clock said stands beside it."""
    store = opened(database_url)
    append_at(store, PROD, AUTHOR, [pin_row(1)], now=NOW)
    append_at(store, PROD, AUTHOR, [run_row("r1")], now=NOW - timedelta(minutes=3))
    found = store.run("r1")
    assert found is not None
    assert (found.envelope.recorded_at, found.envelope.clock_at) == (NOW, NOW - timedelta(minutes=3))


def test_the_servers_clock_says_when_a_row_was_recorded(postgresql_url: str) -> None:
    """Two days behind or a day ahead: a host's clock stands beside the time, and is not it."""
    store, now = opened(postgresql_url), SystemClock().now()
    for number, wrong in enumerate([timedelta(days=-2), timedelta(days=1)]):
        store.append(PROD, AUTHOR, [run_row(f"r{number}")], now=now + wrong)
        found = store.run(f"r{number}")
        assert found is not None
        assert abs(found.envelope.recorded_at - now) < timedelta(hours=1)
        assert found.envelope.clock_at == now + wrong


def test_hostile_text_is_kept_as_any_database_takes_it(database_url: str) -> None:
    """NUL and lone surrogates are escaped, everything else is kept as it is."""
    store = opened(database_url)
    store.append(PROD, AUTHOR, [pin_row(1, reason="a\0b\ud800c\u202e'; DROP TABLE pins; -- é🙂")], now=NOW)
    assert [pin.reason for pin in store.revisions(PROD)] == ["a\\x00b\\ud800c\u202e'; DROP TABLE pins; -- é🙂"]
