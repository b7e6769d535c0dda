"""Settings that a pull request's author wrote: no secret goes where only they lead."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import Shell
from support.fault_server import FaultServer
from support.sites import ALIAS

from modelgate.settings.trust import Trust, is_strangers

SLOT = f'service = "checkout"\n[slots.summarizer]\nmodel = "{ALIAS}"\n'
PULL_REQUEST = {"GITHUB_EVENT_NAME": "pull_request"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"GITHUB_EVENT_NAME": "push"}, False),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, True),
        ({"GITHUB_EVENT_NAME": "pull_request_review"}, True),
        ({"GITHUB_EVENT_NAME": "pull_request_review_comment"}, True),
        ({"CI_PIPELINE_SOURCE": "merge_request_event"}, True),
        ({"CI_MERGE_REQUEST_IID": "7"}, True),
        ({"BUILDKITE_PULL_REQUEST": "false"}, False),
        ({"BUILDKITE_PULL_REQUEST": "12"}, True),
        ({"CHANGE_ID": "12"}, True),
        ({"MODELGATE_SETTINGS_UNTRUSTED": "1"}, True),
        ({"GITHUB_EVENT_NAME": "pull_request", "MODELGATE_SETTINGS_UNTRUSTED": "0"}, False),
    ],
)
def test_whose_settings_they_are(environ: dict[str, str], expected: bool) -> None:
    """The variables of CI tell of a pull or merge request; the job may say so itself, or that it knows better."""
    assert is_strangers(environ) == expected


def test_a_key_is_not_sent_where_a_strangers_file_leads(shell: Shell) -> None:
    """`[api] base_url` of the pull request beats the job's own: not one byte goes there, and the build is red."""
    with FaultServer() as thief:
        text = SLOT + f'[api]\nbase_url = "{thief.base_url}"\n'.replace("127.0.0.1", "localhost.localdomain")
        (shell.site.config / "prod.toml").write_text(text)
        done = shell.run("check", "-e", "prod", environ=PULL_REQUEST)
        assert (done.returncode, "settings.untrusted" in done.stdout) == (1, True)
        for words in (("models", "-e", "prod"), ("resolve", "-e", "prod", ALIAS), ("status", "-e", "prod")):
            refused = shell.run(*words, environ=PULL_REQUEST)
            assert (refused.returncode, "settings.untrusted" in refused.stderr) == (1, True), words
        assert thief.connections == 0


@pytest.mark.parametrize(
    "text",
    [
        '[api]\nkey_file = "{}/secret"\n',
        '[api]\nplatform = "aws"\n',
        '[database]\nurl = "postgresql://db.example/audit"\n',
        '[database]\nurl = "postgresql:///audit?host=db.example"\n',
        '[database]\nurl = "postgresql://%64b.example/audit"\n',
        '[database]\nurl = "postgresql://localhost#@db.example/audit"\n',
        '[database]\nurl = "postgresql://localhost?@db.example/audit"\n',
        '[database]\nurl = "postgresql://localhost?x=:y@db.example/audit"\n',
        '[database]\nurl = "postgresql://[::1]#@db.example/audit"\n',
        '[database]\nurl = "postgresql:///audit?hostaddr=203.0.113.7"\n',
        '[database]\nurl = "postgresql://localhost/audit?passfile={}/secret"\n',
        '[database]\nurl = "sqlite:///committed.db"\n',
        '[database]\npassword_file = "{}/secret"\n',
        '[policy]\nfallback_file = "{}/secret"\ngrace_hours = 1\n',
        '[policy.preflight]\nfallback_file = "config/../../secret"\ngrace_hours = 1\n',
        '[notify]\nwebhook_url = "https://example.com/hook"\n',
        '[notify]\nwebhook_secret_file = "{}/secret"\n',
    ],
)
def test_each_way_to_take_a_secret_is_refused(shell: Shell, tmp_path: Path, text: str) -> None:
    """Addresses and files that only the pull request names: refused, waiver or no, and told where they stand."""
    waiver = '[[waivers]]\ncheck = "catalogue.retires-soon"\nuntil = 2099-01-01\nreason = "x"\n'
    (shell.site.config / "prod.toml").write_text(SLOT + text.format(tmp_path.parent) + waiver)
    if "[database]" in text:
        del shell.site.environ["MODELGATE_DATABASE_URL"]
    done = shell.run("check", "-e", "prod", environ=PULL_REQUEST)
    assert (done.returncode, "settings.untrusted  config/prod.toml:" in done.stdout) == (1, True), done.stdout
    assert shell.site.sandbox.requests() == []


def test_a_variable_that_names_no_model_is_not_shown(storeless: Shell) -> None:
    """`model_from` with the name of a secret: refused, and its text is in no format, table, row or error."""
    canary = "ghp_canary4711"
    (storeless.site.config / "prod.toml").write_text(SLOT.replace(f'model = "{ALIAS}"', 'model_from = "GITHUB_TOKEN"'))
    environ = {**PULL_REQUEST, "GITHUB_TOKEN": canary}
    for form in ("text", "json", "sarif", "junit", "github", "markdown"):
        for more in ((), ("--offline",), ("--dry-run",)):
            done = storeless.run("check", "-e", "prod", "--format", form, *more, environ=environ)
            assert (done.returncode, "settings.untrusted" in done.stdout) == (1, True)
            assert canary not in done.stdout + done.stderr
    for words in (
        ("accept", "--all", "--reason", "x"),
        ("status",),
        ("settings",),
        ("preflight",),
        ("lock", "--force"),
        ("upgrade", "--newer", "--write"),
    ):
        done = storeless.run(*words, "-e", "prod", environ=environ)
        assert canary not in done.stdout + done.stderr, words
    assert not (storeless.site.folder / "modelgate.db").exists()
    assert canary not in str(storeless.site.sandbox.requests())


def test_a_variable_that_names_a_model_is_read(shell: Shell) -> None:
    """The variables that slots are made for go on working, and the job may vouch for one with another kind of name."""
    (shell.site.config / "prod.toml").write_text(SLOT.replace(f'model = "{ALIAS}"', 'model_from = "GRADER"'))
    named = shell.report("check", "-e", "prod", "--offline", environ={**PULL_REQUEST, "GRADER": ALIAS})
    assert [slot["reference"] for slot in named["slots"]] == [ALIAS]
    own = {**PULL_REQUEST, "GRADER": "fast", "MODELGATE_TRUSTED_VARIABLES": "OTHER, GRADER"}
    assert shell.report("check", "-e", "prod", "--offline", environ=own)["slots"][0]["reference"] == "fast"


def test_what_the_job_itself_says_is_trusted(shell: Shell) -> None:
    """Variables and flags are the job's; so is what it vouches for. Elsewhere nothing changes."""
    text = SLOT + '[api]\nbase_url = "https://gateway.example/claude"\nplatform = "anthropic"\n'
    (shell.site.config / "prod.toml").write_text(text)
    mine = {**PULL_REQUEST, "MODELGATE_API__BASE_URL": shell.site.sandbox.url}
    assert "settings.untrusted" not in shell.run("check", "-e", "prod", environ=mine).stdout
    vouched = {**PULL_REQUEST, "MODELGATE_TRUSTED_ORIGINS": "https://gateway.example"}
    assert "settings.untrusted" not in shell.run("check", "-e", "prod", "--offline", environ=vouched).stdout
    assert "settings.untrusted" not in shell.run("check", "-e", "prod", "--offline").stdout


def test_a_committed_store_is_no_store(approved: Shell) -> None:
    """A modelgate.db of the pull request, where the job names no store: it is not believed, and that is told."""
    environ = approved.environment(**PULL_REQUEST)
    environ.pop("MODELGATE_DATABASE_URL")
    approved.site.environ.pop("MODELGATE_DATABASE_URL")
    assert (approved.site.folder / "modelgate.db").exists()
    assert approved.run("check", "-e", "prod").returncode == 0
    done = approved.run("check", "-e", "prod", environ=PULL_REQUEST)
    assert (done.returncode, "no audit store is named" in done.stdout) == (3, True), done.stdout


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://db.internal/a", True),
        ("postgresql://u:p@db.internal:5432/a?sslmode=require", True),
        ("postgresql://localhost/a", True),
        ("postgresql://%2Fvar%2Frun/a", True),
        ("postgresql:///a?host=/var/run", True),
        ("postgresql://db.internal/a?host=evil.example", False),
        ("postgresql:///a?service=evil", False),
        ("postgresql://db.internal.evil.example/a", False),
    ],
)
def test_hosts_of_databases(url: str, expected: bool, tmp_path: Path) -> None:
    """Every host that libpq would connect to counts, wherever it stands in the URL."""
    trust = Trust.of({"MODELGATE_TRUSTED_ORIGINS": "https://gw, db.internal"}, tmp_path)
    assert trust.hosts(url) == expected


def test_what_a_change_loosens_is_shown(approved: Shell, tmp_path: Path) -> None:
    """`check --base`: a warning for each thing, from a folder or from files; nothing where nothing is loosened."""
    base = tmp_path / "base"
    base.mkdir()
    now = approved.site.config / "prod.toml"
    (base / "prod.toml").write_text(now.read_text())
    same = approved.run("check", "-e", "prod", "--base", "base")
    approved.site.asks(policy={"preflight": {"enforce": False}}, summarizer=ALIAS)
    for named in ("base", "base/prod.toml"):
        report = approved.report("check", "-e", "prod", "--base", named)
        found = [(f["level"], f["message"]) for f in report["findings"] if f["id"] == "settings.loosened"]
        assert found == [("warn", "policy.preflight.enforce: true before, false now")]
    assert (same.returncode, "settings.loosened" in same.stdout) == (0, False)
