"""Requests that a program hands over, kept in a file of their own, so that their job can be gone on with."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from modelgate.domain.batches import RESULTS_DAYS
from modelgate.domain.errors import UsageError

KEPT_DAYS = RESULTS_DAYS + 1
"""After so many days since it was written a file goes, when the next one is written: nobody can read results then."""


def folder(environ: Mapping[str, str]) -> Path:
    """Where the files are: below `$XDG_STATE_HOME`, else `~/.local/state`, else the folder for temporary files."""
    home = environ.get("HOME") or ""
    state = environ.get("XDG_STATE_HOME") or (os.path.join(home, ".local", "state") if home else tempfile.gettempdir())
    return Path(state, "modelgate", "batches")


def write(requests: Iterable[Mapping[str, Any]], into: Path, now: datetime) -> Path:
    """Writes the requests as JSON lines, for their owner's eyes, and returns the file; clears old ones away.

    Raises `UsageError`.
    """
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(into, now - timedelta(days=KEPT_DAYS))
        descriptor, name = tempfile.mkstemp(suffix=".jsonl", prefix="requests-", dir=into)
    except OSError as error:
        raise UsageError(f"cannot keep the requests in {into}: {error.strerror}", hint="XDG_STATE_HOME=…") from None
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as file:
            for number, request in enumerate(requests, 1):
                file.write(_line(request, number) + "\n")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UsageError(f"cannot keep the requests in {into}: {error.strerror}", hint="XDG_STATE_HOME=…") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def named(path: Path, job_id: str) -> Path:
    """Gives the file of a job that was made of it the job's name; the file of the same job before it goes."""
    return path.replace(path.with_name(f"{job_id}.jsonl"))


def _line(request: Mapping[str, Any], number: int) -> str:
    try:
        return json.dumps(request)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"request {number} cannot be written as JSON: {str(error)[:80]}") from None


def _clear(into: Path, oldest: datetime) -> None:
    for each in into.glob("*.jsonl"):
        with suppress(OSError):
            if each.stat().st_mtime < oldest.timestamp():
                each.unlink()
