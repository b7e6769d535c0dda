"""Message Batches: what the API says of one, and what is added to the audit store about a job of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

STATUSES = ("in_progress", "canceling", "ended")
"""Every `processing_status` (SDK's types)."""

RESULT_TYPES = ("succeeded", "errored", "canceled", "expired")
"""Every `result.type` of a request (SDK's types)."""

LIFETIME_HOURS = 24
"""A batch ends within this time of its creation (documented)."""

RESULTS_DAYS = 29
"""Results can be read for so long from the creation of their batch (documented)."""

OWN_IDS = 3
"""The form of a job's rows whose requests are sent with IDs of its own: older versions are kept from it."""

LARGEST = 2**63 - 1
"""Above it nothing is a number of requests or tokens: Python writes no sum of numbers of 4,300 digits."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests of a batch by state. All but `processing` stay 0 until the whole batch has ended (documented)."""

    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        """The requests of the batch."""
        return self.processing + self.done

    @property
    def done(self) -> int:
        """The requests that the API tells have ended."""
        return self.succeeded + self.errored + self.canceled + self.expired


@dataclass(frozen=True, slots=True)
class Batch:
    """One Message Batch, as the API describes it."""

    id: str
    status: str
    """One of STATUSES; a word nobody here knows is kept and means that the batch has not ended."""
    counts: Counts
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    archived_at: datetime | None = None
    """Set once the results can no longer be read."""
    results_url: str | None = None

    @property
    def ended(self) -> bool:
        """Whether every request has its outcome."""
        return self.status == "ended"


@dataclass(frozen=True, slots=True)
class Listing:
    """The newest batches of the workspace, newest first, as one question showed them."""

    batches: tuple[Batch, ...]
    at: datetime | None
    """When the API answered, by its own clock (`Date`); None where it does not tell."""
    since: datetime | None
    """All that were created since are in it, by the API's clock; None: all there are."""


@dataclass(frozen=True, slots=True)
class BatchJobRow:
    """One file of requests that was handed in for one slot."""

    table: ClassVar[str] = "batch_jobs"
    job_id: str
    slot: str
    reference: str
    model_id: str
    origin: str
    file_digest: str
    """SHA-256 of the file of requests, in hexadecimal."""
    file_path: str
    requests: int
    parts: int
    """Batches of the first round."""
    at: datetime
    run_id: str | None = None
    """The run of the gate that allowed it."""
    token: str | None = None
    """128 random bits, in hexadecimal, of the `custom_id`s that are sent; None: callers' own are sent."""
    content_digest: str | None = None
    """SHA-256 of the requests themselves, whatever carried them."""
    key: str | None = None
    """What its caller calls the job, if anything: one job of the slot."""
    betas: str | None = None
    """For the header `anthropic-beta`, with commas."""

    @property
    def form(self) -> int:
        """A version that knows no tokens would take the results for somebody else's, and the job for a changed row."""
        return 1 if self.token is None else OWN_IDS


@dataclass(frozen=True, slots=True)
class BatchPartRow:
    """A batch that is to be sent. Round 1 sends every request once; each later round sends some again."""

    table: ClassVar[str] = "batch_parts"
    job_id: str
    part: int
    """1, 2, 3, … within the job, through all rounds."""
    round: int
    positions: str
    """Which requests of the file, such as `1-100000,100005`, counted from 1."""
    requests: int
    bytes: int
    """Of the body that is sent."""
    at: datetime


BatchEvent = Literal[
    "intent",
    "created",
    "adopted",
    "refused",
    "absent",
    "disowned",
    "collected",
    "cancel-asked",
    "finished",
    "sent-twice",
    "unclaimed",
    "reopened",
]


@dataclass(frozen=True, slots=True)
class BatchEventRow:
    """Something that was about to happen or happened to a part; with part 0, to the job.

    `intent`: the create is about to be sent. `created`: it was answered. `refused`: it was answered with a definite no.
    `adopted`: its answer was lost, and a batch of the account was taken for it. `absent`: its answer was lost, and no
    batch came of it. `disowned`: the results showed that an adopted batch is not ours. `collected`: the results were
    read. `cancel-asked`: somebody asked modelgate to cancel it. `finished`: every request has its row. `sent-twice`:
    a create that counted as absent made a batch nevertheless, as its results prove. `unclaimed`: a running batch may
    have come of such a create. `reopened`: somebody asked for what had ended to be sent again.
    """

    table: ClassVar[str] = "batch_events"
    job_id: str
    part: int
    attempt: int
    """Counts the intents of the part."""
    event: BatchEvent
    at: datetime
    batch_id: str | None = None
    detail: str | None = None
    """JSON: of `intent` what the list of batches showed right before, of `created` and `adopted` the batch's instants,
    of `collected` and `finished` the tally, of `refused` the API's reason, of `reopened` the round, of `sent-twice` a
    tally for each batch, of `unclaimed` the batches.
    """
    form: int = 1
    """As the job's: the database takes no event from a version that does not know its form."""
