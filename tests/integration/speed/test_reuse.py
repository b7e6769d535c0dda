"""Facts that were verified just before are judged again: whose, for how long, and by how many at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from support.fleet import REUSE, at_once
from support.sites import NEW, Site, found

CANONICAL = "claude-sonnet-4-6"
MANY = 24


def test_a_reused_run_asks_nothing_and_names_the_run_it_reuses(site: Site) -> None:
    """Same slots handed over, no request, recorded with the ID of the run that asked; a third names the first too."""
    asked, reused, again = site.preflight(), site.preflight(), site.preflight()
    assert (asked.reused_from, reused.reused_from, again.reused_from) == (None, asked.run_id, asked.run_id)
    assert (reused.requests, reused.origin) == (0, site.sandbox.url)
    assert reused.models == asked.models
    assert site.sandbox.counters() == {"GET /v1/models": 1, "GET /v1/models/claude-sonnet-4-5": 1}
    stored = site.store().run(reused.run_id or "")
    assert stored is not None
    assert (stored.run.reused_from, stored.run.facts, stored.run.requests) == (asked.run_id, None, 0)


def test_facts_are_reused_and_never_verdicts(site: Site) -> None:
    """A hold that was set since wins, without asking; an ID that those facts say nothing of is asked for."""
    site.preflight()
    site.rollback("grader", to=CANONICAL)
    held = site.preflight()
    assert (held.requests, found(held)) == (0, {"drift.held": "note"})
    site.rollback("grader", to=NEW, never_run=True)
    assert site.preflight().requests == 2


def other_requirement(site: Site) -> None:
    """The slot needs a larger model."""
    file = site.config / "prod.toml"
    file.write_text(file.read_text() + "min_output_tokens = 1000\n")


def other_reference(site: Site) -> None:
    """A slot asks for something else."""
    site.asks(policy=REUSE, summarizer="claude-sonnet-4-5", grader="claude-opus-5")


def other_key(site: Site) -> None:
    """Another key, which may see other models."""
    site.environ["ANTHROPIC_API_KEY"] = "another-key"


def other_trust(site: Site) -> None:
    """Origins that are believed are named now."""
    file = site.config / "prod.toml"
    file.write_text(file.read_text() + f'[api]\norigins = ["{site.sandbox.url}"]\n')


def too_old(site: Site) -> None:
    """An hour later."""
    site.clock.ahead += timedelta(seconds=3601)


def from_the_future(site: Site) -> None:
    """The clock was put back."""
    site.clock.ahead -= timedelta(hours=2)


@pytest.mark.parametrize(
    "change", [other_requirement, other_reference, other_key, other_trust, too_old, from_the_future]
)
def test_facts_of_another_run_are_not_reused(file_site: Site, change: Callable[[Site], None]) -> None:
    """Whoever asks for something else, as somebody else or at another time asks anew."""
    file_site.preflight()
    assert file_site.preflight().requests == 0
    change(file_site)
    assert file_site.preflight().requests > 0


def test_credentials_that_only_the_sdk_finds_are_asked_with(file_site: Site) -> None:
    """Without a key of which the origin is certain, every run asks, however young the facts are."""
    del file_site.environ["ANTHROPIC_API_KEY"]
    file_site.environ["ANTHROPIC_CUSTOM_HEADERS"] = "X-Api-Key: from-a-gateway"
    reports = [file_site.preflight(), file_site.preflight()]
    assert [report.reused_from for report in reports] == [None, None]
    assert file_site.sandbox.counters()["GET /v1/models"] == 2


def test_an_origin_that_is_no_longer_believed_is_not_reused(file_site: Site) -> None:
    """Facts from before say nothing about whom the settings trust now."""
    file_site.preflight()
    file = file_site.config / "prod.toml"
    file.write_text(file.read_text() + '[api]\norigins = ["https://api.anthropic.com"]\n')
    assert found(file_site.preflight())["api.origin-not-approved"] == "refuse"


def test_many_gates_that_start_at_once_ask_once(site: Site) -> None:
    """One asks, the others wait for what it writes down; every one of them passes."""
    site.accept("summarizer", "grader")
    site.sandbox.forget_requests()
    reports = at_once(site, MANY)
    assert [report.exit_code for report in reports] == [0] * MANY
    assert site.sandbox.counters() == {"GET /v1/models": 1, "GET /v1/models/claude-sonnet-4-5": 1}
    (asked,) = [report.run_id for report in reports if report.reused_from is None]
    assert {report.reused_from for report in reports} == {None, asked}


def test_whoever_waits_for_a_gate_that_died_asks_in_its_place(file_site: Site) -> None:
    """A lease that nobody gives back keeps a gate waiting for half of its own deadline, and no longer."""
    file_site.asks(policy={**REUSE, "deadline_seconds": 4}, grader=CANONICAL)
    asked = file_site.store().run(file_site.preflight().run_id or "")
    assert asked is not None
    assert file_site.store().take_lease(asked.run.reuse_fingerprint or "", "another", 600) == "another"
    file_site.clock.ahead += timedelta(hours=2)
    report = file_site.preflight()
    assert (report.exit_code, report.requests) == (0, 1)
