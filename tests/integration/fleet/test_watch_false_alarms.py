"""One store, many environments, one bad day: `watch` tells exactly what somebody has to know of, and nothing else.

The bad day: the alias moves from OLD to NEW, and OLD is deprecated, to retire in 20 days. Each environment below is in
a state of its own; beside it stands what it is told.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support.commands import Shell
from support.databases import PostgreSQL
from support.ledger import AUTHOR
from support.receivers import receiver
from support.roles import store_with_roles
from support.sites import ALIAS, NEW, OLD, Site
from support.watching import look, running

from modelgate.domain.errors import StoreProblem
from modelgate.domain.rows import PinRow, ResolutionRow, RunRow
from modelgate.fleet.watch import MOST_NAMES, WatchResult
from modelgate.gate.options import Options
from modelgate.gate.run import run_gate
from modelgate.sandbox import Sandbox

ACCEPT = {"first_use": "accept"}
ENDS = [("catalogue.deprecated", OLD, "warn"), ("catalogue.retires-soon", OLD, "warn")]
MOVED = [("drift.alias-moved", ALIAS, "refuse")]
SILENT = [("watch.silent", "", "note")]
GONE = "claude-never-listed"
WAIVED = '[[waivers]]\ncheck = "drift.alias-moved"\nuntil = {until}\nreason = "INC-1"\n'

REFUSES_AT_21 = "[policy.retires_within_days]\nwarn = 90\nrefuse = 21\n"


def started(site: Site, environment: str, reference: str = ALIAS, more: str = "", **policy: Any) -> None:
    """An environment that was approved by its first preflight, and runs."""
    site.asks(environment, policy={**ACCEPT, **policy}, summarizer=reference, more=more)
    site.preflight(environment)


def rolled_back(site: Site, environment: str) -> None:
    """NEW ran; then OLD was held, and runs."""
    started(site, environment, OLD)
    site.asks(environment, policy=ACCEPT, summarizer=NEW)
    site.accept("summarizer", environment=environment)
    site.preflight(environment)
    site.rollback("summarizer", environment=environment)


def waived(site: Site, environment: str, days: int) -> None:
    """A waiver for so many days of the site's clock."""
    until = (site.clock.now() + timedelta(days=days)).date().isoformat()
    started(site, environment, more=WAIVED.format(until=until))


def locked(site: Site, environment: str, **environ: str) -> None:
    """Approvals are in git; the store may know the commit, or not."""
    site.asks(environment, policy={"pins_from": "lock"}, summarizer=ALIAS)
    site.lock(environment=environment)
    site.preflight(environment, **environ)


def hold_in_git_released(site: Site, environment: str) -> None:
    """A hold over the lock's OLD ended, and nobody restarted since."""
    site.asks(environment, policy={"pins_from": "lock"}, summarizer=NEW)
    site.lock(environment=environment)
    site.preflight(environment)
    rollback_to_opus(site, environment)
    site.preflight(environment)
    site.release("summarizer", environment=environment, how="accept")


def rollback_to_opus(site: Site, environment: str) -> None:
    """Holds an ID that never ran here."""
    site.rollback("summarizer", environment=environment, to="claude-opus-5", never_run=True)


def elsewhere(site: Site, environment: str) -> None:
    """A gateway of its own."""
    with Sandbox() as gateway:
        site.environ["ANTHROPIC_BASE_URL"] = gateway.url
        started(site, environment)
    site.environ["ANTHROPIC_BASE_URL"] = site.sandbox.url


def batch(site: Site, environment: str) -> None:
    """A service that runs NEW, and a nightly batch of it."""
    started(site, environment, NEW)
    run_gate(site.world(environment), "preflight", Options(only="summarizer"))


def pull_request(site: Site, environment: str, **policy: Any) -> None:
    """NEW runs; a branch asks for OLD, and its check is the newest run."""
    started(site, environment, NEW)
    site.asks(environment, policy=policy, summarizer=OLD)
    site.check(environment)


def never_started(site: Site, environment: str, reference: str = OLD) -> None:
    """Only ever refused, as nothing is approved."""
    site.asks(environment, summarizer=reference)
    site.check(environment)


def only_checked(site: Site, environment: str) -> None:
    """CI asks, and nothing starts behind a gate."""
    site.asks(environment, summarizer=OLD)
    site.accept("summarizer", environment=environment)
    site.check(environment)


def side_by_side(site: Site, environment: str) -> None:
    """An older deployment on OLD, the newest on NEW."""
    started(site, environment, OLD)
    site.asks(environment, policy=ACCEPT, summarizer=NEW)
    site.accept("summarizer", environment=environment)
    site.preflight(environment)


def observed_and_held(site: Site, environment: str) -> None:
    """A hold is handed over by a gate that observes, too."""
    rolled_back(site, environment)
    site.asks(environment, policy={"enforce": False}, summarizer=NEW)
    site.preflight(environment)


def older_gate(site: Site, environment: str, told: object = None, reference: str = ALIAS, model: str = OLD) -> None:
    """Rows without what newer runs record, or with something else in its place."""
    run_id, known = f"run_{environment}", {"slot": "summarizer", "reference": reference}
    slots = [known] if told is None else [{**known, **told}] if isinstance(told, dict) else told
    text, now = slots if isinstance(slots, str) else json.dumps(slots), site.clock.now()
    run = RunRow(run_id, "preflight", "pass", True, 0, now, now, text, origin=site.sandbox.url)
    row = ResolutionRow(run_id, "summarizer", reference, "resolved", model, model, model, 1)
    pin = PinRow("summarizer", 1, "accept", reference, model, "first")
    site.store().append(site.scope(environment), AUTHOR, [run, row, pin], now=now)


def ago(site: Site, environment: str, days: int) -> None:
    """NEW was started so many days before."""
    site.clock.ahead -= timedelta(days=days)
    started(site, environment, NEW)
    site.clock.ahead += timedelta(days=days)


def accepted_since(site: Site, environment: str) -> None:
    """NEW is approved, and the pods were not started anew: they run OLD."""
    started(site, environment, OLD)
    site.asks(environment, summarizer=NEW)
    site.accept("summarizer", environment=environment)


def slot_removed(site: Site, environment: str, reference: str = OLD, more: str = "") -> None:
    """The newest deployment has no such slot; pods of the one before may still be there."""
    started(site, environment, reference, more=more)
    site.asks(environment, policy=ACCEPT, grader=NEW)
    site.preflight(environment)


def observed_and_removed(site: Site, environment: str) -> None:
    """A slot that read its alias by itself, and is gone."""
    started(site, environment, ALIAS, enforce=False)
    site.asks(environment, policy=ACCEPT, grader=NEW)
    site.preflight(environment)


BOTH_WAIVED = WAIVED.format(until="2099-01-01").replace("drift.alias-moved", "catalogue.deprecated")
BOTH_WAIVED += WAIVED.format(until="2099-01-01").replace("drift.alias-moved", "catalogue.retires-soon")
ODD = {"policy": {"alias_moved": "explode", "deprecated": 7, "retires_refuse_days": "soon"}, "platform": None}
TABLE: dict[str, tuple[Callable[..., None], dict[str, Any], list[tuple[str, str, str]]]] = {
    "fine": (started, {"reference": NEW}, []),
    "moved": (started, {}, MOVED + ENDS),
    "moved-warns": (started, {"alias_moved": "warn"}, [("drift.alias-moved", ALIAS, "warn"), *ENDS]),
    "moved-is-accepted": (started, {"alias_moved": "accept"}, ENDS),
    "reads-its-settings": (started, {"hand_off": "settings"}, MOVED + ENDS),
    "notes-deprecation": (
        started, {"reference": OLD, "deprecated": "note", "more": REFUSES_AT_21},
        [("catalogue.deprecated", OLD, "note"), ("catalogue.retires-soon", OLD, "refuse")],
    ),
    "held": (rolled_back, {}, ENDS),
    "waived": (waived, {"days": 9}, ENDS),
    "waiver-ended": (waived, {"days": 0}, MOVED + ENDS),
    "lock": (locked, {"GITHUB_SHA": "a" * 40}, MOVED + ENDS),
    "lock-without-commit": (locked, {}, MOVED + ENDS),
    "lock-hold-released": (hold_in_git_released, {}, []),
    "gateway": (elsewhere, {}, []),
    "platform": (older_gate, {"told": {"platform": "aws"}}, []),
    "batch": (batch, {}, []),
    "pull-request": (pull_request, {}, []),
    "pull-request-passes": (pull_request, {"first_use": "accept", "reference_changed": "accept"}, []),
    "refused-alone": (never_started, {}, []),
    "checked-alone": (only_checked, {}, ENDS),
    "side-by-side": (side_by_side, {}, ENDS),
    "slot-removed": (slot_removed, {}, ENDS),
    "slot-removed-alias": (slot_removed, {"reference": ALIAS}, ENDS),
    "slot-removed-waived": (slot_removed, {"more": BOTH_WAIVED}, []),
    "slot-removed-observed": (observed_and_removed, {}, []),
    "observes-alias": (started, {"enforce": False}, []),
    "observes-id": (started, {"enforce": False, "reference": OLD}, ENDS),
    "observes-held": (observed_and_held, {}, ENDS),
    "accepted-since": (accepted_since, {}, ENDS),
    "older": (older_gate, {}, MOVED + ENDS),
    "odd-terms": (older_gate, {"told": ODD}, MOVED + ENDS),
    "odd-waivers": (older_gate, {"told": {"waivers": [{"check": "x"}, 7, {"check": [], "until": "no"}]}}, MOVED + ENDS),
    "odd-slots": (older_gate, {"told": '{"slot": 1}'}, []),
    "no-slots": (older_gate, {"told": "["}, []),
    "deep-slots": (older_gate, {"told": "[" * 200_000}, []),
    "gone": (older_gate, {"reference": GONE, "model": GONE}, [("drift.pin-missing", GONE, "warn")]),
    "gone-there": (older_gate, {"reference": GONE, "model": GONE, "told": {"workspace_id": "wrkspc_other"}}, []),
    "silent": (ago, {"days": 40}, SILENT),
    "forgotten": (ago, {"days": 400}, []),
}  # fmt: skip


def by_environment(outcome: WatchResult) -> dict[str, list[tuple[str, str, str]]]:
    """What is news of each environment that has news."""
    told: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for row in outcome.news:
        told[row.about_environment].append((row.check_id, row.model_id, row.level))
    return {name: sorted(notices) for name, notices in told.items()}


def test_no_false_alarm_and_none_that_is_missing(file_site: Site) -> None:
    """Every environment is told what stands beside it, once; the day before only what was so then."""
    for environment, (scene, words, _) in TABLE.items():
        scene(file_site, environment, **words)
    expected = {name: sorted(notices) for name, (_, _, notices) in TABLE.items() if notices}
    before = {name: expected.pop(name) for name in ("silent", "gone")}
    assert by_environment(look(file_site)) == before
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.sandbox.deprecate(OLD, retires_in_days=22)
    file_site.clock.ahead += timedelta(days=1, hours=1)
    seen = look(file_site)
    assert by_environment(seen) == expected
    assert {state.scope.environment for state in seen.seen.not_asked} == {"gateway", "platform"}
    assert look(file_site).news == ()


def test_what_nobody_could_know_is_neither_news_nor_over(file_site: Site) -> None:
    """An entry that cannot be read, an older gateway's answers, another API: what was told stays open, untold."""
    for environment in ("moved", "lock", "checked-alone", "gone"):
        scene, words, _ = TABLE[environment]
        scene(file_site, environment, **words)
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.sandbox.deprecate(OLD, retires_in_days=20)
    look(file_site)
    file_site.sandbox.patch_model(OLD, retires_at="soon")
    assert look(file_site).news == ()
    file_site.sandbox.patch_model(OLD, drop=("lifecycle", "retires_at", "deprecated_at"))
    assert look(file_site).news == ()
    with Sandbox() as gateway:
        file_site.environ["ANTHROPIC_BASE_URL"] = gateway.url
        elsewhere = look(file_site)
    assert (elsewhere.news, len(elsewhere.seen.not_asked), elsewhere.exit_code) == ((), 4, 0)


def test_a_run_records_the_workspace_that_it_asked_for(file_site: Site) -> None:
    """`watch` knows by that whose list it does not see."""
    file_site.environ["MODELGATE_API__WORKSPACE_ID"] = "wrkspc_01AbC"
    started(file_site, "prod")
    run = file_site.store().last_run(file_site.scope())
    assert run is not None
    assert [each["workspace_id"] for each in json.loads(run.run.slots)] == ["wrkspc_01AbC"]


@pytest.mark.slow
def test_who_may_add_rows_cannot_make_it_ask_without_end(file_site: Site) -> None:
    """One run with thousands of names: what many ask for is asked and judged, the others are told as unknown."""
    for environment in ("prod", "staging"):
        started(file_site, environment)
    now, names = file_site.clock.now(), [f"claude-made-up-{number}" for number in range(3000)]
    slots = json.dumps([{"slot": f"s{number}", "reference": name} for number, name in enumerate(names)])
    run = RunRow("run_evil", "preflight", "pass", True, 0, now, now, slots, origin=file_site.sandbox.url)
    rows = [ResolutionRow("run_evil", f"s{n}", name, "unknown") for n, name in enumerate(names)]
    file_site.store().append(file_site.scope("evil"), AUTHOR, [run, *rows], now=now)
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.sandbox.forget_requests()
    seen = look(file_site)
    told = [row for row in seen.news if row.check_id == "drift.alias-moved"]
    assert {row.about_environment for row in told} == {"prod", "staging"}
    assert len(file_site.sandbox.requests()) <= MOST_NAMES + 2
    assert len(set(seen.seen.unknown)) >= len(names) - MOST_NAMES
    assert len(Shell(file_site).run("watch", "--dry-run").stdout.splitlines()) < 60


def test_the_roles_of_the_page_are_enough(postgresql: PostgreSQL, file_site: Site) -> None:
    """The watcher's role looks, records and tells; the reader's is enough for a dry run and for nothing more."""
    site, url_as = file_site, store_with_roles(postgresql)
    site.environ["MODELGATE_DATABASE_URL"] = url_as("modelgate_operator")
    running(site)
    site.sandbox.move_alias(ALIAS, NEW)
    site.environ["MODELGATE_DATABASE_URL"] = url_as("modelgate_reader")
    assert len(look(site, dry_run=True).news) == 1
    with pytest.raises(StoreProblem):
        look(site)
    site.environ["MODELGATE_DATABASE_URL"] = url_as("modelgate_watcher")
    with receiver() as hook:
        assert look(site, hook).told == ("webhook",)
