"""Who runs this, from where: read once from the environment, the checkout and the machine."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from modelgate.domain.rows import Author
from modelgate.domain.text import printable
from modelgate.small_file import read_small
from modelgate.version import VERSION

_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME", "BUILD_USER_ID")
_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "GIT_COMMIT")
_RUNS = ("CI_JOB_URL", "CI_PIPELINE_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL")

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REFERENCE = re.compile(r"refs/[^\s\0]+")
_LONGEST = 16 * 2**20
"""Bytes of a file of git's: packed references are a line each."""


def author(environ: Mapping[str, str], config_dir: Path) -> Author:
    """The author of the rows of this process: `MODELGATE_ACTOR`, else the CI's actor, else user@host."""
    host = environ.get("POD_NAME") or socket.gethostname()
    actor = environ.get("MODELGATE_ACTOR") or _first(environ, _ACTORS) or f"{_user()}@{host}"
    return Author(
        actor=printable(actor),
        host=printable(host),
        version=VERSION,
        commit_sha=_shown(_first(environ, _COMMITS) or _checked_out(config_dir)),
        ci_run=_shown(_github_run(environ) or _first(environ, _RUNS)),
    )


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _shown(text: str | None) -> str | None:
    return printable(text) if text else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user ID often has no name
        return "unknown"


def _github_run(environ: Mapping[str, str]) -> str | None:
    parts = [environ.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else None


def _checked_out(start: Path) -> str | None:
    """The commit that the settings were read from, without starting git. Only what looks like one is ever believed."""
    try:
        for folder in (start.resolve(), *start.resolve().parents):
            git = folder / ".git"
            if git.is_file():  # of a worktree or a submodule: it says where the folder is
                git = folder / _read(git).removeprefix("gitdir:").strip()
            elif not git.is_dir():
                continue
            commit = _resolve(git, _read(git / "HEAD"))
            return commit if commit and _COMMIT.fullmatch(commit) else None
    except (OSError, ValueError):
        return None
    return None


def _read(path: Path) -> str:
    return read_small(path, _LONGEST).decode().strip()


def _resolve(git: Path, head: str) -> str | None:
    if not head.startswith("ref: "):
        return head
    reference = head.removeprefix("ref: ")
    if not _REFERENCE.fullmatch(reference) or ".." in reference:  # a path to somewhere else
        return None
    shared = git / "commondir"  # worktrees share their references
    if shared.is_file():
        git /= _read(shared)
    loose = git / reference
    if loose.is_file():
        return _read(loose)
    packed = git / "packed-refs"
    lines = _read(packed).splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {reference}")), None)
