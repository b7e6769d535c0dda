"""watch, on stores that real gates wrote, against the sandbox and real receivers."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

import pytest
from support.receivers import Receiver, receiver
from support.sites import ALIAS, NEW, OLD, Site
from support.watching import look, running, told

from modelgate.domain.errors import ApiProblem, StoreProblem
from modelgate.domain.notices import RESERVED
from modelgate.fleet.watch import LEASE
from modelgate.sandbox import Sandbox


@pytest.fixture
def hook() -> Iterator[Receiver]:
    """A receiver."""
    with receiver() as it:
        yield it


def test_nothing_to_do(site: Site) -> None:
    """All is well: no news, exit code 0, and a second look finds none either."""
    running(site)
    assert [(told(o), o.exit_code, o.seen.slots) for o in (look(site), look(site))] == [([], 0, 1)] * 2


def test_a_moved_alias_is_told_once_and_its_end_once(site: Site, hook: Receiver) -> None:
    """New when it moves; no news while it stays; over when somebody approves."""
    running(site)
    look(site, hook)
    site.sandbox.move_alias(ALIAS, NEW)
    first = look(site, hook)
    assert (told(first), first.exit_code) == ([("new", "drift.alias-moved", "refuse")], 1)
    again = look(site, hook)
    assert (told(again), again.exit_code) == ([], 1)
    site.accept("summarizer")
    site.preflight()
    last = look(site, hook)
    assert (told(last), last.exit_code) == ([("over", "drift.alias-moved", "note")], 0)
    assert [kind for kind, *_ in hook.notices()] == ["new", "over"]


def test_a_retirement_is_told_at_each_threshold_and_at_no_other_time(file_site: Site) -> None:
    """At 90, 30, 14, 7 and 1 days left, once each; the level is the gate's own."""
    running(file_site)
    file_site.sandbox.deprecate(OLD, retires_in_days=100)
    announced = [("new", "catalogue.deprecated", "warn"), ("new", "drift.retirement-moved", "warn")]
    assert told(look(file_site)) == announced
    heard = []
    for day in (8, 9, 40, 68, 69, 84, 85, 91, 92, 97, 98, 99):
        file_site.clock.ahead = timedelta(days=day)
        soon = [row for row in look(file_site).news if row.check_id == "catalogue.retires-soon"]
        heard += [(day, row.kind, row.level, row.threshold) for row in soon]
    assert heard == [
        (9, "new", "warn", 90), (69, "worse", "warn", 30), (85, "worse", "refuse", 14), (92, "worse", "refuse", 7),
        (98, "worse", "refuse", 1),
    ]  # fmt: skip


def test_a_date_that_moves_is_told_once_with_both_dates(file_site: Site) -> None:
    """Earlier, then later: each once."""
    running(file_site)
    file_site.sandbox.deprecate(OLD, retires_in_days=60)
    look(file_site)
    for days, word in ((50, "earlier"), (80, "later")):
        entry = file_site.sandbox.deprecate(OLD, retires_in_days=days)
        (row,) = [
            row for row in look(file_site).news if row.check_id in ("catalogue.retires-soon", "drift.retirement-moved")
        ]
        assert (row.kind, word in row.message, entry["retires_at"][:10] in row.message) == ("changed", True, True)
        assert told(look(file_site)) == []


def test_an_api_that_cannot_be_asked_ends_nothing(site: Site, hook: Receiver) -> None:
    """Could not know: nothing is recorded, and what is open stays open."""
    running(site)
    site.sandbox.move_alias(ALIAS, NEW)
    look(site, hook)
    site.outage()
    with pytest.raises(ApiProblem):
        look(site, hook)
    site.sandbox.lift_faults()
    assert (told(look(site, hook)), len(hook.documents)) == ([], 1)


@pytest.mark.parametrize("answer", [500, 429, 302, 404, pytest.param("hang", marks=pytest.mark.slow)])
def test_what_a_channel_does_not_take_is_told_later(file_site: Site, hook: Receiver, answer: int | str) -> None:
    """A receiver that fails leaves the digest for the next look: not lost, and told once."""
    running(file_site)
    file_site.sandbox.move_alias(ALIAS, NEW)
    hook.answers = [answer] * 3
    failing = look(file_site, hook)
    assert (failing.told, len(failing.failed), hook.notices()) == ((), 1, [])
    assert "not-for-eyes" not in failing.failed[0]
    hook.answers = []
    assert look(file_site, hook).told == ("webhook",)
    look(file_site, hook)
    assert hook.notices() == [("new", "drift.alias-moved", "summarizer", ALIAS)]


def test_a_lost_answer_is_told_twice_under_the_same_id(file_site: Site, hook: Receiver) -> None:
    """At least once: the receiver can tell by the IDs that it is the same."""
    running(file_site)
    file_site.sandbox.move_alias(ALIAS, NEW)
    hook.answers = ["lose"]
    look(file_site, hook)
    first, second = hook.documents
    assert (first["digest_id"], first["notices"]) == (second["digest_id"], second["notices"])


def test_what_is_over_before_it_was_told_is_dropped_and_a_new_channel_gets_what_is_open(
    file_site: Site, hook: Receiver
) -> None:
    """Recorded without a channel; then one comes."""
    running(file_site, summarizer=ALIAS, grader="claude-sonnet-4-6")
    file_site.sandbox.move_alias(ALIAS, NEW)
    look(file_site)
    file_site.sandbox.move_alias(ALIAS, OLD)
    look(file_site)
    file_site.sandbox.deprecate("claude-sonnet-4-6", retires_in_days=None)
    look(file_site, hook)
    assert hook.notices() == [("new", "catalogue.deprecated", "grader", "claude-sonnet-4-6")]


def test_the_webhook_is_signed(file_site: Site, hook: Receiver) -> None:
    """HMAC-SHA256 of "t.body"."""
    running(file_site)
    file_site.sandbox.move_alias(ALIAS, NEW)
    look(file_site, hook)
    stamp, signature = hook.headers[0]["X-Modelgate-Signature"].split(",")
    expected = hmac.new(b"s3cret", stamp[2:].encode() + b"." + hook.bodies[0], sha256).hexdigest()
    assert signature == f"v1={expected}"


def test_a_dry_run_writes_and_tells_nothing(site: Site, hook: Receiver) -> None:
    """It says what would be news; the next look still has it."""
    running(site)
    site.sandbox.move_alias(ALIAS, NEW)
    assert told(look(site, hook, dry_run=True)) == told(look(site, hook, dry_run=True)) != []
    assert (site.store().head(RESERVED), hook.bodies) == (None, [])


def test_one_watcher_works_at_a_time(site: Site) -> None:
    """While another has the lease nothing is asked, recorded or told."""
    running(site)
    site.store().take_lease(LEASE, "another", 60)
    site.sandbox.forget_requests()
    with pytest.raises(StoreProblem, match="another watcher"):
        look(site)
    assert site.sandbox.requests() == []


def test_the_notices_have_a_chain_of_their_own(site: Site, hook: Receiver) -> None:
    """It verifies and exports as any; that of the service is as it was."""
    running(site)
    before = site.store().head(site.scope())
    site.sandbox.move_alias(ALIAS, NEW)
    look(site, hook)
    found = site.store().verify(RESERVED)
    assert (found.intact, found.rows, found.unread) == (True, 3, 0)
    assert len(list(site.store().export(RESERVED))) == 3
    assert site.store().head(site.scope()) == before


def _scene(site: Site, name: str) -> None:  # a table in words
    if name == "held":
        running(site)
        site.sandbox.move_alias(ALIAS, NEW)
        site.accept("summarizer")
        site.preflight()
        site.rollback("summarizer")
        site.preflight()
    elif name == "waived":
        waiver = '[[waivers]]\ncheck = "drift.alias-moved"\nuntil = 2099-01-01\nreason = "x"\n'
        site.asks(summarizer=ALIAS, more=waiver)
        site.accept("summarizer")
        site.preflight()
        site.sandbox.move_alias(ALIAS, NEW)
    elif name == "lock":
        site.environ["GITHUB_SHA"] = "a" * 40
        site.asks(policy={"pins_from": "lock"}, summarizer=ALIAS)
        site.lock()
        site.preflight()
    elif name == "pull request":
        running(site)
        site.asks(summarizer="claude-never", grader="claude-opus-4-1-20250805")
        site.check()
    elif name == "policy accepts":
        site.asks(policy={"first_use": "accept", "alias_moved": "accept"}, summarizer=ALIAS)
        site.preflight()
        site.sandbox.move_alias(ALIAS, NEW)
    elif name == "two deployments":
        running(site)
        running(site, summarizer="claude-sonnet-4-6")
    elif name == "a batch":
        from modelgate.gate.options import Options
        from modelgate.gate.run import run_gate

        running(site)
        run_gate(site.world(), "preflight", Options(only="summarizer"))
    elif name == "another origin":
        running(site)
        with Sandbox() as other:
            site.environ["ANTHROPIC_BASE_URL"] = other.url
            running(site)
        site.environ["ANTHROPIC_BASE_URL"] = site.sandbox.url
        site.sandbox.deprecate(OLD, retires_in_days=5)
    elif name == "only checked":
        site.accept("summarizer")
        site.check()
    elif name == "refused":
        site.check()


@pytest.mark.parametrize(
    "name",
    ["held", "waived", "lock", "pull request", "policy accepts", "two deployments", "a batch", "another origin",
     "only checked", "refused"],
)  # fmt: skip
def test_no_false_alarm(file_site: Site, name: str) -> None:
    """Of what nobody has to do anything about there is no notice."""
    _scene(file_site, name)
    assert told(look(file_site)) == []


def test_pods_of_an_earlier_deployment_count(file_site: Site) -> None:
    """Two deployments side by side: the ID of the older one retires, and both are looked at until it is quiet."""
    running(file_site)
    running(file_site, summarizer="claude-sonnet-4-6")
    file_site.sandbox.deprecate(OLD, retires_in_days=5)
    rows = look(file_site).news
    assert {(row.check_id, row.model_id) for row in rows} == {
        ("catalogue.deprecated", OLD),
        ("catalogue.retires-soon", OLD),
    }
    file_site.clock.ahead = timedelta(days=31)
    file_site.preflight()
    assert {row.kind for row in look(file_site).news} == {"over"}


def test_the_silent_are_told_once(file_site: Site) -> None:
    """A note, after `quiet_days`, that ends with the next start. A server would date that start by its own clock."""
    site = file_site
    running(site)
    site.clock.ahead = timedelta(days=31)
    assert [told(look(site)), told(look(site))] == [[("new", "watch.silent", "note")], []]
    site.preflight()
    assert told(look(site)) == [("over", "watch.silent", "note")]


def test_a_fleet_is_one_list_and_one_question_an_alias(site: Site) -> None:
    """However many services ask for it."""
    for environment in ("prod", "staging", "dev"):
        site.asks(environment, policy={"first_use": "accept"}, a=ALIAS, b=ALIAS, c=OLD)
        site.preflight(environment)
    site.sandbox.forget_requests()
    look(site)
    assert sorted(r["path"] for r in site.sandbox.requests()) == ["/v1/models", f"/v1/models/{ALIAS}"]
