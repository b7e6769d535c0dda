"""Who runs this, and from which commit: read from real checkouts, without starting git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from modelgate.gate.author import author


def git(folder: Path, *words: str) -> str:
    """What git says in a folder."""
    told = ["-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *told, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "first")
    return folder


def commit_of(folder: Path, **environ: str) -> str | None:
    """The commit of settings in `folder`."""
    (folder / "config").mkdir(exist_ok=True)
    return author(environ, folder / "config").commit_sha


@pytest.mark.parametrize("state", ["loose", "packed", "detached"])
def test_the_commit_of_a_checkout(checkout: Path, state: str) -> None:
    """On a branch, whose references may be packed, or on a commit itself."""
    if state == "packed":
        git(checkout, "pack-refs", "--all")
    if state == "detached":
        git(checkout, "checkout", "--quiet", "--detach")
    assert commit_of(checkout) == git(checkout, "rev-parse", "HEAD")


@pytest.mark.parametrize("packed", [False, True])
def test_the_commit_of_a_worktree_is_its_own(checkout: Path, packed: bool) -> None:
    """Also inside of another checkout, whose commit would be a wrong one."""
    git(checkout, "worktree", "add", "--quiet", "-b", "other", "inside")
    git(checkout / "inside", "commit", "--quiet", "--allow-empty", "-m", "second")
    if packed:
        git(checkout, "pack-refs", "--all")
    assert commit_of(checkout / "inside") == git(checkout / "inside", "rev-parse", "HEAD")
    assert commit_of(checkout / "inside") != commit_of(checkout)


def test_the_commit_of_a_submodule_is_its_own(checkout: Path, tmp_path: Path) -> None:
    """Its folder is kept elsewhere too."""
    inside = checkout / "inside"
    inside.mkdir()
    git(inside, "init", "--quiet", "--separate-git-dir", str(tmp_path / "kept"))
    git(inside, "commit", "--quiet", "--allow-empty", "-m", "of the submodule")
    assert commit_of(inside) == git(inside, "rev-parse", "HEAD")


def test_no_commit_is_better_than_a_wrong_one(checkout: Path) -> None:
    """A worktree whose folder was left behind says none, and so does a folder of no checkout; the CI's word wins."""
    git(checkout, "worktree", "add", "--quiet", "-b", "other", "inside")
    (checkout / "inside" / ".git").write_text("gitdir: /left/behind")
    assert commit_of(checkout / "inside") is None
    assert commit_of(checkout.parent) is None
    assert commit_of(checkout, GITHUB_SHA="c0ffee") == "c0ffee"


@pytest.mark.parametrize(
    "head",
    [
        "ref: /etc/hostname",
        "ref: ../../../etc/hostname",
        "ref: refs/../../../etc/hostname",
        "ref: ../secret",
        "a secret, word for word",
        "ref: refs/heads/secret",
        "F" * 40,
    ],
)
def test_only_a_commit_is_a_commit(checkout: Path, head: str) -> None:
    """A `.git` that a stranger wrote names a file of secrets: none of its text is ever recorded as the commit."""
    (checkout / "secret").write_text("hunter2-canary")
    (checkout / ".git" / "refs" / "heads" / "secret").write_text("hunter2-canary")
    (checkout / ".git" / "HEAD").write_text(head)
    assert commit_of(checkout) is None


def test_a_pipe_in_git_keeps_nobody_waiting(checkout: Path) -> None:
    """A HEAD that nobody ever writes to."""
    (checkout / ".git" / "HEAD").unlink()
    os.mkfifo(checkout / ".git" / "HEAD")
    assert commit_of(checkout) is None
