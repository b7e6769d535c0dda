"""The command as people start it: a process of its own, with an environment of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from support.commands import in_process

MODELGATE = (sys.executable, "-m", "modelgate")
BOUND = 60.0
"""Seconds after which any command counts as hanging, on a machine that does much else."""


KEY = "sk-of-every-scene"
"""The API key of every scene: no command prints it, and no file that these tests leave holds it."""


@dataclass(frozen=True)
class Ended:
    """What a process left behind."""

    code: int
    out: str
    err: str

    @property
    def printed(self) -> str:
        """All that people see."""
        return self.out + self.err


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process that was told nothing but this."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **more}


def start(
    folder: Path, environ: Mapping[str, str], *arguments: str, out: int | IO[bytes] = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """`modelgate ARGUMENTS` in `folder`, which holds `config/`."""
    return subprocess.Popen(
        [*MODELGATE, *arguments],
        cwd=folder,
        env=environment(folder, environ),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.PIPE,
    )


def end(process: subprocess.Popen[bytes]) -> Ended:
    """What it came to."""
    try:
        out, err = process.communicate(timeout=BOUND)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it hangs: {process.args}\n{err.decode()}") from None
    assert KEY.encode() not in (out or b"") + err
    return Ended(process.returncode, (out or b"").decode(), err.decode())


def run(folder: Path, environ: Mapping[str, str], *arguments: str) -> Ended:
    """`modelgate ARGUMENTS`, to its end: in the tests' process, unless it starts another or tells of its libraries."""
    if "--" in arguments or "ANTHROPIC_LOG" in environ:
        return end(start(folder, environ, *arguments))
    done = in_process(*arguments, folder=folder, environ=environment(folder, environ))
    assert KEY not in done.stdout + done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def await_handlers(process: subprocess.Popen[bytes]) -> None:
    """Returns once the process handles SIGTERM itself, or has ended: from then on a signal is modelgate's to tell."""
    status, mask = Path(f"/proc/{process.pid}/status"), 1 << (signal.SIGTERM - 1)

    def handles() -> bool:
        fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        return bool(int(fields.get("SigCgt", "0"), 16) & mask)

    await_that(lambda: process.poll() is not None or handles())


def await_that(holds: Callable[[], object]) -> None:
    """Returns once it holds."""
    for _ in range(int(BOUND * 100)):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")
