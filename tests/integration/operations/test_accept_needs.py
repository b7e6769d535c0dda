"""No approval without evidence: accept, release, promotion and locks ask for what the policy names."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.commands import Shell
from support.databases import append_at
from support.sites import ALIAS, NEW, OLD, Site, finding, found

from modelgate.domain.errors import Unproved
from modelgate.domain.evidence import EvidenceRow
from modelgate.domain.findings import Finding
from modelgate.operations.release import release

NEEDS = {"accept_needs": ["probe", "quality"]}


def show(
    site: Site, suite: str, model_id: str = OLD, *, environment: str = "prod", days_ago: float = 0, **row: Any
) -> None:
    """Records that a suite ran on an ID in the slot, so long ago."""
    values = {"outcome": "passed", "origin": site.sandbox.url} | row
    values.setdefault("slot", "summarizer")
    proof = EvidenceRow(values.pop("slot"), model_id, suite, **values)
    world = site.world(environment)
    at = world.clock.now() - timedelta(days=days_ago)
    append_at(site.store(), world.scope, world.author, [proof], now=at)


def lacks(site: Site, **how: Any) -> list[tuple[str, str]]:
    """Check ID and first word of the message of each lack that an accept is refused for; none if it is accepted."""
    try:
        site.accept(*how.pop("slots", ("summarizer",)), **how)
    except Unproved as error:
        return [(each.id, each.message.partition(" ")[0]) for each in error.findings]
    return []


def test_an_id_without_evidence_is_not_approved(site: Site) -> None:
    """Each proof that is missing is told with the command that makes it, and nothing is pinned."""
    site.asks(policy=NEEDS, summarizer=ALIAS)
    with pytest.raises(Unproved, match="2 proofs are lacking") as refused:
        site.accept("summarizer")
    assert (refused.value.exit_code, site.pins()) == (1, [])
    assert [(each.id, each.commands) for each in refused.value.findings] == [
        ("evidence.missing", (f"modelgate probe summarizer --to {OLD} -s checkout -e prod",)),
        (
            "evidence.missing",
            (f"modelgate evidence add summarizer --suite quality --id {OLD} FILE -s checkout -e prod",),
        ),
    ]


def test_an_id_that_was_proved_is_approved(site: Site) -> None:
    """With a passed proof of each kind the accept goes through, and `status` and `history` tell of them."""
    site.asks(policy=NEEDS, summarizer=ALIAS)
    show(site, "probe-live")
    show(site, "quality", passed=10, failed=0, file_format="junit")
    assert (lacks(site), site.pins()) == ([], [("accept", ALIAS, OLD)])


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"slot": "grader"}, "evidence.missing"),
        ({"model_id": NEW}, "evidence.missing"),
        ({"origin": "https://gateway.example"}, "evidence.missing"),
        ({"workspace_id": "wrkspc_1"}, "evidence.missing"),
        ({"environment": "staging"}, "evidence.missing"),
        ({"outcome": "failed", "served_model": NEW}, "evidence.failed"),
        ({"outcome": "failed", "passed": 8, "failed": 2, "file_format": "junit"}, "evidence.failed"),
    ],
)
def test_evidence_of_something_else_counts_for_nothing(site: Site, other: dict[str, Any], told: str) -> None:
    """Another slot, ID, origin, workspace or environment proves nothing, nor does a failure."""
    for environment in ("prod", "staging"):
        site.asks(environment, policy={"accept_needs": ["probe"]}, summarizer=ALIAS)
    show(site, "probe", **other)
    assert lacks(site) == [(told, "probe")]


def test_old_evidence_is_stale(site: Site) -> None:
    """A proof counts for `evidence_days`."""
    site.asks(policy={"accept_needs": ["probe"], "evidence_days": 3}, summarizer=ALIAS)
    site.clock.ahead = timedelta(days=3, minutes=1)
    show(site, "probe", days_ago=3 + 1 / 1440)
    assert lacks(site) == [("evidence.stale", "probe")]
    site.asks(policy={"accept_needs": ["probe"], "evidence_days": 4}, summarizer=ALIAS)
    assert lacks(site) == []


def test_accept_of_a_run_needs_evidence_too(site: Site) -> None:
    """`--run` pins what a run saw, of which nothing was shown."""
    site.asks(policy=NEEDS, summarizer=ALIAS)
    run = site.check().run_id
    assert [check for check, _ in lacks(site, run_id=run)] == ["evidence.missing"] * 2


def test_a_promotion_takes_the_evidence_of_where_it_comes_from(site: Site) -> None:
    """What was shown in staging counts for `--from staging`; prod's own does not, and the command names staging."""
    for environment in ("staging", "prod"):
        site.asks(environment, summarizer=ALIAS)
    site.accept("summarizer", environment="staging")
    site.preflight("staging")
    site.asks(policy={"accept_needs": ["quality"]}, summarizer=ALIAS)
    show(site, "quality")
    with pytest.raises(Unproved) as refused:
        site.accept("summarizer", source="staging")
    assert refused.value.findings[0].commands[0].endswith("FILE -s checkout -e staging")
    show(site, "quality", environment="staging")
    assert lacks(site, source="staging") == []


def test_a_hold_needs_none(site: Site) -> None:
    """Rollback, preflight and `release --keep` never ask for evidence; `release --accept` does."""
    site.accept("summarizer")
    site.preflight()
    site.asks(policy={**NEEDS, "first_use": "refuse"}, summarizer=ALIAS)
    site.sandbox.move_alias(ALIAS, NEW)
    site.rollback("summarizer", to=OLD)
    assert found(site.preflight()) == {"drift.held": "note"}
    with pytest.raises(Unproved):
        release(site.world(), ["summarizer"], "accept", reason="over")
    site.release("summarizer", how="keep")
    assert [action for action, _, _ in site.pins()] == ["accept", "rollback", "release"]


def test_nothing_new_needs_no_evidence(site: Site) -> None:
    """An accept that would record nothing asks for nothing."""
    site.accept("summarizer")
    site.asks(policy=NEEDS, summarizer=ALIAS)
    assert site.accept("summarizer").unchanged == ("summarizer",)


def in_git(site: Site, **policy: Any) -> None:
    """Approvals live in the lock, and the lock says what the alias means."""
    site.asks(policy={"pins_from": "lock", **policy}, summarizer=ALIAS)
    site.lock()


def test_check_refuses_an_id_of_the_lock_that_nobody_proved(site: Site) -> None:
    """The merge approves; check with the store stands in its way, and preflight does not."""
    in_git(site, **NEEDS)
    report = site.check()
    assert found(report) == {"evidence.missing": "refuse"}
    assert [each.slot for each in report.findings if each.id == "evidence.missing"] == ["summarizer"] * 2
    assert found(site.preflight()) == {}


def test_check_lets_through_what_was_proved_or_ran_here(site: Site) -> None:
    """With evidence, and, once it was handed over here, without."""
    in_git(site, accept_needs=["quality"])
    show(site, "quality", outcome="failed", passed=1, failed=1, file_format="junit")
    told: Finding = finding(site.check(), "evidence.failed")
    assert told.message.endswith(", 1 of 2 tests")
    show(site, "quality")
    assert found(site.check()) == {}
    in_git(site, accept_needs=["quality", "speed"])
    assert found(site.check()) == {"evidence.missing": "refuse"}
    site.preflight()
    assert found(site.check()) == {}


def test_without_the_store_nobody_asks(site: Site) -> None:
    """`--no-store` judges against the lock with the API alone, as in a pull request of a stranger."""
    in_git(site, **NEEDS)
    assert found(site.check(no_store=True)) == {}


def test_lock_tells_what_is_lacking(site: Site) -> None:
    """The lock is written all the same: the merge approves, and check will refuse."""
    site.asks(policy={"pins_from": "lock", **NEEDS}, summarizer=ALIAS)
    locked = site.lock()
    assert [each.id for each in locked.lacks] == ["evidence.missing"] * 2
    assert locked.path.exists()
    show(site, "probe")
    show(site, "quality")
    assert (site.lock().lacks, site.lock().unasked) == ((), "")


def test_lock_in_an_outage_of_the_store_says_so(site: Site) -> None:
    """What is lacking is then not known; without accept_needs no store is asked at all."""
    site.environ["MODELGATE_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/audit"
    site.asks(policy={"pins_from": "lock", "deadline_seconds": 5, **NEEDS}, summarizer=ALIAS)
    assert site.lock().unasked != ""
    site.asks(policy={"pins_from": "lock"}, summarizer=ALIAS)
    assert site.lock().unasked == ""


def test_people_read_what_is_lacking_and_what_was_shown(file_site: Site) -> None:
    """`accept`, `lock`, `status` and `history` as they are typed."""
    shell = Shell(file_site)
    file_site.asks(policy=NEEDS, summarizer=ALIAS)
    refused = shell.run("accept", "summarizer", "-e", "prod", "--reason", "tested")
    assert refused.returncode == 1
    assert f"evidence.missing summarizer: probe of {OLD}: nothing is recorded" in refused.stderr
    assert f"→ modelgate probe summarizer --to {OLD} -s checkout -e prod" in refused.stderr
    show(file_site, "probe", input_tokens=12, status=200)
    show(file_site, "quality", passed=42, failed=0, file_format="junit")
    assert shell.run("accept", "summarizer", "-e", "prod", "--reason", "tested").returncode == 0
    history = shell.run("history", "-e", "prod").stdout
    assert f"evidence quality passed: {OLD} (42 passed, 0 failed)" in history
    assert f"evidence probe passed: {OLD} (12 tokens)" in history
    status = shell.run("status", "-e", "prod")
    assert "evidence of summarizer: probe passed " in status.stdout
    slot = json.loads(shell.run("status", "-e", "prod", "--format", "json").stdout)["slots"][0]
    assert {need: proof["outcome"] for need, proof in slot["evidence"].items()} == {
        "probe": "passed",
        "quality": "passed",
    }
    file_site.asks(policy={"pins_from": "lock", "accept_needs": ["speed"]}, summarizer=ALIAS)
    locked = shell.run("lock", "-e", "prod")
    assert f"check will refuse: evidence.missing summarizer: speed of {OLD}" in locked.stdout


@pytest.mark.parametrize("key", ["first_use", "alias_moved", "reference_changed"])
@pytest.mark.parametrize("inside", [False, True])
def test_a_policy_that_pins_by_itself_excludes_it(file_site: Site, key: str, inside: bool) -> None:
    """Settings that ask for evidence and approve without it end with 2, at the line that approves."""
    policy: dict[str, Any] = {"preflight": {key: "accept"}} if inside else {key: "accept"}
    file_site.asks(policy={**NEEDS, **policy}, summarizer=ALIAS)
    told = Shell(file_site).run("status", "-e", "prod")
    place = "policy.preflight" if inside else "policy"
    assert (told.returncode, f'{place}.{key}: "accept" pins what nobody has shown' in told.stderr) == (2, True)


def test_check_alone_may_accept(file_site: Site) -> None:
    """It is preflight that pins: what `[policy.preflight]` refuses again is nobody's approval."""
    file_site.asks(policy={**NEEDS, "first_use": "accept", "preflight": {"first_use": "refuse"}}, summarizer=ALIAS)
    assert file_site.check().verdict == "pass"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[policy.preflight]\naccept_needs = ["probe"]\n', "policy.preflight.accept_needs: belongs in [policy]"),
        ('[policy]\naccept_needs = "probe"\n', "policy.accept_needs: must be an array"),
        ('[policy]\naccept_needs = ["two words"]\n', "policy.accept_needs"),
        ("[policy]\nevidence_days = 0\n", "policy.evidence_days"),
    ],
)
def test_wrong_settings_are_told(file_site: Site, text: str, told: str) -> None:
    """Where the key may stand, and what it may say."""
    (file_site.config / "prod.toml").write_text(f'{text}[slots.summarizer]\nmodel = "{ALIAS}"\n')
    result = Shell(file_site).run("status", "-e", "prod")
    assert (result.returncode, told in result.stderr) == (2, True), result.stderr
