"""The split of requests into batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelgate.batches.positions import extended, from_text, to_text
from modelgate.batches.split import ENVELOPE, MAX_BYTES, MAX_REQUESTS, split


def test_the_limits_are_the_documented_ones() -> None:
    """100,000 requests; below 256 MB in both meanings of the word."""
    assert (MAX_REQUESTS, MAX_BYTES) == (100_000, 256_000_000)


def test_a_batch_is_full_at_its_number_of_requests() -> None:
    """The next request begins the next batch."""
    assert [(p.positions, p.requests) for p in split([(n, 1) for n in range(1, 6)], max_requests=2)] == [
        ("1-2", 2),
        ("3-4", 2),
        ("5", 1),
    ]


def test_a_batch_is_full_at_its_bytes_with_all_that_stands_between() -> None:
    """Commas and the envelope count."""
    exactly = ENVELOPE + 10 + 1 + 10
    assert [p.bytes for p in split([(1, 10), (2, 10), (3, 10)], max_bytes=exactly)] == [exactly, ENVELOPE + 10]
    assert [p.bytes for p in split([(1, 10), (2, 10)], max_bytes=exactly - 1)] == [ENVELOPE + 10] * 2


def test_nothing_makes_no_batch() -> None:
    """No requests, no parts."""
    assert list(split([])) == []


def test_positions_with_gaps_are_ranges() -> None:
    """Requests that are sent again are kept as ranges."""
    (part,) = split([(2, 1), (3, 1), (7, 1), (9, 1), (10, 1)])
    assert part.positions == "2-3,7,9-10"


@given(
    st.sets(st.integers(1, 500), min_size=1),
    st.integers(1, 7),
    st.integers(ENVELOPE + 9, 60),
    st.integers(0, 9),
)
def test_every_request_is_in_exactly_one_batch_within_its_limits(
    positions: set[int], max_requests: int, max_bytes: int, size: int
) -> None:
    """Nothing is lost, doubled or reordered, and no batch could have held the next one's first request."""
    parts = list(split([(n, size) for n in sorted(positions)], max_requests, max_bytes))
    sent = [n for part in parts for first, last in from_text(part.positions) for n in range(first, last + 1)]
    assert sent == sorted(positions)
    for part in parts:
        assert part.requests <= max_requests
        assert part.bytes == ENVELOPE + part.requests * size + part.requests - 1 <= max_bytes
    for part in parts[:-1]:
        assert part.requests == max_requests or part.bytes + 1 + size > max_bytes


@given(st.sets(st.integers(1, 10**9)))
def test_ranges_are_read_as_they_were_written(positions: set[int]) -> None:
    """`from_text` is the inverse of `to_text`."""
    ranges: list[tuple[int, int]] = []
    for position in sorted(positions):
        extended(ranges, position)
    assert not ranges or list(from_text(to_text(ranges))) == ranges
    assert sum(last - first + 1 for first, last in ranges) == len(positions)
