"""The GitHub action, its own steps run for real: the installed command, over HTTP, with SQLite."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support import composite, manifests
from support.composite import Job

from modelgate.sandbox.server import API_KEY, Sandbox

SETTINGS = 'service = "checkout"\n[slots.summarizer]\nmodel = "claude-haiku-4-5"\n'
RunAction = Callable[..., Job]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with settings for prod."""
    folder = tmp_path / "repository"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "default.toml").write_text(SETTINGS)
    (folder / "config" / "prod.toml").write_text("")
    return folder


@pytest.fixture
def act(repository: Path, tmp_path: Path, modelgate_sandbox: Sandbox) -> RunAction:
    """Runs the action in the repository; `key=False` as in a pull request from a fork."""

    def run(*, key: bool = True, name: str = "job", environ: dict[str, str] | None = None, **inputs: str) -> Job:
        variables = {
            "ANTHROPIC_BASE_URL": modelgate_sandbox.url,
            "MODELGATE_DATABASE_URL": f"sqlite:///{tmp_path}/m.db",
        }
        if key:
            variables["ANTHROPIC_API_KEY"] = API_KEY
        return composite.run(
            repository, tmp_path / name, variables | (environ or {}), **{"environment": "prod", **inputs}
        )

    return run


def test_a_refusal_fails_the_job_and_says_why(act: RunAction) -> None:
    """A slot that nobody approved: exit 1, an annotation, a summary, and both outputs."""
    job = act()
    assert (job.exit_code, job.outputs["verdict"]) == (1, "refuse")
    assert re.search(r"^::error [^\n]*drift\.unpinned", job.log, re.MULTILINE)
    assert "drift.unpinned" in job.summary
    report = json.loads(Path(job.outputs["report"]).read_text())
    assert (report["schema"], report["verdict"], report["dry_run"]) == ("modelgate.report/2", "refuse", True)


def test_settings_that_cannot_be_read_give_no_verdict(act: RunAction, repository: Path) -> None:
    """Settings with a mistake: exit 2 and empty outputs, not those of an earlier step."""
    (repository / "config" / "prod.toml").write_text('[policy]\nfirst_use = "warn"\n')
    job = act()
    assert (job.exit_code, job.outputs) == (2, {"verdict": "", "report": ""})


def test_observing_is_green_and_writes_every_report(act: RunAction, repository: Path) -> None:
    """With `enforce = false` the job is green whatever the verdict, and each wanted report is there."""
    (repository / "config" / "prod.toml").write_text("[policy]\nenforce = false\n")
    job = act(reports="sarif=out.sarif\n\njunit=out.xml\n")
    assert (job.exit_code, job.outputs["verdict"]) == (0, "refuse")
    assert sorted(path.name for path in repository.glob("out.*")) == ["out.sarif", "out.xml"]


def test_nothing_is_recorded_unless_asked(act: RunAction, tmp_path: Path) -> None:
    """The action is a dry run by default: no store comes to be. With `dry-run: "false"` it does."""
    act(name="dry")
    assert not (tmp_path / "m.db").exists()
    act(name="recorded", dry_run="false")
    assert (tmp_path / "m.db").exists()


def test_without_a_key_the_offline_half_runs_and_says_so(act: RunAction) -> None:
    """A pull request from a fork is judged without the API, and the log says what was not judged."""
    job = act(key=False)
    assert (job.exit_code, job.outputs["verdict"]) == (0, "pass")
    assert "::notice title=modelgate::This job has no API key" in job.log
    assert "settings.offline" in job.summary


def test_offline_false_asks_the_api_in_any_case(act: RunAction) -> None:
    """Whoever says that the credentials are elsewhere is taken at their word, and told when there are none."""
    job = act(key=False, offline="false")
    assert ("api.credentials" in job.summary, "settings.offline" in job.summary) == (True, False)


def test_no_code_of_the_checkout_runs(act: RunAction, repository: Path) -> None:
    """Modules that a pull request plants at the root of the repository are not imported, wherever PYTHONPATH leads."""
    proof = composite.plant(repository)
    job = act(environ={"PYTHONPATH": str(repository)})
    assert (job.exit_code, job.outputs["verdict"], proof.exists()) == (1, "refuse", False), proof.read_text()


def test_names_outside_of_the_gate_are_told_where_they_stand(act: RunAction, repository: Path) -> None:
    """With `scan`: an annotation at the line; a retired name fails the job."""
    (repository / "config" / "prod.toml").write_text("[policy]\nenforce = false\n")
    (repository / "app.py").write_text('MODEL = "claude-3-opus-20240229"\n')
    job = act(scan="true")
    assert job.exit_code == 1
    assert re.search(r"^::error [^\n]*file=app\.py,line=1[^\n]*scan\.retired", job.log, re.MULTILINE), job.log


@pytest.mark.slow
def test_a_scan_is_asked_for_and_needs_no_key(act: RunAction, repository: Path) -> None:
    """Without `scan` no name is looked for; without a key places are told alone."""
    (repository / "config" / "prod.toml").write_text("[policy]\nenforce = false\n")
    (repository / "app.py").write_text('MODEL = "claude-3-opus-20240229"\n')
    assert act(name="without").exit_code == 0
    offline = act(name="fork", key=False, scan="true")
    assert (offline.exit_code, "scan.outside-gate" in offline.log) == (0, True)


STARTS = re.compile(r"""(?:python3?|PYTHON"|bin/python")[",]? +(?!-I)(-[mc]|-\S*,|"?-c)""")


MANIFESTS = sorted(str(path.relative_to(manifests.ROOT)) for path in (manifests.ROOT / "deploy").rglob("*.y*ml"))


@pytest.mark.parametrize(
    "file",
    [
        "action.yml",
        ".pre-commit-hooks.yaml",
        "docs/ci.md",
        "docs/container.md",
        "docs/gitops.md",
        "docs/upgrade.md",
        *MANIFESTS,
    ],
)
def test_python_is_started_isolated(file: str) -> None:
    """What people copy starts Python with -I: without it the working directory comes first among the modules."""
    assert STARTS.search((manifests.ROOT / file).read_text()) is None


def test_inputs_are_data(act: RunAction, repository: Path) -> None:
    """An input that is a shell command is a bad name of an environment, not a command."""
    job = act(environment="prod; touch pwned #", service='$(touch "pwned")')
    assert (job.exit_code, (repository / "pwned").exists()) == (2, False)


def test_scripts_hold_no_expression() -> None:
    """No input is pasted into a script's text: all come as variables."""
    scripts = [step["run"] for step in composite.ACTION["runs"]["steps"]]
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize(
    "file",
    [
        "action.yml",
        ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
        "docs/ci.md",
        "docs/gitops.md",
        "docs/upgrade.md",
    ],
)
def test_actions_of_others_are_pinned_by_commit(file: str) -> None:
    """Whatever `uses:` an action names a full commit and, for the reader, its version."""
    text = (manifests.ROOT / file).read_text()
    foreign = re.findall(r"uses: +(?!\./|your-org/modelgate@)(.+)", text)
    assert [uses for uses in foreign if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)+", uses)] == []
