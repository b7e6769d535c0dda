"""Which rows may leave the store: a history, and what of it stays."""

from __future__ import annotations

import pytest

from modelgate.domain.history import CANDIDATES, RECENT_RESOLUTIONS
from modelgate.domain.retention import PORTION, RANGES, Answered, Portion, Ran, Range, Revised, portions, staying

CROWD = [Answered(9000 + n, "crowd", "other") for n in range(RECENT_RESOLUTIONS)]
"""So many answers that none of before is among the newest."""


def told(*words: str) -> list[Ran | Answered | Revised]:
    """`r1:a` is a run that handed ID a to the slot, `r1?a` observed it, `!` revises the slot, `!r1` because of r1;
    `r1` alone answers nothing. A verb or verdict of its own stands before a slash: `check/refuse/r1`.
    """
    events: list[Ran | Answered | Revised] = []
    for word in words:
        place = len(events) + 1
        if word.startswith("!"):
            events.append(Revised(place, "s", word[1:] or None))
            continue
        *kind, run = word.split("/")
        verb, verdict = kind or ("preflight", "pass")
        name, mark, model_id = run.partition(":" if ":" in run else "?")
        events.append(Ran(place, name, verb, verdict))
        if mark:
            ids = {"handed_off_id" if mark == ":" else "observed_id": model_id}
            events.append(Answered(place + 1, name, "s", **ids))
    return events


@pytest.mark.parametrize(
    ("words", "stays"),
    [
        ("r1", "r1"),
        ("r1 r2 r3", "r3"),
        ("check/pass/r1 r2 check/pass/r3", "r2 r3"),
        ("check/pass/r1 check/refuse/r2 check/refuse/r3", "r1 r3"),
        ("batch/pass/r1 batch/pass/r2 r3", "r2 r3"),
        ("r1:a r2:a r3:a r4:a r5", "r1 r4 r5"),
        ("r1:a r2:a r3:b r4:b r5:b r6", "r1 r2 r3 r5 r6"),
        ("r1:a r2:a r3:b r4:a r5:a r6:a r7", "r1 r2 r3 r4 r6 r7"),
        ("r1:a r2:a r3:a ! r4:a r5:a r6:a r7", "r1 r3 r4 r6 r7"),
        ("r1?a r2?a r3?a r4", "r1 r3 r4"),
        ("r1?a r2:a r3?a r4:a r5?a r6:a r7", "r1 r2 r5 r6 r7"),
        ("r1 r2 !r2 r3 r4", "r2 r4"),
    ],
)
def test_what_may_be_asked_for_stays(words: str, stays: str) -> None:
    """Newest of each verb and verdict; both ends of each stretch of one ID; what a revision names."""
    events = told(*words.split())
    assert staying([*events, *CROWD], 8000) == {*stays.split(), "crowd"}


@pytest.mark.parametrize(
    ("end", "stays"),
    [(13, {"r1", "r6"}), (9, {"r1", "r4", "r6"}), (3, {"r1", "r6"}), (1, {"r6"})],
)
def test_what_ran_at_that_time_stays(end: int, stays: set[str]) -> None:
    """The last run before T that handed over is the answer to what ran at T; from T on everything stays anyhow."""
    assert staying([*told("r1:a", "r2:a", "r3:a", "r4:a", "r5:a", "r6:a"), *CROWD], end) == {*stays, "crowd"}


def test_facts_that_serve_reuse_or_grace_stay() -> None:
    """The newest runs of each fingerprint, and the newest that asked."""
    many = CANDIDATES + 5
    events = [
        Ran(n, f"r{n}", "check", "pass", marks=("reuse" if n % 2 else "other", "grace"), asked=True)
        for n in range(1, many + 1)
    ]
    last = Ran(many + 1, "last", "check", "pass")
    kept = staying([*events, last], 1000)
    assert kept == {f"r{n}" for n in range(1, many + 1)} | {"last"}
    events = [Ran(n, f"r{n}", "check", "pass", marks=("one", None), asked=n == 3) for n in range(1, many + 1)]
    assert staying([*events, last], 1000) == {f"r{n}" for n in range(6, many + 1)} | {"r3", "last"}


def test_the_newest_of_what_observed_and_the_newest_witness_stay() -> None:
    """An enforcing run of the same verdict does not stand for an observing one; `audit verify` asks for a witness."""
    runs = [Ran(n, f"r{n}", "preflight", "refuse", enforced=n != 2, witness=n in (1, 3)) for n in range(1, 6)]
    assert staying(runs, 1000) == {"r2", "r3", "r5"}


def test_the_newest_answers_stay() -> None:
    """They tell a gate which references are aliases."""
    answers = [Answered(n, f"r{n}", "s") for n in range(1, RECENT_RESOLUTIONS + 3)]
    assert staying(answers, 1000) == {f"r{n}" for n in range(3, RECENT_RESOLUTIONS + 3)}


def rows(*runs: tuple[str, int, int]) -> list[tuple[int, str]]:
    """Run ID, first and last sequence."""
    return [(place, run_id) for run_id, first, last in runs for place in range(first, last + 1)]


def taken(*runs: tuple[str, int, int]) -> list[list[tuple[int, int]]]:
    """What leaves where the run `stays` stays: ranges by portion."""
    found: list[Portion] = list(portions(rows(*runs), {"stays"}))
    return [[(each.first, each.last) for each in portion] for portion in found]


def test_ranges_are_bounded_by_what_stays_and_by_rows_of_other_tables() -> None:
    """Runs that follow each other leave one gap."""
    assert taken(("a", 1, 4), ("b", 5, 6), ("stays", 7, 9), ("c", 10, 11), ("d", 13, 13)) == [
        [(1, 6), (10, 11), (13, 13)]
    ]
    assert taken(("stays", 1, 9)) == taken() == []


def test_a_portion_is_bounded_and_cuts_no_run() -> None:
    """So many rows and so many gaps at the most; a run that is longer than that stays."""
    half = PORTION // 2
    assert taken(("a", 1, half), ("b", half + 1, 2 * half), ("c", 2 * half + 1, 2 * half + 1)) == [
        [(1, 2 * half)], [(2 * half + 1, 2 * half + 1)]
    ]  # fmt: skip
    assert taken(("a", 1, half + 1), ("b", half + 2, 2 * half + 2)) == [[(1, half + 1)], [(half + 2, 2 * half + 2)]]
    assert taken(("a", 1, PORTION + 1), ("b", PORTION + 2, PORTION + 3)) == [[(PORTION + 2, PORTION + 3)]]
    single = [(f"r{n}", 2 * n, 2 * n) for n in range(1, RANGES + 2)]
    assert [len(portion) for portion in taken(*single)] == [RANGES, 1]


def test_a_range_counts_both_ends() -> None:
    """One row is a range."""
    assert (Range(3, 3).rows, Range(3, 5).rows) == (1, 3)
