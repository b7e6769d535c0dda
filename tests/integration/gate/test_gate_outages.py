"""What the gate does when the API, the store or both cannot be asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from store_proxy import StoreProxy
from support.sites import ALIAS, NEW, OLD, OTHER, Site, found

from modelgate.domain.findings import Verdict
from modelgate.domain.report import Report
from modelgate.domain.rows import Head
from modelgate.domain.times import format_instant
from modelgate.gate import waiting
from modelgate.gate.handoff import json_text
from modelgate.store import store
from modelgate.store.database import Database

HOUR = timedelta(hours=1)
GRACE = {"grace_hours": 4}
SOON = {"deadline_seconds": 6}
"""A store that cannot be reached is tried for half of it; a slow machine asks the API in the rest."""


# --- the API


def test_facts_within_the_grace_stand_in_for_the_api(site: Site) -> None:
    """A start within the grace passes on what was verified before, warned and marked unverified."""
    site.asks(policy=GRACE, summarizer=ALIAS)
    site.accept("summarizer")
    site.preflight()
    site.outage()
    started = site.preflight()
    assert found(started) == {"api.grace": "warn"}
    assert started.models == {"summarizer": OLD}
    recorded = site.store().run(started.run_id or "")
    assert recorded is not None
    assert (recorded.run.unverified, recorded.run.facts) == (True, None)


def test_grace_is_never_renewed_by_itself(file_site: Site) -> None:
    """Runs on grace do not make the facts younger: after four hours it is over."""
    file_site.asks(policy=GRACE, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.outage()
    for _ in range(3):
        file_site.clock.ahead += timedelta(hours=1.3)
        assert file_site.preflight().exit_code == 0
    file_site.clock.ahead += timedelta(hours=1.3)
    assert found(file_site.preflight()) == {"api.unreachable": "unknown"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda site: site.asks(policy=GRACE, summarizer=ALIAS, more='requires = ["batch"]\n'),
        lambda site: site.asks(policy=GRACE, summarizer=OLD),
        lambda site: site.environ.update(ANTHROPIC_BASE_URL=site.sandbox.url.replace("127.0.0.1", "localhost")),
        lambda site: site.asks(summarizer=ALIAS),
    ],
    ids=["another requirement", "another reference", "another origin", "no grace"],
)
def test_grace_needs_the_same_question(file_site: Site, spoil: Callable[[Site], None]) -> None:
    """Facts about something else stand in for nothing."""
    file_site.asks(policy=GRACE, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.outage()
    spoil(file_site)
    assert file_site.preflight().exit_code == 3


def test_a_policy_may_differ_on_grace_and_is_judged_as_of_now(file_site: Site) -> None:
    """Old facts, today's rules: a line that is no longer allowed refuses in an outage, too."""
    file_site.asks(policy=GRACE, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.outage()
    file_site.asks(policy={**GRACE, "allowed_lines": ["opus"]}, summarizer=ALIAS)
    assert found(file_site.preflight())["catalogue.line-not-allowed"] == "refuse"


def test_grace_covers_no_bad_key_and_pins_nothing(file_site: Site) -> None:
    """401 is no outage; and in an outage a first use waits for the API."""
    file_site.asks(policy={**GRACE, "first_use": "accept"}, summarizer=ALIAS)
    file_site.preflight()
    file_site.sandbox.accept_keys("another")
    assert found(file_site.preflight()) == {"api.credentials": "unknown"}
    file_site.asks("staging", policy={**GRACE, "first_use": "accept"}, summarizer=ALIAS)
    file_site.check("staging")
    file_site.sandbox.accept_keys()
    file_site.check("staging")
    file_site.outage()
    assert found(file_site.preflight("staging")) == {"api.grace": "warn", "drift.unpinned": "unknown"}
    assert file_site.pins(environment="staging") == []


def test_one_name_that_fails_is_one_slots_unknown(file_site: Site) -> None:
    """The list answers, one alias does not: the other slot is judged; with grace the old answer stands in."""
    file_site.asks(summarizer=ALIAS, grader="claude-haiku-4-5")
    file_site.accept(everything=True)
    file_site.preflight()
    file_site.outage(path=f"/v1/models/{ALIAS}")
    report = file_site.preflight()
    assert [(f.id, f.slot) for f in report.findings] == [("api.unreachable", "summarizer")]
    file_site.asks(policy=GRACE, summarizer=ALIAS, grader="claude-haiku-4-5")
    assert found(file_site.preflight()) == {"api.grace": "warn"}


# --- reuse


def test_young_facts_are_judged_again_without_the_api(site: Site) -> None:
    """Within `reuse_seconds` nobody asks; pins are those of now; age counts from the run that asked."""
    site.asks(policy={"reuse_seconds": 300}, summarizer=ALIAS)
    asked = site.check()
    site.sandbox.forget_requests()
    site.accept("summarizer", run_id=asked.run_id)
    site.sandbox.forget_requests()
    reused = site.preflight()
    assert (reused.models, reused.reused_from, reused.requests) == ({"summarizer": OLD}, asked.run_id, 0)
    site.clock.ahead += timedelta(seconds=200)
    assert site.preflight().reused_from == asked.run_id
    assert site.sandbox.counters() == {}
    site.clock.ahead += timedelta(seconds=101)
    assert site.preflight().reused_from is None
    assert site.sandbox.counters() != {}


def test_facts_from_the_future_or_of_another_key_are_not_reused(file_site: Site) -> None:
    """A clock that stepped back makes no facts young; another key may see other models."""
    file_site.asks(policy={"reuse_seconds": 300}, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.clock.ahead -= timedelta(seconds=60)
    second = file_site.preflight()
    assert second.reused_from is None
    file_site.clock.ahead += timedelta(seconds=60)
    assert file_site.preflight(ANTHROPIC_API_KEY="another-key").reused_from is None
    assert file_site.preflight().reused_from == second.run_id


def test_what_was_pinned_since_is_asked_for(file_site: Site) -> None:
    """Reused facts that say nothing of a held ID do not make it unknown: the API is asked."""
    file_site.asks(policy={"reuse_seconds": 300}, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.rollback("summarizer", to=OTHER, never_run=True)
    started = file_site.preflight()
    assert (started.models, started.reused_from) == ({"summarizer": OTHER}, None)


# --- the store


def test_a_verdict_has_what_is_left_of_the_deadline_to_be_recorded(
    file_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of it is only for what comes before the API is asked."""
    left: list[float] = []

    def append(database: Database, *arguments: Any, **more: Any) -> Head:
        left.append(database.deadline.remaining)
        return written_down(database, *arguments, **more)

    written_down = store.append
    monkeypatch.setattr(store, "append", append)
    file_site.asks(policy={"first_use": "accept", "deadline_seconds": 600}, summarizer=ALIAS)
    assert file_site.preflight().exit_code == 0
    assert 400 < left[0] < 600


@pytest.fixture
def proxied(site_on_postgresql: Site) -> Iterator[tuple[Site, StoreProxy]]:
    """An approved slot whose store is reached over a network that can break."""
    site = site_on_postgresql
    site.accept("summarizer")
    parts = urlsplit(site.database_url)
    (folder,) = parse_qs(parts.query)["host"]
    with StoreProxy(f"{folder}/.s.PGSQL.5432") as proxy:
        site.environ["MODELGATE_DATABASE_URL"] = f"postgresql://postgres@127.0.0.1:{proxy.port}{parts.path}"
        yield site, proxy


@pytest.mark.parametrize("moments", [range(2, 3), pytest.param(range(7), marks=pytest.mark.slow)], ids=["one", "any"])
def test_a_store_that_breaks_at_any_moment_never_passes_unrecorded(
    proxied: tuple[Site, StoreProxy], moments: range
) -> None:
    """However many connections it lets through: a report, never an exception; a pass is in the store."""
    site, proxy = proxied
    for let_through in moments:
        site.asks(policy={**SOON, "reuse_seconds": 1, "grace_hours": 1}, summarizer=ALIAS)
        site.clock.ahead += timedelta(seconds=5)
        proxy.left = let_through
        report = site.preflight(ANTHROPIC_API_KEY=f"key-{let_through}")  # its lease is nobody else's
        proxy.left = 10**6
        if report.verdict is Verdict.PASS:
            assert site.store().run(report.run_id or "") is not None
        else:
            assert found(report) == {"store.unreachable": "unknown"}
            assert (report.models, report.run_id) == ({}, None)
    site.asks(summarizer=ALIAS)
    assert site.preflight().models == {"summarizer": OLD}


@pytest.mark.slow
def test_a_pass_that_could_not_be_written_is_written_by_the_next_try(proxied: tuple[Site, StoreProxy]) -> None:
    """`--wait`: the store fails as a pass is recorded; the try that passes then is in the store, its pins too."""
    site, proxy = proxied
    site.asks("dev", policy={**SOON, "first_use": "accept"}, summarizer=ALIAS)
    for let_through in range(1, 4):
        proxy.left = let_through

        def heal(_report: Report) -> None:
            proxy.left = 10**6

        passed = waiting.preflight(site.world("dev"), HOUR, heal)
        assert passed.models == {"summarizer": OLD}
        assert site.store().run(passed.run_id or "") is not None
    assert site.pins(environment="dev") == [("first-use", ALIAS, OLD)]


def written(site: Site, path: Path, **changes: object) -> None:
    """The fallback file, as `preflight --emit-json` writes it."""
    report = site.preflight()
    content = json.loads(json_text(report, format_instant(report.finished_at)))
    path.write_text(json.dumps({**content, **changes}))


def test_the_fallback_file_stands_in_for_the_store(proxied: tuple[Site, StoreProxy], tmp_path: Path) -> None:
    """Its pins start the deployment while it is young and the API agrees that they are served."""
    site, proxy = proxied
    policy = {**GRACE, "fallback_file": str(tmp_path / "pins.json")}
    written(site, tmp_path / "pins.json")
    site.asks(policy={**policy, **SOON}, summarizer=ALIAS)
    proxy.left = 0
    started = site.preflight()
    assert found(started) == {"store.grace": "warn"}
    assert (started.models, started.run_id) == ({"summarizer": OLD}, None)
    site.sandbox.move_alias(ALIAS, NEW)  # the file does not tell a hold from a pin, so a start on it stays on it
    assert found(site.preflight()) == {"store.grace": "warn", "drift.alias-moved": "warn"}
    assert site.preflight().models == {"summarizer": OLD}
    site.sandbox.retire(OLD)
    assert found(site.preflight())["drift.pin-retired"] == "refuse"
    site.clock.ahead += 5 * HOUR
    assert found(site.preflight())["store.unreachable"] == "unknown"


@pytest.mark.parametrize(
    "spoiled",
    [
        {"environment": "staging"},
        {"service": "other"},
        {"schema": "modelgate.pins/9"},
        {"models": {}},
        {"models": {"summarizer": {"id": OLD, "reference": OTHER, "revision": 1}}},
        {"handed_at": "2126-01-01T00:00:00Z"},
        {"handed_at": 7},
        {"models": [1]},
        {"models": {"summarizer": {"id": OLD, "reference": ALIAS, "revision": "one"}}},
        {"models": {"summarizer": {"id": OLD, "reference": ALIAS, "revision": True}}},
    ],
    ids=lambda spoiled: json.dumps(spoiled)[:40],
)
def test_a_file_of_something_else_stands_in_for_nothing(file_site: Site, tmp_path: Path, spoiled: object) -> None:
    """Another environment, another reference, the future, or rubbish: the store stays unreachable."""
    assert isinstance(spoiled, dict)
    file_site.accept("summarizer")
    written(file_site, tmp_path / "pins.json", **spoiled)
    file_site.asks(policy={**GRACE, **SOON, "fallback_file": str(tmp_path / "pins.json")}, summarizer=ALIAS)
    file_site.environ["MODELGATE_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/nothing"
    assert found(file_site.preflight()) == {"store.unreachable": "unknown"}


def test_both_outages_at_once_are_unknown(proxied: tuple[Site, StoreProxy], tmp_path: Path) -> None:
    """Without the store there are no old facts, and so nothing was verified within the grace."""
    site, proxy = proxied
    written(site, tmp_path / "pins.json")
    site.asks(policy={**GRACE, **SOON, "fallback_file": str(tmp_path / "pins.json")}, summarizer=ALIAS)
    site.outage()
    proxy.left = 0
    assert site.preflight().exit_code == 3


def test_a_schema_that_was_never_made_is_told(empty_postgresql_url: str, file_site: Site) -> None:
    """On a server no table is ever created by the gate: exit 3, and the command that does, ready to paste."""
    file_site.environ["MODELGATE_DATABASE_URL"] = empty_postgresql_url
    report = file_site.check()
    assert found(report) == {"store.schema-behind": "unknown"}
    assert report.findings[0].commands == ("modelgate db upgrade -s checkout -e prod",)


def test_grace_is_for_starts_alone(file_site: Site) -> None:
    """The API is away: preflight starts on what was verified, and check says that it could not know."""
    file_site.asks(policy={"grace_hours": 24}, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.outage("/v1/models*")
    assert file_site.preflight().exit_code == 0
    checked = file_site.check()
    assert (checked.exit_code, "api.grace" in found(checked)) == (3, False)


def test_a_host_whose_clock_is_ahead_does_not_hide_good_facts(file_site: Site) -> None:
    """The newest facts come from a host a minute ahead, and so are not young: the good ones beside them still are."""
    file_site.asks(policy={"grace_hours": 24}, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.clock.ahead += timedelta(seconds=60)
    file_site.preflight()
    file_site.clock.ahead -= timedelta(seconds=60)
    file_site.outage("/v1/models*")
    assert found(file_site.preflight())["api.grace"] == "warn"
