"""A process that opens the audit store at `sys.argv[1]` and adds runs to it, as a gate would.

    appender.py URL NAME COUNT [pin]

Prints a line per notice and per run as soon as it is written; with `pin` each run also makes the next revision of the
slot `summarizer`, and a lost race prints `conflict`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from modelgate.clock import SystemClock
from modelgate.domain.errors import Conflict
from support.databases import opened
from support.ledger import AUTHOR, PROD, handed, pin_row, run_row


def start(url: str, name: str, count: int, *more: str) -> subprocess.Popen[str]:
    """Such a process."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])])
    command = [sys.executable, __file__, url, name, str(count), *more]
    environ = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(command, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def main(url: str, name: str, count: str, *more: str) -> None:
    """Does what the module says."""
    store = opened(url, seconds=60)
    for notice in store.notices:
        print(notice.check, flush=True)
    for number in range(int(count)):
        run_id = f"{name}-{number}"
        seen = store.state(PROD).revisions.get("summarizer", 0)
        rows = [run_row(run_id), handed(run_id, "summarizer", "claude-a-1")]
        pins = [pin_row(seen + 1, run_id=run_id)] if more else []
        try:
            store.append(PROD, AUTHOR, [*rows, *pins], expect={"summarizer": seen}, now=SystemClock().now())
        except Conflict:
            print("conflict", flush=True)
        else:
            print(run_id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
