"""What is written down is what was reported; and the policies that change what a difference means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from support.sites import ALIAS, NEW, OLD, OTHER, Site, finding, found

WAIVER = '\n[[waivers]]\ncheck = "{}"\nslot = "summarizer"\nuntil = {}\nreason = "migration ABC-123"\n'


def test_the_recorded_rows_are_the_report(site: Site) -> None:
    """The run, each slot's resolution and what was handed over, under the head that the report names."""
    site.asks(summarizer=ALIAS, grader=OTHER)
    site.accept(everything=True)
    for gate in (site.preflight, site.check):
        report = gate()
        stored = site.store().run(report.run_id or "")
        assert stored is not None
        run = stored.run
        assert (run.command, run.verdict, run.exit_code) == (report.command, report.verdict, report.exit_code)
        assert (run.origin, run.requests, run.started_at) == (report.origin, report.requests, report.started_at)
        told = [(s.slot, s.reference, s.resolved, s.pinned, s.handed_off, s.revision, s.held) for s in report.slots]
        assert told == [
            (r.slot, r.reference, r.resolved_id, r.pinned_id, r.handed_off_id, r.revision, r.held)
            for r in stored.resolutions
        ]
        assert [(slot["slot"], slot["handed_off"]) for slot in json.loads(run.slots)] == [
            (s.slot, s.handed_off) for s in report.slots
        ]
        assert report.audit_head == str(site.store().head(site.scope()))


def test_an_application_that_reads_its_own_settings_is_refused_any_difference(file_site: Site) -> None:
    """`hand_off = "settings"`: an alias that moved and a hold both mean that another ID would run; nobody waives it."""
    policy = {"hand_off": "settings", "alias_moved": "warn"}
    file_site.asks(policy=policy, summarizer=ALIAS)
    file_site.accept("summarizer")
    assert file_site.preflight().models == {"summarizer": OLD}
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.asks(policy=policy, more=WAIVER.format("drift.alias-moved", "2999-01-01"), summarizer=ALIAS)
    assert found(file_site.preflight())["drift.alias-moved"] == "refuse"
    file_site.asks(policy=policy, summarizer=ALIAS)
    file_site.rollback("summarizer", to=OLD)
    assert found(file_site.preflight()) == {"drift.settings-override-hold": "refuse"}
    file_site.asks(policy=policy, summarizer=OLD)
    assert file_site.preflight().models == {"summarizer": OLD}


def test_a_waiver_for_a_slot_that_is_not_there_is_unused(file_site: Site) -> None:
    """A name that was mistyped, or a slot that went: the waiver covers nothing, and that is told."""
    waiver = WAIVER.format("drift.alias-moved", "2999-01-01").replace('"summarizer"', '"sumarizer"')
    file_site.asks(more=waiver, summarizer=ALIAS)
    file_site.accept("summarizer")
    assert found(file_site.check()) == {"settings.waiver-unused": "note"}


def test_a_waiver_covers_until_its_last_day_is_over(file_site: Site) -> None:
    """Marked and not counted; the day after it refuses check and warns preflight; one that covers nothing is told."""
    today = datetime.now(UTC).date()
    file_site.asks(more=WAIVER.format("drift.alias-moved", today), summarizer=ALIAS)
    file_site.accept("summarizer")
    assert found(file_site.check()) == {"settings.waiver-unused": "note"}
    file_site.sandbox.move_alias(ALIAS, NEW)
    waived = file_site.preflight()
    assert found(waived) == {"drift.alias-moved": "waived"}
    assert waived.models == {"summarizer": OLD}
    end = datetime.combine(today + timedelta(days=1), datetime.min.time(), UTC)
    assert file_site.check(as_of=end - timedelta(seconds=1)).exit_code == 0
    assert found(file_site.check(as_of=end)) == {"drift.alias-moved": "refuse", "settings.waiver-expired": "refuse"}


def test_retirement_is_told_in_days_and_keeps_no_pod_from_starting(file_site: Site) -> None:
    """CI refuses within the horizon, a start is warned; dates are judged as of the day that is asked for."""
    file_site.accept("summarizer")
    file_site.sandbox.deprecate(OLD, retires_in_days=100)
    assert found(file_site.check()) == {"catalogue.deprecated": "warn", "drift.retirement-moved": "warn"}
    later = file_site.clock.now() + timedelta(days=90)
    assert found(file_site.check(as_of=later))["catalogue.retires-soon"] == "refuse"
    file_site.clock.ahead += timedelta(days=90)
    started = file_site.preflight()
    assert started.models == {"summarizer": OLD}
    assert finding(started, "catalogue.retires-soon").level == "warn"


def test_reading_alone_is_enough_for_a_dry_run(file_site: Site) -> None:
    """`--dry-run` on a store that is not there judges as on an empty one, and makes none."""
    (file_site.folder / "modelgate.db").unlink()
    assert found(file_site.check(dry_run=True)) == {"drift.unpinned": "refuse"}
    assert not (file_site.folder / "modelgate.db").exists()
