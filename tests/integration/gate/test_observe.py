"""Observing: nothing of what runs is changed, whatever is missing, and the report says what enforcing would do."""

from __future__ import annotations

import json
from datetime import timedelta

from support.sites import ALIAS, NEW, OLD, Site, found

from modelgate.domain.pins import fold
from modelgate.gate.handoff import json_text

OBSERVE = {"enforce": False}


def observing(site: Site, **policy: object) -> None:
    """From now on the site observes."""
    site.asks(policy={**OBSERVE, **policy}, summarizer=ALIAS)


def test_the_reference_is_handed_over_as_it_is_set(site: Site) -> None:
    """Refused by an enforcing gate, and started all the same: on what the application would run without one."""
    observing(site, first_use="accept")
    report = site.preflight()
    assert (report.exit_code, report.models, report.slots[0].enforced) == (0, {"summarizer": ALIAS}, OLD)
    assert report.exports == {"MODELGATE_MODEL_SUMMARIZER": ALIAS}
    assert site.pins() == []
    observing(site)
    refused = site.preflight()
    assert (refused.exit_code, refused.verdict.value, refused.models) == (0, "refuse", {"summarizer": ALIAS})
    assert refused.slots[0].enforced is None


def test_a_hold_is_handed_over(site: Site) -> None:
    """A rollback holds while one observes, too."""
    site.accept("summarizer")
    site.sandbox.move_alias(ALIAS, NEW)
    observing(site)
    assert site.preflight().models == {"summarizer": ALIAS}
    site.rollback("summarizer", to=OLD)
    assert site.preflight().models == {"summarizer": OLD}


def test_it_is_recorded_apart(site: Site) -> None:
    """History tells it; rollback, promotion and `accept --from` do not know it; the chain is whole."""
    site.accept("summarizer")
    observing(site)
    report = site.preflight()
    store, scope = site.store(), site.scope()
    (row,) = store.run(report.run_id or "").resolutions  # type: ignore[union-attr]  # it was recorded
    assert (row.handed_off_id, row.observed_id) == (None, OLD)
    assert store.handed_over_at(scope) == ()
    assert not store.was_handed_over(scope, "summarizer", OLD)
    site.sandbox.move_alias(ALIAS, NEW)
    site.preflight()
    observed = [(event.model_id, event.before) for event in store.history(scope) if event.observed]
    assert observed == [(NEW, OLD), (OLD, None)]
    assert store.verify(scope).intact
    assert len(fold(store.revisions(scope))["summarizer"].pins) == 1


def test_the_api_is_away(site: Site) -> None:
    """Nothing is known, and the application starts on what it would run without a gate."""
    site.accept("summarizer")
    observing(site)
    site.outage("/v1/models*")
    report = site.preflight()
    assert (report.exit_code, report.verdict.value, report.models) == (0, "unknown", {"summarizer": ALIAS})
    (row,) = site.store().run(report.run_id or "").resolutions  # type: ignore[union-attr]  # it was recorded
    assert row.observed_id is None


def test_the_store_is_away(file_site: Site) -> None:
    """A young fallback file's ID stands in for a hold that cannot be read; an old one's does not; both are told."""
    file_site.accept("summarizer")
    file = file_site.folder / "pins.json"
    passed = file_site.preflight()
    file.write_text(json_text(passed, passed.finished_at.isoformat()))
    observing(file_site, grace_hours=1, fallback_file=str(file), deadline_seconds=4)
    file_site.environ["MODELGATE_DATABASE_URL"] = "postgresql://127.0.0.1:9/none?connect_timeout=1"
    report = file_site.preflight()
    assert (report.exit_code, report.models) == (0, {"summarizer": OLD})
    assert found(report)["settings.observed-blind"] == "warn"
    file_site.clock.ahead += timedelta(hours=2)
    late = file_site.preflight()
    assert (late.exit_code, late.models) == (0, {"summarizer": ALIAS})
    assert found(late)["settings.observed-blind"] == "warn"


def test_what_is_written_is_no_fallback(file_site: Site) -> None:
    """The emitted file says when it was observed, and no gate falls back on it."""
    file_site.accept("summarizer")
    observing(file_site)
    observed = file_site.preflight()
    text = json_text(observed, observed.finished_at.isoformat())
    assert json.loads(text)["models"] == {"summarizer": {"id": ALIAS, "reference": ALIAS, "revision": None}}
    assert {"observed_at", "handed_at"} & json.loads(text).keys() == {"observed_at"}
    file = file_site.folder / "pins.json"
    file.write_text(text)
    soon = {"deadline_seconds": 4}
    file_site.asks(policy={**soon, "grace_hours": 1, "fallback_file": str(file)}, summarizer=ALIAS)
    file_site.environ["MODELGATE_DATABASE_URL"] = "postgresql://127.0.0.1:9/none?connect_timeout=1"
    assert file_site.preflight().exit_code == 3


def test_a_lock_that_is_not_there_stops_nothing(file_site: Site) -> None:
    """Where approvals live in git and none are there yet, the application starts and the report says so."""
    observing(file_site, pins_from="lock")
    report = file_site.preflight()
    assert (report.exit_code, report.models) == (0, {"summarizer": ALIAS})
    assert found(report)["settings.lock-stale"] == "refuse"
