"""Years of a service in seconds, for tests of `db archive`: what happens on a day happened then, on each database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from modelgate.domain.history import RECENT_RESOLUTIONS
from modelgate.domain.rows import FindingRow, ResolutionRow
from modelgate.store import Store
from support.commands import Shell
from support.ledger import AUTHOR, handed, run_row
from support.sites import Site

_OWN = "SELECT pg_catalog.clock_timestamp()"
"""The server's clock as the migration has it."""


def turn(store: Store, back: timedelta | None) -> None:
    """Turns a server's clock back, as its owner can; None: it is its own again, and the guards are whole."""
    database = store._database
    if not database.is_server:
        return
    says = f"{_OWN} - interval '{back.total_seconds():.0f} seconds'" if back else _OWN
    for statement in (
        f"CREATE OR REPLACE FUNCTION modelgate_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $${says}$$",
        "ALTER FUNCTION modelgate_now() SET search_path FROM CURRENT",
    ):
        database.run(lambda c, said=statement: c.exec_driver_sql(said), write=True)  # type: ignore[misc]  # a default


def go(site: Site, days_ago: float) -> None:
    """It is so many days ago, for the site's gates and for the database."""
    back = timedelta(days=days_ago)
    site.clock.ahead = -back
    turn(site.store(), back or None)


def day(site: Site, days_ago: float) -> str:
    """That time, as it is typed."""
    return f"{site.clock.now() - site.clock.ahead - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"


def fill(site: Site, runs: int, name: str = "r", model_id: str = "claude-a", environment: str = "prod") -> None:
    """Adds so many passing preflights of four rows, as of the site's present."""
    for number in range(runs):
        run_id = f"{name}{number}"
        answers = [handed(run_id, slot, model_id) for slot in ("summarizer", "grader")]
        add(site, run_row(run_id), *answers, FindingRow(run_id, "f", "note", "m", "h"), environment=environment)


def crowd(site: Site, name: str = "crowd", environment: str = "prod") -> None:
    """Adds a run with as many resolutions as a gate looks at: none of an earlier run keeps that one."""
    slots = (f"slot_{number}" for number in range(RECENT_RESOLUTIONS))
    answers = [ResolutionRow(name, slot, "claude-a", "resolved", "claude-a-1") for slot in slots]
    add(site, run_row(name, verdict="refuse"), *answers, environment=environment)


def add(site: Site, *rows: Any, environment: str = "prod", version: str = AUTHOR.version) -> None:
    """Adds rows as of the site's present."""
    author = replace(AUTHOR, version=version)
    site.store().append(site.scope(environment), author, rows, now=site.clock.now())


def archived(site: Site, out: Path, days_ago: float, *words: str) -> dict[str, Any]:
    """What `db archive` tells of what is older than that."""
    asked = Shell(site).run(
        "db", "archive", "--before", day(site, days_ago), "--out", str(out), "--yes", "--format", "json", *words
    )
    assert asked.returncode == 0, asked.stderr
    told: dict[str, Any] = json.loads(asked.stdout)
    return told
