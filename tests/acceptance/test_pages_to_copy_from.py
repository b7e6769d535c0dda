"""What the pages for platform engineers tell people to copy works as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support import manifests

DOCS = manifests.ROOT / "docs"
PAGES = ["container.md", "ci.md", "gitops.md", "on-call.md", "monitoring.md", "upgrade.md"]
BLOCKS = [
    (page, block[1], block[2])
    for page in PAGES
    for block in re.finditer(r"^```(\w*)\n(.*?)^```$", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)
]
WORKFLOWS = [text for _, language, text in BLOCKS if language == "yaml" and "\njobs:" in text]
GITLAB = [text for _, language, text in BLOCKS if language == "yaml" and "\n  script:" in text]
COMMANDS = sorted(
    {
        command.strip()
        for page in PAGES
        for command in re.findall(
            r"modelgate ([a-z]+ [^`#\n]*-e (?:prod|staging)\b[^`#\n]*)", (DOCS / page).read_text().replace("\\\n", " ")
        )
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_commands(command: str) -> None:
    """Each command line of the pages is one that the real command takes."""
    manifests.parse(shlex.split(command))


def valid(schema: str, text: str, path: Path) -> bool:
    """Whether YAML satisfies a published schema."""
    path.write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


def test_workflows_are_valid(tmp_path: Path) -> None:
    """The GitHub workflows of the pages satisfy the published schema; without a trigger one would not."""
    validity = [valid("vendor.github-workflows", text, tmp_path / "workflow.yml") for text in WORKFLOWS]
    assert validity == [True, True, True]
    assert not valid("vendor.github-workflows", WORKFLOWS[0].replace("\non:", "\noff:"), tmp_path / "workflow.yml")


def test_the_gitlab_job_is_valid(tmp_path: Path) -> None:
    """The GitLab job of the pages satisfies the published schema; without a script one would not."""
    assert [valid("vendor.gitlab-ci", text, tmp_path / "gitlab.yml") for text in GITLAB] == [True, True]
    assert not valid("vendor.gitlab-ci", GITLAB[0].replace("  script:", "  scripts:"), tmp_path / "gitlab.yml")


def test_inputs_and_outputs_of_the_action_are_all_described() -> None:
    """docs/ci.md has a row for each input and output of action.yml, and the workflows use no other."""
    action = manifests.documents(manifests.ROOT / "action.yml")[0]
    page = (DOCS / "ci.md").read_text()
    assert [name for name in (*action["inputs"], *action["outputs"]) if f"| `{name}` |" not in page] == []
    used = [step.get("with", {}) for job in _jobs() for step in job["steps"] if "modelgate@" in step.get("uses", "")]
    assert {name for inputs in used for name in inputs} - set(action["inputs"]) == set()


def _jobs() -> list[manifests.Document]:
    return [job for text in WORKFLOWS for job in manifests.yaml.safe_load(text)["jobs"].values()]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Each link to a file of this repository leads to one, and each anchor to a heading."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", (DOCS / page).read_text()):
        file, _, anchor = target.partition("#")
        path = DOCS / (file or page)
        assert path.exists(), target
        headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}, target


def test_every_manifest_is_on_a_page() -> None:
    """Nobody has to search `deploy/`: each file of it is linked from a page."""
    text = "".join((DOCS / page).read_text() for page in PAGES)
    files = [path.relative_to(manifests.ROOT) for path in (manifests.ROOT / "deploy").rglob("*") if path.is_file()]
    assert [file for file in files if f"(../{file})" not in text] == []
