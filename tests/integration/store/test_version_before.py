"""Gates of this version and of the one before on one store: neither loses reuse or grace of its own."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from support.commands import Shell
from support.databases import PostgreSQL, upgraded
from support.earlier import Earlier
from support.schemas import database
from support.sites import ALIAS, NEW, Site

from modelgate.sandbox import Sandbox
from modelgate.store import migrate
from modelgate.store.schema import HEAD

POLICY = {"reuse_seconds": 3600, "grace_hours": 24}
BEFORE = "0007"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Earlier:
    """The version before."""
    return Earlier.unpacked(tmp_path_factory.mktemp("earlier"))


@pytest.fixture(params=["sqlite", "postgresql"])
def old_site(request: pytest.FixtureRequest, tmp_path: Path, modelgate_sandbox: Sandbox, earlier: Earlier) -> Site:
    """A site whose store the version before made, on each database in turn, with a slot that it approved and ran."""
    url = f"sqlite:///{tmp_path}/modelgate.db"
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.create(upgraded=False)
    site = Site(tmp_path, modelgate_sandbox, url)
    for environment in ("prod", "staging"):
        site.asks(environment, policy=POLICY, summarizer=ALIAS)
    assert earlier.run(site, "db", "upgrade", "-e", "prod")[0] == 0
    for environment in ("prod", "staging"):
        words = ("accept", "--all", "--reason", "tested", "-e", environment)
        assert earlier.run(site, *words)[0] == 0
    schema = migrate.current(database(url))
    assert schema is not None
    assert schema.revision == BEFORE
    return site


def forms(site: Site, environment: str = "prod") -> list[int]:
    """The forms of the runs, oldest first."""
    query = f"SELECT form FROM runs WHERE environment = '{environment}' ORDER BY sequence"
    found: list[int] = database(site.database_url).run(lambda c: list(c.exec_driver_sql(query).scalars()))
    return found


def passed(report: dict[str, Any]) -> tuple[str, Any, bool]:
    """Verdict, whose facts, and whether the API was asked."""
    return report["verdict"], report["reused_from"], report["api"]["requests"] > 0


def checks(report: dict[str, Any]) -> set[str]:
    """The IDs of the findings."""
    return {finding["id"] for finding in report["findings"]}


def test_this_version_reuses_what_the_version_before_saw(old_site: Site, earlier: Earlier) -> None:
    """The store is upgraded: what old rows say whole is read on, and the version before goes on reusing its own."""
    first = earlier.gate(old_site)
    assert passed(first) == ("pass", None, True)
    upgraded(old_site.database_url)
    assert old_site.preflight().reused_from == first["run_id"]
    again = earlier.gate(old_site)
    assert passed(again) == ("pass", first["run_id"], False)
    assert "store.schema-ahead" in checks(again)
    assert forms(old_site) == [1, 4, 1]


@pytest.mark.slow
def test_the_version_before_asks_for_itself_and_reuses_its_own(old_site: Site, earlier: Earlier) -> None:
    """It does not misread what this version saw; this one takes the newest of both, the other its own."""
    upgraded(old_site.database_url)
    mine = old_site.preflight("staging")
    assert passed(earlier.gate(old_site, environment="staging")) == ("pass", None, True)
    assert mine.reused_from is None
    theirs = earlier.gate(old_site, environment="staging")
    assert passed(theirs)[0] == "pass"
    assert passed(theirs)[2] is False
    assert old_site.preflight("staging").reused_from == theirs["reused_from"]
    old_site.environ["ANTHROPIC_API_KEY"] = "rotated"
    rotated = old_site.preflight("staging")
    assert (rotated.reused_from, rotated.requests > 0) == (None, True)
    assert old_site.preflight("staging").reused_from == rotated.run_id
    assert passed(earlier.gate(old_site, environment="staging")) == ("pass", None, True)


@pytest.mark.slow
def test_both_start_on_grace(old_site: Site, earlier: Earlier) -> None:
    """The API is down: the version before stands on the facts that it wrote down, this one on the newest of both."""
    earlier.gate(old_site)
    upgraded(old_site.database_url)
    old_site.environ["ANTHROPIC_API_KEY"] = "rotated"  # so that nothing is reused
    old_site.preflight()
    old_site.environ["ANTHROPIC_API_KEY"] = "rotated-again"
    old_site.outage()
    mine, theirs = old_site.preflight(), earlier.gate(old_site)
    assert (str(mine.verdict), theirs["verdict"]) == ("pass", "pass")
    assert "api.grace" in {finding.id for finding in mine.findings}
    assert "api.grace" in checks(theirs)


@pytest.mark.slow
def test_where_only_this_version_ran_the_version_before_has_no_grace(old_site: Site, earlier: Earlier) -> None:
    """It has no facts of its own, reads none that it does not know, and says that it could not know."""
    upgraded(old_site.database_url)
    old_site.preflight()
    old_site.environ["ANTHROPIC_API_KEY"] = "rotated"
    old_site.outage()
    assert str(old_site.preflight().verdict) == "pass"
    assert earlier.gate(old_site)["verdict"] == "unknown"


@pytest.mark.slow
def test_operators_of_both_versions_read_on(old_site: Site, earlier: Earlier) -> None:
    """Status, history, fleet and rollback answer; the version before never calls rows intact that it cannot read."""
    earlier.gate(old_site)
    upgraded(old_site.database_url)
    old_site.sandbox.move_alias(ALIAS, NEW)
    old_site.environ["ANTHROPIC_API_KEY"] = "rotated"
    old_site.preflight()
    for words in (
        ["status"],
        ["history"],
        ["audit", "export"],
        ["audit", "head"],
        ["rollback", "summarizer", "--to", NEW, "--never-run", "--reason", "INC-1", "--yes"],
    ):
        assert earlier.run(old_site, *words, "-e", "prod")[0] == 0, words
    assert earlier.run(old_site, "fleet")[0] == 0
    code, told = earlier.run(old_site, "audit", "verify", "-e", "prod", "--format", "json")
    assert (code, json.loads(told)["intact"], json.loads(told)["unread"]) == (3, None, 1)
    done = Shell(old_site).run("audit", "verify", "-e", "prod", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["intact"]) == (0, True)


@pytest.mark.slow
def test_a_crowd_of_both_is_recorded_whole(old_site: Site, earlier: Earlier) -> None:
    """They start in the same moment on a store that was just upgraded: all pass, and the chain is one."""
    upgraded(old_site.database_url)
    old_site.sandbox.forget_requests()
    theirs = [earlier.start(old_site, "preflight", "-e", "prod", "--format", "json") for _ in range(3)]
    mine: list[str] = []
    threads = [threading.Thread(target=lambda: mine.append(str(old_site.preflight().verdict))) for _ in range(3)]
    for thread in threads:
        thread.start()
    told = [json.loads(process.communicate(timeout=240)[0]) for process in theirs]
    for thread in threads:
        thread.join()
    assert mine + [report["verdict"] for report in told] == ["pass"] * 6
    found = old_site.store().verify(old_site.scope())
    assert (found.intact, sorted(forms(old_site))) == (True, [1] * 3 + [4] * 3)
    assert old_site.sandbox.counters()["GET /v1/models"] <= 4


def test_the_pack_is_the_version_before_and_not_this_one(earlier: Earlier, file_site: Site) -> None:
    """What runs in these tests knows the schema before, and nothing later."""
    file_site.preflight()
    code, told = earlier.run(file_site, "db", "check", "-e", "prod", "--format", "json")
    assert HEAD > BEFORE
    assert (code, HEAD in told) == (0, True)
    assert BEFORE in "".join(finding["message"] for finding in earlier.gate(file_site, "check")["findings"])
