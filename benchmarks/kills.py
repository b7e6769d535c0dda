"""`kill -9` at random moments of bulk work: how many requests are lost, and how many are paid for twice.

    python benchmarks/kills.py [--kills N] [--seed N] [--database URL]

Jobs run side by side in one workspace, each in a process of its own that is killed and started again until it ends.
Without a URL each job has a SQLite file; with one, all share that database (`db upgrade` first). Ends with 1 unless
both numbers are 0.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anthropic  # noqa: F401 # slow the first time: before any process is forked
from measuring import sandbox

from modelgate import batches
from modelgate.domain.errors import CouldNotKnow, ModelgateError
from modelgate.gate.context import Context, prepare
from modelgate.operations.accept import accept
from modelgate.sandbox.control_client import SandboxControl
from modelgate.sandbox.server import API_KEY

MODEL = "claude-sonnet-4-6"
SIDE_BY_SIDE = 12
LONGEST_LIFE = 3.0
"""Seconds after which, at the latest, a process is killed."""
TEN_MINUTES = 700
"""Seconds that pass at the API after a kill: what may have become a batch is then looked for, and sent."""


@dataclass
class Work:
    """One job of one environment."""

    folder: Path
    environ: dict[str, str]
    number: int
    process: int = 0
    dies_at: float = 0.0
    is_over: bool = False

    @property
    def requests(self) -> list[str]:
        """The custom_ids: alike in all jobs, as other people's are."""
        return [f"doc-{n}" for n in range(8 + self.number % 3)]

    @property
    def out(self) -> Path:
        """The results."""
        return self.folder / "results.jsonl"

    def context(self) -> Context:
        """The surroundings of one command."""
        return prepare(self.environ, environment="prod", config_dir=self.folder)

    def prepare(self) -> None:
        """Settings, an approval, requests."""
        settings = f'service = "job-{self.number}"\n[policy]\ndeadline_seconds = 120\n[slots.s]\nmodel = "{MODEL}"\n'
        (self.folder / "prod.toml").write_text(settings)
        accept(self.context(), ["s"], reason="bench")
        message = [{"role": "user", "content": "hi"}]
        rows = [{"custom_id": name, "params": {"max_tokens": 9, "messages": message}} for name in self.requests]
        (self.folder / "requests.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(self) -> None:
        """All of it, however often it was begun before."""
        batches.run("s", self.folder / "requests.jsonl", out=self.out, context=self.context())


def started(work: Callable[[], None]) -> int:
    """A process that does it and ends with 0, 3 where it could not know, 1 where something else went wrong."""
    if process := os.fork():
        return process
    try:
        work()
    except CouldNotKnow:
        os._exit(3)
    except ModelgateError as error:
        print(error, file=sys.stderr)
        os._exit(1)
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        os._exit(4)
    os._exit(0)


def drive(works: list[Work], api: SandboxControl, kills: int, draw: random.Random) -> int:
    """Runs all jobs to their end, killing on the way; how many processes were killed."""
    killed, waiting, running = 0, list(works), list[Work]()
    while waiting or running:
        while waiting and len(running) < SIDE_BY_SIDE:
            running.append(work := waiting.pop(0))
            work.dies_at = time.monotonic() + draw.uniform(0.05, LONGEST_LIFE)
            work.process = started(work.run)
        for work in list(running):
            ended, status = os.waitpid(work.process, os.WNOHANG)
            if ended and os.waitstatus_to_exitcode(status) == 0:
                work.is_over = True
                running.remove(work)
            elif ended:  # another process holds it, or it cannot tell which batch is its own
                running.remove(work)
                waiting.append(work)
            elif killed < kills and time.monotonic() > work.dies_at:
                os.kill(work.process, signal.SIGKILL)
                os.waitpid(work.process, 0)
                killed += 1
                running.remove(work)
                waiting.append(work)
                api.advance(TEN_MINUTES)
        time.sleep(0.01)
    return killed


def main() -> int:
    """Kills, and prints what that cost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", default="")
    wanted = parser.parse_args()
    draw = random.Random(wanted.seed)
    jobs = max(SIDE_BY_SIDE, wanted.kills // 4)
    with sandbox() as api, tempfile.TemporaryDirectory() as name:  # no threads of its own in what is forked
        api.configure(latency_ms=40, batch_polls=1, retry_after="0")
        works = []
        for number in range(jobs):
            folder = Path(name, str(number))
            folder.mkdir()
            url = wanted.database or f"sqlite:///{folder}/modelgate.db"
            environ = {
                "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": API_KEY, "MODELGATE_DATABASE_URL": url,
                "MODELGATE_ACTOR": "bench",
            }  # fmt: skip
            works.append(Work(folder, environ, number))
            works[-1].prepare()
        killed = drive(works, api, wanted.kills, draw)
        sent = Counter(one for batch in api.batches() for one in batch["custom_ids"])
        lost = 0
        for work in works:
            rows = [json.loads(row) for row in work.out.read_text().splitlines()]
            good = [row["custom_id"] for row in rows if row["result"]["type"] == "succeeded"]
            lost += sum((Counter(work.requests) - Counter(good)).values())
        expected = sum(len(work.requests) for work in works)
    twice = sum(sent.values()) - expected
    where = "PostgreSQL" if wanted.database.startswith("postgresql") else "SQLite"
    print(
        f"{where}, seed {wanted.seed}: {killed} kills of {jobs} jobs, {expected} requests: {lost} lost, {twice} twice"
    )
    return int(bool(lost or twice))


if __name__ == "__main__":
    sys.exit(main())
