"""Every command answers after an archive exactly as before: two stores of one history, one of them archived."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.archives import archived, crowd, day, fill, go
from support.commands import Shell
from support.databases import PostgreSQL
from support.desk import Desk
from support.sites import ALIAS, NEW, OLD, OTHER, Site, found

SOAKED = {"promote_from": "staging", "soak_hours": 24, "reuse_seconds": 3600, "grace_hours": 4}
VOLATILE = {
    "as_of", "started_at", "finished_at", "seen_at", "head", "audit", "recorded_at", "handed_at", "asked_at", "at",
    "facts_age_seconds", "sequence",
}  # fmt: skip
"""When something happened that each store does by itself, and its place in its own chain."""
T = 60


def starts(site: Site, days_ago: float, count: int, environment: str = "prod") -> None:
    """So many pods start on that day, an hour apart, after a check."""
    go(site, days_ago)
    site.check(environment)
    for hour in range(count):
        go(site, days_ago - hour / 24)
        report = site.preflight(environment)
        assert report.verdict == "pass", found(report)


@pytest.fixture
def years(site: Site) -> Site:
    """A service in two environments, over a year: two moves of an alias, a rollback and its release, bulk work."""
    site.asks("staging", policy={"reuse_seconds": 0}, summarizer=ALIAS, grader=OTHER)
    site.asks(policy=SOAKED, summarizer=ALIAS, grader=OTHER)
    go(site, 400)
    site.accept(everything=True, environment="staging")
    starts(site, 400, 3, "staging")
    go(site, 390)
    site.accept(everything=True, source="staging")
    starts(site, 390, 6)
    fill(site, 15, "pod", model_id=OLD)
    Desk(site).write(3)
    Desk(site).submit()
    site.sandbox.move_alias(ALIAS, NEW)
    go(site, 300)
    assert site.check().verdict == "refuse"
    site.accept("summarizer", environment="staging")
    starts(site, 300, 4, "staging")
    go(site, 290)
    site.accept("summarizer", source="staging")
    starts(site, 290, 6)
    go(site, 200)
    site.rollback("summarizer")
    for hour in range(5):
        go(site, 200 - hour / 24)
        site.preflight()
    go(site, 190)
    site.release("summarizer", how="accept")
    starts(site, 190, 4)
    fill(site, 5, "later", model_id=NEW)
    crowd(site)
    starts(site, 90, 4, "staging")
    starts(site, 80, 5)
    go(site, 50)
    site.preflight()
    site.sandbox.move_alias(ALIAS, OTHER)
    go(site, 0.01)
    site.check()
    go(site, 0)
    site.check()
    site.sandbox.advance(90_000)  # the batch has ended
    return site


def copy(site: Site, postgresql: PostgreSQL, tmp_path: Path) -> Site:
    """The same site on a store of its own."""
    folder = tmp_path / "whole"
    shutil.copytree(site.config, folder / "config")
    if site.database_url.startswith("sqlite"):
        url = f"sqlite:///{folder}/modelgate.db"
        shutil.copy(site.database_url.removeprefix("sqlite:///"), folder / "modelgate.db")
    else:
        url = postgresql.create(upgraded=False)
        name, of = (each.partition("?")[0].rpartition("/")[2] for each in (url, site.database_url))
        postgresql.execute(f"DROP DATABASE {name}")
        postgresql.execute(f"CREATE DATABASE {name} TEMPLATE {of}")
    return replace(site, folder=folder, database_url=url, environ={})


def lasting(value: Any, new_runs: dict[str, str]) -> Any:
    """The value without what each store's own runs make different; IDs of such runs by the order they came in."""
    if isinstance(value, dict):
        return {key: lasting(item, new_runs) for key, item in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [lasting(item, new_runs) for item in value]
    for run_id, number in new_runs.items():
        value = value.replace(run_id, number) if isinstance(value, str) else value
    return value


class Asked:
    """One of the two stores."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.known = set(self._runs())

    def _runs(self) -> Iterator[str]:
        for environment in ("prod", "staging"):
            yield from self.site.store().run_ids(self.site.scope(environment), 1000)

    def told(self, words: tuple[str, ...]) -> tuple[int, Any, str]:
        """Exit code, JSON, and what was said beside it."""
        asked = Shell(self.site).run(*words, "--format", "json")
        own = {run_id: "new" for run_id in self._runs() if run_id not in self.known}
        own |= {self.site.database_url.partition("?")[0].rpartition("/")[2]: "database"}
        value = json.loads(asked.stdout) if asked.stdout else None
        own |= {value["run_id"]: "new"} if isinstance(value, dict) and value.get("run_id") else {}
        said = [line for line in asked.stderr.splitlines() if not line.startswith("{")]  # a log has times
        said_by_all = lasting("\n".join(said).replace(str(self.site.folder), ""), own)
        return asked.returncode, lasting(value, own), said_by_all


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two answers differ, one line each."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(key for key in other if key not in one)]
        return [line for key in keys for line in differences(one.get(key), other.get(key), f"{where}.{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return [
            line
            for place, (a, b) in enumerate(zip(one, other, strict=True))
            for line in differences(a, b, f"{where}[{place}]")
        ]
    return [] if one == other else [f"{where}: {one!r} is not {other!r}"]


def questions(site: Site) -> list[tuple[str, ...]]:
    """What people and machines ask of a store, and change in it, in this order."""
    prod, why = ("-e", "prod"), ("--reason", "r", "--yes")
    young = site.store().run_ids(site.scope(), 1)[0]
    job = site.store().batch_jobs(site.scope())[0][0].job_id
    asked: list[tuple[str, ...]] = [
        ("status", *prod), ("status", "-e", "staging"), ("history", "--limit", "1000", *prod),
        ("history", "summarizer", "--limit", "3", *prod), ("history", "--limit", "1000", "-e", "staging"),
        ("fleet",), ("fleet", "--model", OLD), ("fleet", "--model", NEW), ("fleet", "--due", "900"),
        ("watch", "--dry-run"), ("diff", "staging", "prod"), ("upgrade", *prod), ("evidence", "list", *prod),
        ("explain", "drift.held"), ("db", "check", *prod), ("batch", "list", *prod), ("batch", "show", job, *prod),
        ("batch", "stats", *prod), ("batch", "stats", job, *prod), ("models", *prod), ("resolve", ALIAS, *prod),
        ("history", "--since", day(site, T - 1), *prod), ("history", "--since", day(site, 0.02), *prod),
        *(("history", "--at", day(site, at), *prod) for at in (T - 0.001, 55, 45, 0.005)),
        ("rollback", "summarizer", "--dry-run", *why, *prod),
        ("rollback", "grader", "--dry-run", *why, *prod),
        ("rollback", "summarizer", "--to", OLD, "--dry-run", *why, *prod),
        ("rollback", "summarizer", "--to-revision", "1", "--dry-run", *why, *prod),
        *(("rollback", "--all", "--to-time", day(site, at), "--dry-run", *why, *prod) for at in (T - 0.001, 55)),
        ("check", "--dry-run", *prod), ("check", "--dry-run", "-e", "staging"),
    ]  # fmt: skip
    return [
        *asked, ("watch", "--no-notify"), ("accept", "summarizer", "--run", young, *why[:2], *prod), ("check", *prod),
        ("preflight", *prod), ("rollback", "summarizer", *why, *prod), ("preflight", *prod), ("status", *prod),
        ("release", "summarizer", "--keep", *why, *prod), ("accept", "--all", "--from", "staging", *why[:2], *prod),
        ("history", "--limit", "1000", *prod), ("batch", "resume", job, "--out", "out.jsonl", *prod),
        ("batch", "list", *prod),
    ]  # fmt: skip


def test_every_command_answers_as_before(years: Site, postgresql: PostgreSQL, tmp_path: Path) -> None:
    """The same exit code, the same JSON and the same words, of what is asked and of what is changed."""
    whole = Asked(copy(years, postgresql, tmp_path))
    told = archived(years, tmp_path / "old.gz", T)
    assert told["rows"] > 40
    without = Asked(years)
    assert len(without.known) < len(whole.known)
    found: list[str] = []
    for words in questions(years):
        expected = whole.told(words)
        assert expected[0] in (0, 1, 3), words
        found += differences(without.told(words), expected, " ".join(words))
    print("\n".join(found))  # pytest shows a part of it
    assert found == []


def test_grace_stands_in_as_before(years: Site, postgresql: PostgreSQL, tmp_path: Path) -> None:
    """While the API is away, and after it: the facts are those of the same run."""
    whole = Asked(copy(years, postgresql, tmp_path))
    archived(years, tmp_path / "old.gz", T)
    without = Asked(years)
    years.outage()
    for words in (("check", "-e", "prod"), ("preflight", "-e", "prod"), ("status", "-e", "prod")):
        assert (words, differences(without.told(words), whole.told(words))) == (words, [])
