"""The record of one Claude call: which model was asked for, which answered, what it took."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

EVENT = "claude call"
"""The message of every record; the fields say the rest."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One HTTP attempt. A field that the call does not have or that could not be known is None.

    There is no field for a prompt or an answer, and none for a header.
    """

    requested_model: str | None
    pinned_id: str | None
    """The ID that the slot was handed over."""
    served_model: str | None
    """`model` of the answer."""
    slot: str | None
    batch_id: str | None
    request_id: str | None
    status: int | None
    """HTTP status; None where there was no answer."""
    failure_reason: str | None
    """The API's error type, `http_502` where the answer had none, `timeout` or `connection`."""
    attempt: int
    """1 for the first, more for the SDK's retries."""
    duration_ms: float
    """To the end of the answer; of a streamed answer to its headers."""
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_written_tokens: int | None
    method: str
    path: str


_NAMES = tuple(field.name for field in fields(CallRecord))


def write(logger: Any, record: CallRecord) -> None:
    """Logs the record: `extra` fields on a logger of the standard library, keywords on one of structlog."""
    told = {name: getattr(record, name) for name in _NAMES}
    level = logging.WARNING if record.failure_reason else logging.INFO
    if isinstance(logger, logging.Logger | logging.LoggerAdapter):
        if logger.isEnabledFor(level):
            logger.log(level, EVENT, extra=told)
    else:
        (logger.warning if record.failure_reason else logger.info)(EVENT, **told)


def slot_of(pins: Mapping[str, str], model: str | None) -> str | None:
    """The one slot that was handed `model`; None if there is no such slot, or more than one."""
    slots = [slot for slot, model_id in pins.items() if model_id == model]
    return slots[0] if len(slots) == 1 else None
