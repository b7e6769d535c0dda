"""Problems: why something could not be known."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """A failed attempt to know something; `check` is the ID of the finding that it becomes.

    Edges make these; they carry no secret and no text longer than a line.
    """

    check: str
    """`api.unreachable`, `api.rate-limited`, `api.credentials`, `api.untrusted-answer`, `store.unreachable`, …"""
    message: str
    """One line under 80 characters that names the cause."""
    hint: str = ""
    request_id: str | None = None
    """The API's `request-id` header, where there was an answer."""
    graceable: bool = False
    """Whether grace may cover it: connection failures, 5xx and 429 of the API, and an unreachable store."""
    command: str = ""
    """A whole line to paste, where one command is the next step."""

    @property
    def is_refusal(self) -> bool:
        """Whether it is a no rather than an unknown: who is not to be asked was not asked."""
        return self.check == "api.origin-not-approved"

    def hinting(self, hint: str) -> Problem:
        """The same problem with another next step."""
        return replace(self, hint=hint)
