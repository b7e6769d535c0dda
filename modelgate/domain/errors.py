"""Every exception that modelgate raises on purpose.

    ModelgateError                       4  a defect, if nothing more precise fits
    ├── UsageError                       2  wrong arguments
    │   └── SettingsError                2  settings that cannot be used, with their source
    ├── Refused                          1  a definite no
    │   ├── Conflict                     1  somebody else changed the same slot first
    │   └── Unproved                     1  an ID lacks evidence that approvals need
    └── CouldNotKnow                     3  an answer was needed and could not be had
        ├── ApiProblem                   3  from the Models API or the Message Batches API
        │   └── CallFailed               3  one call: says whether trying again can help
        └── StoreProblem                 3  from the audit store
            └── AnotherWatcher           3  is at work on it

    Interrupted                    130/143  SIGINT, SIGTERM; no Exception, so that no library takes it for its own

No exception of a library leaves the edge that uses that library: each edge turns them into one of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelgate.domain.findings import Finding
    from modelgate.domain.problems import Problem


class ModelgateError(Exception):
    """The root. `hint` is what to do next in words, `commands` are lines to paste; the exit code is the class's."""

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "", commands: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.commands = tuple(commands)


class UsageError(ModelgateError):
    """The command cannot mean anything sensible."""

    exit_code = 2


class SettingsError(UsageError):
    """Settings that cannot be used. `source` is where the value stands, such as `config/prod.toml:12`."""

    def __init__(self, message: str, *, source: str = "", hint: str = "", commands: Sequence[str] = ()) -> None:
        super().__init__(f"{source}: {message}" if source else message, hint=hint, commands=commands)
        self.source = source


class Refused(ModelgateError):
    """A definite no: what was asked for is known to be wrong."""

    exit_code = 1


class Conflict(Refused):
    """A lost race: somebody else changed the same slot between our look and our write. Nothing was written."""


class Unproved(Refused):
    """IDs lack evidence that approvals need. `findings` say which, each with the command that makes it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        count = "a proof is" if len(findings) == 1 else f"{len(findings)} proofs are"
        super().__init__(f"nothing was approved: {count} lacking")
        self.findings = tuple(findings)


class CouldNotKnow(ModelgateError):
    """Neither yes nor no. `problem` is the finding to be."""

    exit_code = 3

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message, hint=problem.hint, commands=(problem.command,) if problem.command else ())
        self.problem = problem


class ApiProblem(CouldNotKnow):
    """The API could not be asked, or its answer cannot be believed."""


class CallFailed(ApiProblem):
    """One call to the Message Batches API brought no answer that can be believed."""

    def __init__(
        self,
        problem: Problem,
        *,
        status: int | None = None,
        retry: bool = False,
        wait: float | None = None,
        maybe_done: bool = False,
        kind: str = "",
        reason: str = "",
    ) -> None:
        super().__init__(problem)
        self.status = status
        """Of the HTTP answer, if there was one."""
        self.retry = retry
        """Whether the same call may succeed later."""
        self.wait = wait
        """Seconds that the API asked to wait for."""
        self.maybe_done = maybe_done
        """Whether the API may have done what it was asked to, as the answer was lost."""
        self.kind = kind
        """`error.type`, where the answer was an error in the API's own shape."""
        self.reason = reason
        """The API's own words, harmless."""


class StoreProblem(CouldNotKnow):
    """The audit store could not be read or written."""


class AnotherWatcher(StoreProblem):
    """Of many watchers on one store one works at a time."""


class Interrupted(BaseException):
    """A signal ended the command: 130 for SIGINT, 143 for SIGTERM.

    Like KeyboardInterrupt it passes every `except Exception`: the SDK would take it for a failed connection.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__("interrupted")
        self.signal = signal_number
        self.exit_code = 128 + signal_number


def failure_of(problem: Problem) -> ModelgateError:
    """What is raised where the API cannot be asked: could not know, but a definite no for an origin not approved."""
    commands = (problem.command,) if problem.command else ()
    return Refused(problem.message, hint=problem.hint, commands=commands) if problem.is_refusal else ApiProblem(problem)
