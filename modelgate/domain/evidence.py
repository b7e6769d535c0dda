"""Evidence: recorded proofs about one ID in one slot, and which of those that approvals need are lacking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from modelgate.domain.times import is_young

PROBE = "probe"
"""The suite of a probe that counted tokens."""
PROBE_LIVE = "probe-live"
"""The suite of a probe that sent a message; it is a `probe`, too."""
PROBES = (PROBE, PROBE_LIVE)

Outcome = Literal["passed", "failed"]


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One proof, as it is added to the store. It holds no prompt, no answer and no sample."""

    table: ClassVar[str] = "evidence"
    slot: str
    model_id: str
    suite: str
    """`probe`, `probe-live`, or the name of an evaluation."""
    outcome: Outcome
    origin: str
    """The API origin that the ID is of."""
    workspace_id: str = ""
    passed: int | None = None
    """Tests of an evaluation that passed."""
    failed: int | None = None
    file_format: str | None = None
    """`junit`, `promptfoo` or `inspect`."""
    file_digest: str | None = None
    """SHA-256 of the result file, hexadecimal."""
    status: int | None = None
    """HTTP status that a probe was answered with."""
    error_type: str | None = None
    request_id: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    served_model: str | None = None
    """The model that answered a live probe."""

    @property
    def told(self) -> str:
        """What it came to, in a few words."""
        if self.file_format:
            return f"{self.passed} passed, {self.failed} failed"
        failed = " ".join(str(part) for part in (self.status, self.error_type) if part and self.outcome == "failed")
        tokens = f"{self.input_tokens} tokens" if self.input_tokens is not None else ""
        return tokens or failed


@dataclass(frozen=True, slots=True)
class Evidence:
    """A proof as it was read back."""

    row: EvidenceRow
    recorded_at: datetime
    actor: str
    commit_sha: str | None = None
    ci_run: str | None = None

    def serves(self, need: str) -> bool:
        """Whether it is of the suite that is needed."""
        return self.row.suite == need or (need == PROBE and self.row.suite == PROBE_LIVE)

    def speaks_of(self, subject: Subject) -> bool:
        """Whether it was shown of that very ID, in that slot, at that API: nothing else counts."""
        row = self.row
        return (row.slot, row.model_id, row.origin, row.workspace_id) == (
            subject.slot,
            subject.model_id,
            subject.origin,
            subject.workspace_id,
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """What evidence is wanted about."""

    slot: str
    model_id: str
    origin: str
    workspace_id: str = ""


@dataclass(frozen=True, slots=True)
class Proofs:
    """What is known of the IDs of a lock, which nobody accepts by a command."""

    evidence: tuple[Evidence, ...] = ()
    """Of this environment, and of the one that IDs are promoted from."""
    handed: frozenset[tuple[str, str]] = frozenset()
    """(slot, ID) that were handed over here once."""
    workspace_id: str = ""


Kind = Literal["missing", "stale", "failed"]


@dataclass(frozen=True, slots=True)
class Lack:
    """One proof that an approval needs and that is not there. `check` is its ID."""

    kind: Kind
    need: str
    subject: Subject
    newest: Evidence | None = None
    """What there is of that suite, where there is something."""

    @property
    def check(self) -> str:
        """`evidence.missing`, `evidence.stale` or `evidence.failed`."""
        return f"evidence.{self.kind}"


def lacking(
    needs: Iterable[str], subject: Subject, evidence: Iterable[Evidence], *, days: float, now: datetime
) -> tuple[Lack, ...]:
    """What `subject` lacks of `needs`, in their order. Of each suite the newest proof counts, whatever was before."""
    known = tuple(evidence)
    found = (_judge(need, subject, newest(need, subject, known), days, now) for need in needs)
    return tuple(lack for lack in found if lack)


def newest(need: str, subject: Subject, evidence: Iterable[Evidence]) -> Evidence | None:
    """The newest proof of that suite about `subject`; of one instant, the last that was added."""
    known = [each for each in evidence if each.speaks_of(subject) and each.serves(need)]
    return sorted(known, key=lambda each: each.recorded_at)[-1] if known else None


def _judge(need: str, subject: Subject, proof: Evidence | None, days: float, now: datetime) -> Lack | None:
    if proof is None:
        return Lack("missing", need, subject)
    if proof.row.outcome != "passed":
        return Lack("failed", need, subject, proof)
    if not is_young(min(proof.recorded_at, now), now, timedelta(days=days)):
        return Lack("stale", need, subject, proof)
    return None
