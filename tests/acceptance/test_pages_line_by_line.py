"""Every `modelgate …` line of every page is typed, in the order of its page, where the gate was used for a while."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from support.commands import Shell
from support.sites import ALIAS, NEW, OLD

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "tests" / "suite_files" / "junit-passed.xml"
PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if path.name != "commands.md"]
NOT_TYPED = {
    '"…"': "a line of a report that is shown: its reason is for people to write",
    "--every": "goes on until it is stopped; without the option it is typed",
    "modelgate serve": "goes on until it is stopped; integration/fleet asks it",
    "modelgate sandbox": "goes on until it is stopped; every test asks one",
    "db.internal": "a server that is not there; integration/store does it with a real one",
    "docker run": "needs the image; tests/container runs it",
    "<": "a placeholder",
}
"""A part of a line, and why the line is not typed here."""
OWN_TEST = {"adopt.md": "test_adopt.py follows it, with the applications that it shows"}
ASKS = ("rollback", "release")
"""Where a person is asked on a terminal: here is none."""


def typed(page: Path) -> list[str]:
    """The words after `modelgate` of the page's lines, also of those in a pod, without what comes after a pipe."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    found = []
    for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines() if language in ("", "sh", "console") else ():
            command = re.match(r"\s*(?:\$ )?(?:.* -- (?:env \S+ )?)?((?:\w+=\S+ )*modelgate .*)", line)
            if command and not any(part in line for part in NOT_TYPED):
                found.append(re.split(r" [|>&]+ ", command[1])[0].partition("modelgate ")[2])
    return found


LINES = {page.name: typed(page) for page in PAGES}


@pytest.fixture
def lived_in(shell: Shell) -> Shell:
    """Two environments; a model that was handed over before another was approved and handed over; files to name."""
    site = shell.site
    site.asks("staging", summarizer=ALIAS, grader=NEW)
    for model in (ALIAS, "claude-sonnet-4-6"):
        site.asks(summarizer=model, grader=NEW)
        site.accept(everything=True)
        assert site.preflight().verdict == "pass"
    shutil.copytree(site.config, site.folder / "base")
    body = {"max_tokens": 16, "messages": [{"role": "user", "content": "Hello"}]}
    (site.folder / "requests.jsonl").write_text(json.dumps({"custom_id": "a", "params": body}) + "\n")
    shutil.copy(RESULTS, site.folder / "results.xml")
    shell.environ["GRADER_MODEL"] = NEW
    return shell


@pytest.mark.parametrize("page", [name for name in LINES if LINES[name] and name not in OWN_TEST])
def test_every_line_of_the_page_can_be_typed(lived_in: Shell, page: str) -> None:
    """No line is wrong usage, asks what cannot be known, or fails: it does its work, or says no with reason."""
    if page == "gitops.md":
        lived_in.site.asks(summarizer=ALIAS, policy={"pins_from": "lock"})
    for line in LINES[page]:
        words = shlex.split(line, comments=True)
        words += ["--yes"] if words[0] in ASKS and "--yes" not in words and "--dry-run" not in words else []
        done = lived_in.run(*words)
        assert done.returncode in (0, 1), f"{page}: modelgate {line}\n{done.stdout}{done.stderr}"


def test_the_lines_are_found() -> None:
    """What is typed is most of what the pages hold, and each exception is of use."""
    assert sum(map(len, LINES.values())) > 50
    everything = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [part for part in NOT_TYPED if part not in everything] == []
    assert OLD in everything
