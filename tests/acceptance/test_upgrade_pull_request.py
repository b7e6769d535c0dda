"""docs/upgrade.md: one pull request an environment, by the action's own steps, with real git and a stand-in `gh`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import composite, manifests
from support.composite import Job

from modelgate.sandbox import Sandbox

GH = f"""#!{sys.executable} -I
import json, os, sys
path = os.environ["GH_STATE"]
state = json.load(open(path)) if os.path.exists(path) else {{"pulls": [], "labels": [], "calls": []}}
words = sys.argv[1:]
state["calls"].append(words[:2])
def option(name):
    return [words[i + 1] for i, word in enumerate(words) if word == name]
pulls = [p for p in state["pulls"] if p["open"]]
if words[:2] == ["pr", "list"]:
    for pull in pulls:
        if [pull["head"]] == option("--head"):
            print(pull["number"])
elif words[:2] == ["pr", "create"]:
    number = len(state["pulls"]) + 1
    body = open(option("--body-file")[0]).read()
    state["pulls"].append({{"number": number, "head": option("--head")[0], "base": option("--base")[0], "open": True,
                            "title": option("--title")[0], "body": body, "labels": option("--label")}})
elif words[:2] == ["pr", "edit"]:
    (pull,) = [p for p in pulls if str(p["number"]) == words[2]]
    pull["title"], pull["body"] = option("--title")[0], open(option("--body-file")[0]).read()
    kept = [label for label in pull["labels"] if label not in option("--remove-label")]
    pull["labels"] = sorted({{*kept, *option("--add-label")}})
elif words[:2] == ["pr", "close"]:
    (pull,) = [p for p in pulls if str(p["number"]) == words[2]]
    pull["open"] = False
elif words[:2] == ["label", "create"]:
    state["labels"].append(words[2])
else:
    sys.exit(f"not known to this stand-in: {{words}}")
json.dump(state, open(path, "w"))
"""
SETTINGS = """\
service = "checkout"

[slots.summarizer]
model = "claude-opus-4-1"  # why: INC-7
"""
OPUS = "claude-opus-4-1-20250805"


@dataclass
class Repository:
    """A remote, a clone of it as the job has it, and what `gh` was told."""

    folder: Path
    sandbox: Sandbox
    jobs: int = 0

    @property
    def clone(self) -> Path:
        """The job's checkout."""
        return self.folder / "clone"

    def git(self, *words: str, at: Path | None = None) -> str:
        """What git says, as some person."""
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        done = subprocess.run(
            ["git", *who, *words], cwd=at or self.clone, env=self.environ, capture_output=True, text=True, check=True
        )
        return done.stdout

    @property
    def environ(self) -> dict[str, str]:
        """The job's variables; nobody's own configuration of git counts."""
        return {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GH_STATE": str(self.folder / "gh.json"),
            "ANTHROPIC_BASE_URL": self.sandbox.url,
            "ANTHROPIC_API_KEY": "k",
            "MODELGATE_DATABASE_URL": f"sqlite:///{self.folder}/m.db",
        }

    def run(self, environment: str = "prod") -> Job:
        """The weekly job: a fresh, shallow clone, and the action with `upgrade`."""
        self.jobs += 1
        subprocess.run(["rm", "-rf", str(self.clone)], check=True)
        self.git("clone", "--quiet", "--depth=1", f"file://{self.folder}/remote.git", "clone", at=self.folder)
        temporary = self.folder / f"job-{self.jobs}"
        job = composite.run(self.clone, temporary, self.environ, environment=environment, upgrade="true")
        assert job.exit_code != 1, job.log
        return job

    @property
    def pulls(self) -> list[dict[str, object]]:
        """Every pull request there ever was."""
        state = self.folder / "gh.json"
        found: list[dict[str, object]] = json.loads(state.read_text())["pulls"] if state.exists() else []
        return found

    def remote(self, branch: str, file: str = "config/prod.toml") -> str:
        """A file as it is on a branch of the remote."""
        return self.git("show", f"{branch}:{file}", at=self.folder / "remote.git")

    def commit(self, file: str, text: str, branch: str = "main") -> None:
        """A person's commit, pushed."""
        work = self.folder / "work"
        self.git("fetch", "--quiet", "origin", at=work)
        self.git("switch", "--quiet", "--force-create", branch, f"origin/{branch}", at=work)
        (work / file).parent.mkdir(exist_ok=True)
        (work / file).write_text(text)
        self.git("add", file, at=work)
        self.git("commit", "--quiet", "--message", f"Change {file}", at=work)
        self.git("push", "--quiet", "origin", branch, at=work)


@pytest.fixture
def repository(tmp_path: Path, modelgate_sandbox: Sandbox) -> Repository:
    """`config/prod.toml` asks for a model that retires in forty days."""
    made = Repository(tmp_path, modelgate_sandbox)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text(GH)
    (tmp_path / "bin" / "gh").chmod(0o755)
    (tmp_path / "bin" / "modelgate").symlink_to(Path(sys.executable).parent / "modelgate")
    made.git("init", "--quiet", "--bare", "--initial-branch=main", "remote.git", at=tmp_path)
    made.git("clone", "--quiet", "remote.git", "work", at=tmp_path)
    work = tmp_path / "work"
    (work / "config").mkdir()
    (work / "config" / "prod.toml").write_text(SETTINGS)
    made.git("switch", "--quiet", "--create", "main", at=work)
    made.git("add", ".", at=work)
    made.git("commit", "--quiet", "--message", "Start", at=work)
    made.git("push", "--quiet", "origin", "main", at=work)
    modelgate_sandbox.deprecate(OPUS, retires_in_days=40)
    return made


def test_a_pull_request_is_opened(repository: Repository) -> None:
    """With what moves, and its label."""
    assert repository.run().exit_code == 0
    (pull,) = repository.pulls
    assert (pull["head"], pull["base"], pull["labels"]) == ("modelgate-upgrade-prod", "main", ["model-retires-90d"])
    assert pull["title"] == "Move the models of prod (39 days left)"
    assert "#### `summarizer: claude-opus-4-1-20250805 → claude-opus-5`" in str(pull["body"])
    moved = SETTINGS.replace("claude-opus-4-1", "claude-opus-5")
    assert repository.remote("modelgate-upgrade-prod") == moved


@pytest.mark.slow
def test_it_is_updated_in_place(repository: Repository) -> None:
    """The next runs update the same one, and push only news."""
    repository.run()
    before = repository.git("rev-parse", "modelgate-upgrade-prod", at=repository.folder / "remote.git")
    repository.sandbox.deprecate(OPUS, retires_in_days=5)
    repository.run()
    (again,) = repository.pulls
    assert (again["number"], again["labels"]) == (1, ["model-retires-7d"])
    assert again["title"] == "Move the models of prod (4 days left)"
    assert repository.git("rev-parse", "modelgate-upgrade-prod", at=repository.folder / "remote.git") == before


@pytest.mark.slow
def test_it_follows_the_branch_that_it_is_for(repository: Repository) -> None:
    """What was merged meanwhile is below the one commit, also in a clone without history."""
    repository.run()
    repository.commit("app.py", "print(1)\n")
    repository.run()
    assert repository.remote("modelgate-upgrade-prod", "app.py") == "print(1)\n"
    log = repository.git("log", "--format=%s", "main..modelgate-upgrade-prod", at=repository.folder / "remote.git")
    assert log.splitlines() == ["Move the models of prod that end"]


@pytest.mark.slow
def test_a_branch_on_which_a_person_went_on_is_left_as_it_is(repository: Repository) -> None:
    """Only the words of the pull request are made new."""
    repository.run()
    repository.commit("prompt.txt", "shorter\n", branch="modelgate-upgrade-prod")
    repository.commit("app.py", "print(1)\n")
    job = repository.run()
    assert "a person went on with modelgate-upgrade-prod" in job.log
    assert repository.remote("modelgate-upgrade-prod", "prompt.txt") == "shorter\n"
    assert len(repository.pulls) == 1


@pytest.mark.slow
def test_it_is_closed_once_nothing_is_to_be_moved(repository: Repository) -> None:
    """Somebody moved the reference by another way; nothing is opened where nothing ends."""
    repository.run()
    repository.commit("config/prod.toml", SETTINGS.replace("claude-opus-4-1", "claude-opus-4-8"))
    job = repository.run()
    assert (job.exit_code, "no model of prod ends" in job.log, [p["open"] for p in repository.pulls]) == (
        0,
        True,
        [False],
    )
    repository.run()
    assert len(repository.pulls) == 1


@pytest.mark.slow
def test_each_environment_has_one_of_its_own(repository: Repository) -> None:
    """With approvals in git the lock is in it too."""
    locked = SETTINGS + '[policy]\npins_from = "lock"\n'
    repository.commit("config/staging.toml", locked)
    lock = 'schema = "modelgate.lock/1"\nservice = "checkout"\nenvironment = "staging"\n\n[slots.summarizer]\n'
    lock += f'reference = "claude-opus-4-1"\nid = "{OPUS}"\n'
    repository.commit("config/staging.lock.toml", lock)
    repository.run()
    repository.run("staging")
    assert [pull["head"] for pull in repository.pulls] == ["modelgate-upgrade-prod", "modelgate-upgrade-staging"]
    assert 'id = "claude-opus-5"' in repository.remote("modelgate-upgrade-staging", "config/staging.lock.toml")


@pytest.mark.slow
def test_what_stands_in_no_file_is_told_in_the_summary(repository: Repository) -> None:
    """And no empty pull request is opened."""
    repository.commit("config/prod.toml", 'service = "checkout"\n[slots.a]\nmodel_from = "A_MODEL"\n')
    repository.sandbox.deprecate(OPUS, retires_in_days=5)
    assert repository.run().exit_code == 3  # nobody knows here what it asks for
    environ = repository.environ | {"A_MODEL": "claude-opus-4-1"}
    job = composite.run(repository.clone, repository.folder / "again", environ, environment="prod", upgrade="true")
    assert (job.exit_code, "A_MODEL=claude-opus-5" in job.summary, repository.pulls) == (0, True, [])


def test_inputs_are_data(repository: Repository) -> None:
    """An environment that is a shell command is a bad name."""
    job = repository.run("prod; touch pwned #")
    assert (job.exit_code, (repository.clone / "pwned").exists()) == (2, False)


def test_an_api_that_cannot_be_asked_opens_nothing(repository: Repository) -> None:
    """The job is red with the gate's own code."""
    repository.sandbox.fail_next(503, count=None, headers={"x-should-retry": "false"})
    assert (repository.run().exit_code, repository.pulls) == (3, [])


HOOK = """#!/bin/sh
i=0
while [ "$i" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do
  eval "echo \\"\\$GIT_PUSH_OPTION_$i\\"" >> "$GIT_DIR/options"
  i=$((i + 1))
done
"""


def test_the_gitlab_job_pushes_what_opens_a_merge_request(repository: Repository) -> None:
    """Its script, as it stands on the page, against a remote that takes push options."""
    page = (manifests.ROOT / "docs" / "upgrade.md").read_text()
    (block,) = re.findall(r"^```yaml\n(model-upgrade:.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (script,) = manifests.yaml.safe_load(block)["model-upgrade"]["script"]
    remote = repository.folder / "remote.git"
    repository.git("config", "receive.advertisePushOptions", "true", at=remote)
    (remote / "hooks" / "pre-receive").write_text(HOOK)
    (remote / "hooks" / "pre-receive").chmod(0o755)
    repository.git("clone", "--quiet", "remote.git", "clone", at=repository.folder)
    variables = {"ENVIRONMENT": "prod", "MODELGATE_CONFIG_DIR": "config", "CI_DEFAULT_BRANCH": "main"}
    environ = {**repository.environ, **variables, "REMOTE": str(remote)}
    done = subprocess.run(["sh", "-c", script], cwd=repository.clone, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert repository.remote("modelgate-upgrade-prod") == SETTINGS.replace("claude-opus-4-1", "claude-opus-5")
    told = repository.git("log", "-1", "--format=%B", "modelgate-upgrade-prod", at=remote)
    assert told.startswith("Move the models of prod\n\n### modelgate upgrade: checkout/prod")
    options = (remote / "options").read_text().splitlines()
    assert "merge_request.create" in options
    assert [o for o in options if "label" in o] == [
        "merge_request.unlabel=model-retires-7d",
        "merge_request.unlabel=model-retires-30d",
        "merge_request.unlabel=model-upgrade",
        "merge_request.label=model-retires-90d",
    ]
