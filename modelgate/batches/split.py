"""The split of many requests into batches, by number and by bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from modelgate.batches.positions import Range, extended, to_text

MAX_REQUESTS = 100_000
"""Requests in one batch (documented)."""

MAX_BYTES = 256_000_000
"""Bytes of one batch's body (documented as 256 MB; the smaller meaning of the two)."""

HEAD, BETWEEN, TAIL = b'{"requests":[', b",", b"]}"
"""What stands around and between the requests of a body."""

ENVELOPE = len(HEAD) + len(TAIL)

LONGEST_REQUEST = MAX_BYTES - ENVELOPE
"""Bytes of the longest request that fits a batch of its own."""


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One batch to be: which requests, how many, and the bytes of the body."""

    positions: str
    requests: int
    bytes: int


def split(
    sizes: Iterable[tuple[int, int]], max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BYTES
) -> Iterator[PlannedPart]:
    """Batches of consecutive requests, each as full as the two limits allow.

    `sizes` are (position, bytes as sent), positions ascending; a request longer than a batch is the caller's error.
    """
    ranges: list[Range] = []
    requests, total = 0, ENVELOPE
    for position, size in sizes:
        grown = total + size + (len(BETWEEN) if requests else 0)
        if requests and (requests == max_requests or grown > max_bytes):
            yield PlannedPart(to_text(ranges), requests, total)
            ranges, requests, grown = [], 0, ENVELOPE + size
        extended(ranges, position)
        requests, total = requests + 1, grown
    if requests:
        yield PlannedPart(to_text(ranges), requests, total)
