"""What a run is: its verb, what it leaves out, when it began and how long it may take."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import NamedTuple

from modelgate.clock import Deadline
from modelgate.domain.report import Report
from modelgate.domain.settings import Policy, Settings, Verb
from modelgate.gate.context import Context
from modelgate.gate.handoff import HandOver


class Options(NamedTuple):
    """What a run leaves out."""

    dry_run: bool = False
    """Record nothing: a role that may only SELECT is enough."""
    as_of: datetime | None = None
    """Judge dates, waivers and holds as of then; implies `dry_run`."""
    offline: bool = False
    no_store: bool = False
    only: str = ""
    """Judge this slot alone, as a batch needs no other."""
    before: Report | None = None
    """The recorded try before this one. A try that comes to the same is not recorded again, and is told as that run."""

    base: Settings | None = None
    """The settings of the base of a change: what the change loosens is told."""
    hand_over: HandOver | None = None
    """What a passing preflight writes and starts."""

    @property
    def records(self) -> bool:
        """Whether anything is written at all."""
        return not (self.dry_run or self.as_of or self.offline or self.no_store)


class Run(NamedTuple):
    """One run of the gate, as every step of it needs to know it."""

    context: Context
    verb: Verb
    options: Options
    started: datetime
    run_id: str
    deadline: Deadline

    @classmethod
    def begin(cls, context: Context, verb: Verb, options: Options) -> Run:
        """A run that begins now."""
        started = context.clock.now()
        deadline = Deadline.after(context.settings.policy(verb).deadline_seconds, context.clock)
        return cls(context, verb, options, started, new_run_id(started), deadline)

    @property
    def policy(self) -> Policy:
        """The policy of the run's verb."""
        return self.context.settings.policy(self.verb)

    @property
    def observes(self) -> bool:
        """Whether this is a preflight that changes nothing of what runs."""
        return self.verb == "preflight" and not self.policy.enforce

    @property
    def read_only(self) -> bool:
        """Whether the store must not be written to."""
        return not self.options.records


def new_run_id(started: datetime) -> str:
    """`run_20261122T204911_3f9a2c1b`: readable, sorted by time, unique by its token."""
    return f"run_{started:%Y%m%dT%H%M%S}_{secrets.token_hex(4)}"


def started_at(run_id: str) -> datetime | None:
    """When the run of that ID started, to the second; None where the ID does not say."""
    try:
        return datetime.strptime(run_id.split("_")[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except (ValueError, IndexError):
        return None
