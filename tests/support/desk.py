"""A desk for bulk work: a site with one approved slot, files of requests, and a clock that does not wait."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from modelgate.batches import operations
from modelgate.batches.job import Job
from modelgate.batches.ledger import Ledger
from modelgate.batches.statistics import Statistics, account
from modelgate.sandbox.control_client import SandboxControl
from support.sites import Site, SteppedClock

MODEL = "claude-sonnet-4-6"


class HastyClock(SteppedClock):
    """Time passes as fast as somebody sleeps, at the sandbox too."""

    def __init__(self, sandbox: SandboxControl) -> None:
        super().__init__()
        self._sandbox = sandbox

    def monotonic(self) -> float:
        """Seconds, those that were slept through included."""
        return super().monotonic() + self.ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        """Lets the time pass at once."""
        self.ahead += timedelta(seconds=seconds)
        self._sandbox.advance(seconds)


class Told:
    """Progress that is kept."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def moved(self, _job: Job, requests_done: int) -> None:
        """Keeps it."""
        self.done.append(requests_done)


class Meddling(Told):
    """Somebody who does something once, as soon as a part is about to be sent."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._acts = [act]

    def moved(self, job: Job, requests_done: int) -> None:
        """Looks, and acts."""
        super().moved(job, requests_done)
        if job.in_state("sending") and self._acts:
            self._acts.pop()()


def request(custom_id: str, **params: Any) -> dict[str, Any]:
    """One request as an application writes it."""
    message = {"role": "user", "content": f"the secret prompt of {custom_id}"}
    return {"custom_id": custom_id, "params": {"max_tokens": 100, "messages": [message], **params}}


@dataclass
class Desk:
    """One file of requests and its results."""

    site: Site
    progress: Told = field(default_factory=Told)

    @property
    def file(self) -> Path:
        """The file of requests."""
        return self.site.folder / "requests.jsonl"

    @property
    def out(self) -> Path:
        """The results."""
        return self.site.folder / "results.jsonl"

    def write(self, requests: int | Iterable[dict[str, Any]]) -> None:
        """Writes the file: so many plain requests `r1`, `r2`, …, or these."""
        if isinstance(requests, int):
            requests = (request(f"r{number}") for number in range(1, requests + 1))
        self.file.write_text("".join(json.dumps(each) + "\n" for each in requests))

    def run(self, **how: Any) -> Job:
        """One `modelgate batch run`."""
        return operations.run(self.site.world(), "summarizer", self.file, self.out, self.progress, **how)

    def submit(self, **how: Any) -> Job:
        """One `modelgate batch submit`."""
        return operations.submit(self.site.world(), "summarizer", self.file, self.progress, **how)

    def resume(self, job: Job, **how: Any) -> Job:
        """One `modelgate batch resume`."""
        return operations.resume(self.site.world(), job.id, self.out, self.progress, **how)

    def stats(self, job: Job) -> Statistics:
        """The account of a job."""
        world = self.site.world()
        return account(job, world.settings.prices, world.clock.now())

    def jobs(self) -> list[Job]:
        """All jobs."""
        return Ledger(self.site.world()).jobs()

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the results."""
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def outcomes(self) -> dict[str, str]:
        """custom_id to how it ended, in the order of the rows."""
        found = {}
        for row in self.rows():
            result = row["result"]
            reason = f":{result['error']['error']['type']}" if result["type"] == "errored" else ""
            assert row["custom_id"] not in found
            found[row["custom_id"]] = result["type"] + reason
        return found

    def batches(self) -> list[list[str]]:
        """The requests of every batch that the API ever took, oldest first: a job's own as `r` and their number."""
        own = re.compile(r"[0-9a-f]{32}-")
        return [[own.sub("r", name) for name in batch["custom_ids"]] for batch in reversed(self.site.sandbox.batches())]

    def plan(self, outcomes: Mapping[str, str | Sequence[str]]) -> None:
        """How the requests `r1`, `r2`, … end at the API: by the number of the row."""
        self.site.sandbox.set_outcomes(rows={int(name[1:]): outcome for name, outcome in outcomes.items()})

    def creates(self) -> int:
        """How many creates reached the API."""
        return sum(r["method"] == "POST" and r["path"] == "/v1/messages/batches" for r in self.site.sandbox.requests())
