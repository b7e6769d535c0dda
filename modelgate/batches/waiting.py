"""How long to wait before asking again."""

from __future__ import annotations

FIRST, GROWTH, LONGEST = 2.0, 1.5, 60.0
"""Seconds; factor; seconds."""

SHORTEST_OBEYED, LONGEST_OBEYED = 1.0, 3600.0
"""The `retry-after` that is obeyed, in seconds: an answer must neither stop us for ever nor keep us asking."""


def pause(asked_before: int, retry_after: float | None = None) -> float:
    """Seconds until the next question: what the server asks for, otherwise longer each time."""
    if retry_after is not None:
        return min(max(retry_after, SHORTEST_OBEYED), LONGEST_OBEYED)
    return float(min(FIRST * GROWTH ** min(asked_before, 20), LONGEST))
