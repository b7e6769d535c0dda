"""The release workflow: what it pushes was built and tried by the script that `.ci/run` starts, too."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from modelgate.version import VERSION

ROOT = Path(__file__).parents[2]
WORKFLOW = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
SCRIPT = (ROOT / ".ci" / "release").read_text(encoding="utf-8")


def tags(tag: str) -> tuple[int, list[str]]:
    """What `.ci/release tags TAG` prints."""
    done = subprocess.run([ROOT / ".ci" / "release", "tags", tag], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.split()


def test_another_version_is_no_release() -> None:
    """A tag that is not the version of its commit ends the workflow before anything is built."""
    assert tags("v99.0.0") == (1, [])
    assert WORKFLOW.index(".ci/release tags") < WORKFLOW.index(".ci/release build")


def test_a_release_has_two_tags() -> None:
    """Its own, and the one that moves within a major version."""
    assert tags(f"v{VERSION}") == (0, [f"v{VERSION}", f"v{VERSION.partition('.')[0]}"])


def test_nothing_is_pushed_that_was_not_tried() -> None:
    """Every step of the script is one that there is, and each push needs the job that tries."""
    assert set(re.findall(r"\.ci/release (\w+)", WORKFLOW)) <= set(re.findall(r"^(\w+)\(\)", SCRIPT, re.MULTILINE))
    jobs = dict(re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", WORKFLOW.partition("\njobs:\n")[2], re.MULTILINE))
    assert [name for name in jobs if "needs:" not in jobs[name]] == ["build"]
    assert jobs["build"].index(".ci/release try") < jobs["build"].index("attest-build-provenance")
    assert ("push" in jobs["build"], jobs["image"].count("attest-build-provenance")) == (False, 1)


def test_both_distributions_have_the_names_that_are_ours() -> None:
    """Commands and imports are modelgate; the distributions are called otherwise."""
    names = [
        re.search(r'^name = "(.+)"', (ROOT / folder / "pyproject.toml").read_text(), re.MULTILINE)
        for folder in (".", "pins")
    ]
    assert [name and name[1] for name in names] == ["modelgate-preflight", "modelgate-pins"]


def test_an_image_without_a_builder_says_which_to_install() -> None:
    """`make image` where there is none: exit 2, and three names."""
    done = subprocess.run(["make", "image", "BUILDER="], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "install docker, podman or buildah" in done.stderr) == (2, True)


def test_the_image_is_labelled_with_the_version() -> None:
    """Who builds it by `make image` gets the label that the package's version says."""
    done = subprocess.run(["make", "image", "BUILDER=echo"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"--build-arg VERSION={VERSION} ." in done.stdout
