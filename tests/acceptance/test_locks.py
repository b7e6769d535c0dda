"""The hashed locks: what the image, the action and the tests install."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from support.manifests import ROOT

NAMES = ("build", "runtime", "all", "dev")


def lines(name: str) -> list[str]:
    """Each requirement of a lock as one line, without comments."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return [line for line in text.replace("\\\n", "").splitlines() if line and not line.lstrip().startswith("#")]


def pins(name: str) -> dict[str, str]:
    """Package to exact version."""
    parsed = [Requirement(line.partition(" --hash")[0]) for line in lines(name)]
    return {requirement.name: str(requirement.specifier) for requirement in parsed}


@pytest.mark.parametrize("name", NAMES)
def test_each_requirement_is_one_version_with_hashes(name: str) -> None:
    """Every line pins one version and carries a SHA-256 for each file of it; nothing else stands there."""
    pattern = re.compile(r"[a-z0-9-]+==[^ ;]+( ;[^#]+?)? +(--hash=sha256:[0-9a-f]{64} *)+")
    assert [line for line in lines(name) if not pattern.fullmatch(line)] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_lock_names_an_index(name: str) -> None:
    """Where packages come from is the installing machine's to say."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert ("://" in text, "--index" in text, "--find-links" in text) == (False, False, False)


def test_what_is_tested_is_what_is_installed() -> None:
    """Each package that the image or the action installs is in the tests' lock, at the same version."""
    runtime, everything, dev = pins("runtime"), pins("all"), pins("dev")
    assert runtime.items() - everything.items() == set()
    assert everything.items() - dev.items() == set()


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile", "action.yml", "docs/ci.md", "docs/container.md"])
def test_an_install_from_a_lock_resolves_nothing_and_is_checked(file: str) -> None:
    """A lock is complete: whoever resolves meets what was published since; `pip check` shows that nothing lacks."""
    text = (ROOT / file).read_text()
    assert text.count("--require-hashes") == text.count("--no-deps --require-hashes") > 0
    assert re.search(r"^.*(pip|PIP|/python|\[@\]}\").* check$", text, re.MULTILINE)


def test_no_lock_holds_the_project_itself() -> None:
    """Its name is never looked up anywhere: what is installed is this checkout."""
    assert [pin for name in NAMES for pin in pins(name) if pin.startswith("modelgate")] == []
