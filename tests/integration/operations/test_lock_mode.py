"""Approvals in git, the whole way: lock, review, check without a store, preflight without an accept."""

from __future__ import annotations

import pytest
from support.sites import ALIAS, NEW, OLD, OTHER, Site, found

from modelgate.domain.errors import Refused, SettingsError
from modelgate.domain.report import Report
from modelgate.operations.lock import check_lock

LOCKED = {"pins_from": "lock"}


@pytest.fixture
def locked(site: Site) -> Site:
    """Approvals live in the lock, which is written and merged."""
    site.asks(policy=LOCKED, summarizer=ALIAS)
    site.lock()
    return site


def stale(site: Site) -> list[str | None]:
    """The slots of `lock --check`."""
    return [finding.slot for finding in check_lock(site.world())]


def without_store(site: Site) -> Report:
    """`check --no-store`, where no database could be reached."""
    site.environ["MODELGATE_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/nothing"
    report = site.check(no_store=True)
    site.environ["MODELGATE_DATABASE_URL"] = site.database_url
    return report


def test_from_lock_to_a_start_nobody_accepts(site: Site) -> None:
    """lock → commit → `check --no-store` → preflight hands over the lock's IDs and records the commit."""
    site.asks(policy=LOCKED, summarizer=ALIAS)
    with pytest.raises(SettingsError, match="there is no lock yet"):
        site.check()
    written = site.lock()
    assert [(c.pin.slot, c.before, c.pin.model_id) for c in written.changes] == [("summarizer", None, OLD)]
    checked = without_store(site)
    assert (checked.exit_code, found(checked), checked.run_id) == (0, {}, None)
    site.environ["GITHUB_SHA"] = "c0ffee"
    started = site.preflight()
    assert started.models == {"summarizer": OLD}
    assert started.slots[0].revision is None
    recorded = site.store().run(started.run_id or "")
    assert recorded is not None
    assert recorded.run.lock_commit == "c0ffee"
    assert site.pins() == []


def test_a_moved_alias_is_refused_until_the_lock_is_written_anew(locked: Site) -> None:
    """The hint is `modelgate lock`, not accept; the new lock is the approval."""
    locked.sandbox.move_alias(ALIAS, NEW)
    refused = locked.check()
    assert found(refused) == {"drift.alias-moved": "refuse"}
    assert refused.findings[-1].commands[0] == "modelgate lock -s checkout -e prod"
    assert [(c.before, c.pin.model_id) for c in locked.lock().changes] == [(OLD, NEW)]
    assert locked.preflight().models == {"summarizer": NEW}


def test_policy_accept_pins_nothing_where_pins_live_in_git(locked: Site) -> None:
    """What nobody reviewed is refused whatever the policy says of differences."""
    locked.sandbox.move_alias(ALIAS, NEW)
    accepts = {"first_use": "accept", "alias_moved": "accept", "reference_changed": "accept"}
    locked.asks(policy={**LOCKED, **accepts}, summarizer=ALIAS)
    assert found(locked.preflight()) == {"drift.alias-moved": "refuse"}
    assert locked.pins() == []


def test_settings_and_lock_that_disagree_are_refused_offline_and_on(locked: Site) -> None:
    """`lock --check`, `check --offline` and the gate say the same, for every way to disagree."""
    assert stale(locked) == []
    locked.asks(policy=LOCKED, summarizer=OTHER, grader=ALIAS)
    assert stale(locked) == ["summarizer", "grader"]
    offline = locked.check(offline=True)
    assert [f.slot for f in offline.findings if f.id == "settings.lock-stale"] == ["summarizer", "grader"]
    assert offline.requests == 0
    assert found(locked.check())["settings.lock-stale"] == "refuse"
    locked.asks(policy=LOCKED, grader=ALIAS)
    assert stale(locked) == ["grader", "summarizer"]


def test_one_slot_may_be_locked_anew(locked: Site) -> None:
    """The others stay as they were reviewed; without names, slots that are gone are dropped."""
    locked.asks(policy=LOCKED, summarizer=ALIAS, grader=OTHER)
    locked.sandbox.move_alias(ALIAS, NEW)
    assert [pin.model_id for pin in locked.lock("grader").pins] == [OLD, OTHER]
    locked.asks(policy=LOCKED, grader=OTHER)
    anew = locked.lock()
    assert ([pin.slot for pin in anew.pins], [pin.slot for pin in anew.dropped]) == (["grader"], ["summarizer"])
    assert anew.changes == ()


@pytest.mark.parametrize(
    ("old", "new"), [('id = "', '<<<<<<< HEAD\nid = "'), ('service = "checkout"', 'service = "shop"')]
)
def test_the_hint_of_a_lock_that_cannot_be_used_writes_it_anew(file_site: Site, old: str, new: str) -> None:
    """After a merge that went wrong the whole lock is written again; a part of it alone cannot be."""
    file_site.asks(policy=LOCKED, summarizer=ALIAS)
    written = (file_site.lock().path, (file_site.config / "prod.lock.toml").read_text())
    written[0].write_text(written[1].replace(old, new))
    with pytest.raises(SettingsError) as odd:
        file_site.check()
    assert odd.value.commands == ("modelgate lock -s checkout -e prod",)
    with pytest.raises(SettingsError):
        file_site.lock("summarizer")
    assert [(c.before, c.pin.model_id) for c in file_site.lock().changes] == [(None, OLD)]
    assert written[0].read_text() == written[1]


def test_a_lock_that_cannot_be_verified_stays_as_it_was(locked: Site) -> None:
    """An unknown model is refused, and the file is not touched."""
    before = (locked.config / "prod.lock.toml").read_text()
    locked.asks(policy=LOCKED, summarizer="claude-no-such-model")
    with pytest.raises(Refused, match="is no model"):
        locked.lock()
    assert (locked.config / "prod.lock.toml").read_text() == before


def test_a_promotion_takes_the_ids_of_another_lock(locked: Site) -> None:
    """`lock --from`: what staging's lock says, whatever the alias means now."""
    locked.asks("staging", policy=LOCKED, summarizer=ALIAS)
    locked.sandbox.move_alias(ALIAS, NEW)
    locked.lock(environment="staging")
    locked.sandbox.move_alias(ALIAS, OTHER)
    assert [(c.before, c.pin.model_id) for c in locked.lock(source="staging").changes] == [(OLD, NEW)]
    with pytest.raises(SettingsError, match="there is no lock yet"):
        locked.lock(source="nowhere")


def test_a_hold_still_wins(locked: Site) -> None:
    """Three in the morning: no pull request. The hold is in the store, and a new lock does not undo it."""
    locked.preflight()
    locked.sandbox.move_alias(ALIAS, NEW)
    locked.lock()
    locked.preflight()
    (change,) = locked.rollback("summarizer").changes
    assert (change.before, change.pin.model_id, change.pin.revokes) == (NEW, OLD, None)
    assert locked.preflight().models == {"summarizer": OLD}
    locked.lock()
    assert locked.preflight().models == {"summarizer": OLD}
    assert found(locked.check()) == {"drift.held": "note"}


def test_what_the_lock_says_can_be_held_before_it_ever_ran(locked: Site) -> None:
    """The alias moved before the first start: the hint of the refusal holds the lock's ID in place."""
    locked.sandbox.move_alias(ALIAS, NEW)
    assert f"rollback summarizer --to {OLD}" in locked.check().findings[-1].commands[-1]
    locked.rollback("summarizer", to=OLD)
    assert locked.preflight().models == {"summarizer": OLD}


def test_accept_is_refused_with_the_way_to_approve(locked: Site) -> None:
    """In this environment a review is the approval."""
    with pytest.raises(Refused, match="live in its lock file") as refused:
        locked.accept("summarizer")
    assert refused.value.hint == "write the lock and commit it: its review is the approval"
    assert refused.value.commands == ("modelgate lock -s checkout -e prod",)


def test_a_release_ends_on_what_the_lock_says(locked: Site) -> None:
    """Once the hold is over the lock's ID runs: a release that means another is refused until that is reviewed."""
    locked.preflight()
    locked.sandbox.move_alias(ALIAS, NEW)
    locked.lock()
    locked.preflight()
    locked.rollback("summarizer")
    with pytest.raises(Refused, match=f"the lock says {NEW}") as refused:
        locked.release("summarizer", how="keep")
    assert refused.value.hint == f"set model to {OLD}, lock it, commit and deploy that"
    assert refused.value.commands == ("modelgate lock -s checkout -e prod",)
    locked.asks(policy=LOCKED, summarizer=OLD)
    locked.lock()
    locked.release("summarizer", how="keep")
    assert found(locked.preflight()) == {}
    assert locked.preflight().models == {"summarizer": OLD}


def test_a_release_may_accept_what_was_reviewed(locked: Site) -> None:
    """`--accept` where reference and lock agree."""
    locked.preflight()
    locked.sandbox.move_alias(ALIAS, NEW)
    locked.lock()
    locked.preflight()
    locked.rollback("summarizer")
    locked.release("summarizer", how="accept")
    assert locked.preflight().models == {"summarizer": NEW}


def test_a_lock_of_another_scope_is_no_approval(locked: Site) -> None:
    """A file that was copied from staging is refused with its line."""
    lock = locked.config / "prod.lock.toml"
    lock.write_text(lock.read_text().replace('environment = "prod"', 'environment = "staging"'))
    with pytest.raises(SettingsError, match=r"prod\.lock\.toml:\d+: environment: must be 'prod'"):
        locked.check(no_store=True)
