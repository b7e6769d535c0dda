"""A job and its parts: what they are now, folded from the rows that were ever added."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from modelgate.batches.adoption import Before, before_of
from modelgate.batches.tally import Tally
from modelgate.domain.batches import Batch, BatchEventRow, BatchJobRow, BatchPartRow
from modelgate.domain.codec import canonical
from modelgate.domain.rows import Scope
from modelgate.domain.times import format_instant, parse_instant

PartState = Literal["planned", "sending", "sent", "collected"]


@dataclass(frozen=True, slots=True)
class Part:
    """One batch of a job, sent or to be sent."""

    plan: BatchPartRow
    attempt: int = 0
    state: PartState = "planned"
    """`sending`: the intent is recorded, and what came of the create is not."""
    intent_at: datetime | None = None
    batch_id: str | None = None
    adopted: bool = False
    created_at: datetime | None = None
    ended_at: datetime | None = None
    tally: Tally | None = None
    disowned: frozenset[str] = frozenset()
    """Batches that were adopted for this part and turned out not to be ours."""
    before: Before | None = None
    """What the list showed right before the newest intent."""
    absences: tuple[Before, ...] = ()
    """The same of each create that was taken for one that made nothing."""
    twice: tuple[tuple[str, Tally], ...] = ()
    """Batches beside `batch_id` that hold the same requests: they were paid for twice."""
    refusal: tuple[str, str] | None = None
    """Type and message, where the API refused the newest create for good."""
    unclaimed: tuple[str, ...] = ()
    """Batches that ran when the job ended and may have come of a create of this part."""

    @property
    def number(self) -> int:
        """1, 2, 3, … within the job."""
        return self.plan.part


@dataclass(frozen=True, slots=True)
class Job:
    """One file of requests on its way through the API."""

    row: BatchJobRow
    parts: tuple[Part, ...] = ()
    canceled: bool = False
    """Somebody asked modelgate to cancel it: nothing more is sent."""
    finished: Tally | None = None
    """How every request ended, once each has its row."""
    reopened: int = 0
    """How often what had ended was sent again because somebody asked for it."""
    anew: Mapping[int, str] = field(default_factory=dict)
    """The rounds that began so, each with what it sent: `failed`, `strict` (refusals too) or `missing`."""
    first_round: int = 1
    """The round from which resends are counted: that of the newest such time."""

    @property
    def refused(self) -> tuple[Part, ...]:
        """The parts that the API refused for good."""
        return tuple(part for part in self.in_state("planned") if part.refusal)

    @property
    def id(self) -> str:
        """`job_` and 16 hexadecimal digits."""
        return self.row.job_id

    @property
    def round(self) -> int:
        """The newest round: 1 until something is sent again."""
        return max((part.plan.round for part in self.parts), default=1)

    @property
    def over(self) -> bool:
        """Whether nothing more of it will be sent."""
        return self.finished is not None or self.canceled

    def in_state(self, *states: PartState) -> tuple[Part, ...]:
        """The parts that are in one of `states`, oldest first."""
        return tuple(part for part in self.parts if part.state in states)

    @property
    def state(self) -> str:
        """`finished`, `canceled`, `sending` while parts are to be sent, else `waiting`."""
        if self.finished:
            return "finished"
        if self.canceled:
            return "canceled"
        return "sending" if self.in_state("planned", "sending") else "waiting"


def job_id(scope: Scope, slot: str, file_digest: str, generation: int) -> str:
    """The ID of the job of this slot and file: the same for the same command, another for each `--again`."""
    identity = canonical([scope.service, scope.environment, slot, file_digest, generation])
    return "job_" + hashlib.sha256(identity.encode()).hexdigest()[:16]


def keyed_job_id(scope: Scope, slot: str, key: str) -> str:
    """The ID of the one job that its caller calls `key`."""
    identity = canonical([scope.service, scope.environment, slot, {"key": key}])
    return "job_" + hashlib.sha256(identity.encode()).hexdigest()[:16]


def typed(scope: Scope, verb: str, job: str, *more: str) -> str:
    """What hints say to type about a job."""
    return " ".join(("modelgate batch", verb, job, scope.flags, *more))


def instants_of(batch: Batch) -> str:
    """A batch's instants as the JSON `detail` of `created` and `adopted`."""
    return canonical({"created_at": format_instant(batch.created_at), "expires_at": format_instant(batch.expires_at)})


def collected_detail(tally: Tally, ended_at: datetime | None) -> str:
    """The JSON `detail` of `collected`."""
    ended = format_instant(ended_at) if ended_at else None
    return canonical({"tally": json.loads(tally.to_json()), "ended_at": ended})


def reopening(job: Job, at: datetime, again: str = "") -> BatchEventRow:
    """That what had ended is sent again, from the next round on (`again`: which of it), or is counted anew."""
    detail = canonical({"round": job.round + 1} | ({"again": again} if again else {}))
    return BatchEventRow(job.id, 0, job.reopened + 1, "reopened", at, detail=detail, form=job.row.form)


def fold(row: BatchJobRow, plans: Iterable[BatchPartRow], events: Iterable[BatchEventRow]) -> Job:
    """The present state; `plans` and `events` oldest first."""
    parts = {plan.part: Part(plan) for plan in plans}
    job = Job(row)
    for event in events:
        if event.part:
            parts[event.part] = _after(parts[event.part], event)
        elif event.event == "finished":
            job = replace(job, finished=Tally.from_json(event.detail or "{}"))
        elif event.event == "reopened":
            told = json.loads(event.detail or "{}")
            first = int(told["round"])
            anew = {**job.anew, first: told.get("again", "failed")}
            job = replace(job, finished=None, reopened=event.attempt, first_round=first, anew=anew)
        else:
            job = replace(job, canceled=True)
    return replace(job, parts=tuple(parts[number] for number in sorted(parts)))


def _after(part: Part, event: BatchEventRow) -> Part:
    if event.attempt < part.attempt:  # told late, by a process that had lost the job
        return part
    detail = json.loads(event.detail) if event.detail else {}
    match event.event:
        case "intent":
            seen = before_of(event.detail, event.at)
            return replace(part, attempt=event.attempt, state="sending", intent_at=event.at, before=seen, refusal=None)
        case "created" if part.state == "collected":  # told late: another process adopted and collected it meanwhile
            return part
        case "created" | "adopted":
            created_at = parse_instant(detail["created_at"])
            adopted = event.event == "adopted"
            return replace(part, state="sent", batch_id=event.batch_id, adopted=adopted, created_at=created_at)
        case "disowned":
            disowned = part.disowned | {event.batch_id or ""}
            # Nothing is sent for the next attempt: it looks again for what came of the intent of this one.
            attempt = event.attempt + 1
            return replace(part, attempt=attempt, state="sending", batch_id=None, adopted=False, disowned=disowned)
        case "collected":
            ended_at = parse_instant(detail["ended_at"]) if detail["ended_at"] else None
            tally = Tally.from_json(canonical(detail["tally"]))
            return replace(part, state="collected", tally=tally, ended_at=ended_at)
        case "refused" if part.state == "sending":
            return replace(part, state="planned", refusal=(detail["type"], detail["message"]) if detail else None)
        case "absent" if part.state == "sending":
            absences = part.absences + ((part.before,) if part.before else ())
            return replace(part, state="planned", absences=absences)
        case "sent-twice":
            twice = tuple((name, Tally.from_json(canonical(tally))) for name, tally in sorted(detail.items()))
            return replace(part, twice=twice)
        case "unclaimed":
            return replace(part, unclaimed=tuple(detail))
        case _:
            return part
