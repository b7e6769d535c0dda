"""Who runs this, from where: read once from the environment, the checkout and the machine."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from pathlib import Path

from modelgate.domain.rows import Author
from modelgate.domain.text import printable
from modelgate.version import VERSION

_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME", "BUILD_USER_ID")
_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "GIT_COMMIT")
_RUNS = ("CI_JOB_URL", "CI_PIPELINE_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL")


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
    """The commit that the settings were read from, without starting git."""
    try:
        for folder in (start.resolve(), *start.resolve().parents):
            git = folder / ".git"
            if git.is_file():  # of a worktree or a submodule: it says where the folder is
                git = folder / git.read_text().removeprefix("gitdir:").strip()
            elif not git.is_dir():
                continue
            return _resolve(git, (git / "HEAD").read_text().strip())
    except (OSError, ValueError):
        return None
    return None


def _resolve(git: Path, head: str) -> str | None:
    if not head.startswith("ref: "):
        return head
    reference = head.removeprefix("ref: ")
    shared = git / "commondir"  # worktrees share their references
    if shared.is_file():
        git /= shared.read_text().strip()
    loose = git / reference
    if loose.is_file():
        return loose.read_text().strip()
    packed = git / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {reference}")), None)
