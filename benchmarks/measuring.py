"""Measuring processes: what each costs, in turns with what it is compared to."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO

from modelgate.sandbox.control_client import SandboxControl

MODELGATE = (sys.executable, "-m", "modelgate")
_FOREIGN = ("MODELGATE_", "ANTHROPIC_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took, or the medians of several."""

    seconds: float
    """Of the clock on the wall."""
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Command:
    """A process to measure."""

    words: Sequence[str]
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    codes: Sequence[int] = (0,)
    """How it may end."""

    @property
    def variables(self) -> dict[str, str]:
        """This process's own, without those that would change the figures, and `environ`."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
        return {**kept, **self.environ}

    def start(self) -> Running:
        """Starts it; what it says is kept for its error's sake."""
        told = tempfile.TemporaryFile()  # noqa: SIM115 # `finish` closes it
        started = time.perf_counter()
        process = subprocess.Popen(
            self.words, cwd=self.folder, env=self.variables, stdout=told, stderr=subprocess.STDOUT
        )
        return Running(process, told, started, self.codes)

    def run(self) -> Cost:
        """What one run takes."""
        return self.start().finish()

    def told(self) -> str:
        """What it prints, where only that matters."""
        return subprocess.run(
            self.words, cwd=self.folder, env=self.variables, stdout=subprocess.PIPE, text=True, check=True
        ).stdout


@dataclass(frozen=True, slots=True)
class Running:
    """A process that was started."""

    process: subprocess.Popen[bytes]
    told: IO[bytes]
    started: float
    codes: Sequence[int]

    def finish(self) -> Cost:
        """What it took, once it has ended. Raises SystemExit with its output where it failed."""
        _, status, usage = os.wait4(self.process.pid, 0)
        seconds = time.perf_counter() - self.started
        self.process.returncode = os.waitstatus_to_exitcode(status)
        with self.told:
            if self.process.returncode not in self.codes:
                self.told.seek(0)
                raise SystemExit(f"{self.process.args!r} failed:\n{self.told.read().decode()[-2000:]}")
        return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def in_turns(commands: Mapping[str, Command], rounds: int) -> dict[str, Cost]:
    """The medians of each, measured A B C A B C …, after one round that warms caches and is not counted."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            cost = command.run()
            if number:
                costs[name].append(cost)
    return {name: _median(all_costs) for name, all_costs in costs.items()}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        median(cost.seconds for cost in costs),
        median(cost.cpu_seconds for cost in costs),
        median(cost.peak_mb for cost in costs),
    )


def of_version(tree: Path | None) -> dict[str, str]:
    """The variables with which a command is that of another checkout; None: of this one."""
    return {"PYTHONPATH": str(tree.resolve())} if tree else {}


@contextmanager
def sandbox() -> Iterator[SandboxControl]:
    """A stand-in API in a process of its own, so that its work is nobody else's."""
    words = [*MODELGATE, "sandbox", "--port", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield SandboxControl(line.split(" at ")[1].split(",")[0])
    finally:
        process.terminate()
        process.wait()


def gate_environ(api: SandboxControl, database_url: str) -> dict[str, str]:
    """The variables that a gate starts with."""
    return {
        "ANTHROPIC_BASE_URL": api.url,
        "ANTHROPIC_API_KEY": "sk-ant-api03-" + "bench" * 20,  # as long as a real one: short ones cost a derivation
        "MODELGATE_DATABASE_URL": database_url,
        "MODELGATE_ACTOR": "bench",
    }
