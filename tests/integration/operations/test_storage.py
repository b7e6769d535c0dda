"""db stats: how much room the audit store takes, by table and by scope."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.archives import crowd
from support.commands import Shell
from support.databases import PostgreSQL, append_at
from support.ledger import AUTHOR, handed, run_row
from support.roles import store_with_roles
from support.sites import Site

from modelgate.domain.rows import Scope
from modelgate.domain.storage import Count, Room, storage
from modelgate.render.storage import size

DAYS = 90


@pytest.fixture
def stats(site: Site) -> Any:
    """`db stats` on a store with a run of two rows a day for 90 days in prod, and one in staging today."""
    store, now = site.store(), site.clock.now()
    for day in range(DAYS):
        rows = [run_row(f"r{day}"), handed(f"r{day}", "summarizer", "claude-a")]
        append_at(store, site.scope(), AUTHOR, rows, now=now - timedelta(days=DAYS - 1 - day, seconds=5))
    append_at(store, site.scope("staging"), AUTHOR, [run_row("s")], now=now)

    def asked(*words: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(Shell(site).run("db", "stats", *words, "--format", "json").stdout)
        return told

    return asked


def test_rows_are_counted_by_table_and_scope(stats: Any) -> None:
    """The largest first; what a day adds is that of the last 30 days."""
    told = stats()
    assert {(t["table"], t["rows"], t["rows_a_day"]) for t in told["tables"]} == {
        ("runs", DAYS + 1, 1.0), ("resolutions", DAYS, 1.0)
    }  # fmt: skip
    assert [(s["service"], s["environment"], s["rows"]) for s in told["scopes"]] == [
        ("checkout", "prod", 2 * DAYS), ("checkout", "staging", 1)
    ]  # fmt: skip
    assert (told["rows"], told["days"], told["rows_a_day"]) == (2 * DAYS + 1, 30.0, 2.0)


def test_bytes_are_those_of_tables_with_their_indexes(stats: Any, site: Site) -> None:
    """All of them are no more than the whole, and a table is not smaller than its rows."""
    told = stats()
    assert sum(t["bytes"] for t in told["tables"]) <= told["bytes"]
    assert sum(s["bytes"] for s in told["scopes"]) == pytest.approx(sum(t["bytes"] for t in told["tables"]), abs=9)
    assert all(t["bytes"] > t["rows"] * 200 for t in told["tables"])
    if site.database_url.startswith("sqlite"):
        assert told["bytes"] == Path(site.database_url.removeprefix("sqlite:///")).stat().st_size


def test_what_an_archive_would_take_is_told_where_somebody_asks(stats: Any, site: Site) -> None:
    """Older runs, but for the first and the last of their one ID; nothing of it without `--before`."""
    crowd(site)
    before = f"{site.clock.now() - timedelta(days=59, hours=12):%Y-%m-%dT%H:%M}"
    told = stats("--before", before)
    assert (told["freed_rows"], told["scopes"][-1]["freed_rows"]) == (2 * (30 - 2), 0)
    assert told["freed_bytes"] == pytest.approx(sum(t["freed_bytes"] for t in told["tables"]), abs=9)
    assert "freed_rows" not in stats()


def test_people_read_it_as_tables(site: Site) -> None:
    """Sizes in units, thousands with commas."""
    append_at(site.store(), site.scope(), AUTHOR, [run_row("r")], now=site.clock.now())
    text = Shell(site).run("db", "stats").stdout
    assert [line.split()[:2] for line in text.splitlines() if line.startswith(("runs", "checkout"))] == [
        ["runs", "1"], ["checkout/prod", "1"]
    ]  # fmt: skip
    assert text.splitlines()[-1].endswith("B in all; growth is that of the last 1 days")


def test_an_empty_store_has_no_rows(site: Site) -> None:
    """It is no error; a file that is not there is one."""
    site.store()
    assert Shell(site).run("db", "stats").stdout.startswith("no rows yet\n")
    site.environ["MODELGATE_DATABASE_URL"] = f"sqlite:///{site.folder}/other.db"
    missing = Shell(site).run("db", "stats")
    assert (missing.returncode, "there is no audit store at" in missing.stderr) == (2, True)


def test_a_reader_may_ask(postgresql: PostgreSQL, site_on_postgresql: Site) -> None:
    """SELECT is enough."""
    as_role = store_with_roles(postgresql)
    site_on_postgresql.environ["MODELGATE_DATABASE_URL"] = as_role("modelgate_reader")
    assert Shell(site_on_postgresql).run("db", "stats").returncode == 0


def test_growth_of_a_young_store_is_that_of_its_days() -> None:
    """Four rows in two days are two a day."""
    now = datetime.fromisoformat("2026-11-27T00:00:00+00:00")
    count = Count("runs", Scope("a", "prod"), 4, 4, 1, now - timedelta(days=2))
    found = storage([count, replace(count, table="findings", rows=1, recent=0, freed=0)], {"runs": 400}, 999, now)
    assert found.days == 2
    assert found.tables == {"runs": Room(4, 400.0, 2.0, 200.0, 1, 100.0), "findings": Room(1)}
    assert list(found.scopes.values()) == [Room(5, 400.0, 2.0, 200.0, 1, 100.0)]


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9_960, "10 kB"), (999_499, "999 kB"), (1_400_000_000, "1.4 GB"),
     (5e15, "5000 TB")],
)  # fmt: skip
def test_sizes_are_short(count: float, shown: str) -> None:
    """Two digits or three, and a unit."""
    assert size(count) == shown


def test_entries_count_by_table_and_are_of_no_service(site: Site) -> None:
    """What runs name by digest takes room, too; it is of all services, and of no day."""
    site.preflight()
    told = json.loads(Shell(site).run("db", "stats", "--format", "json").stdout)
    (found,) = (t for t in told["tables"] if t["table"] == "entries")
    assert (found["rows"], found["bytes"] > 0, found["rows_a_day"]) == (1, True, 0.0)
    assert sum(s["rows"] for s in told["scopes"]) + 1 == told["rows"]
