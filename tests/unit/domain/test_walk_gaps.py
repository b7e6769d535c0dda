"""The walk across gaps that rows of `archives` account for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from modelgate.domain.archives import Gap, gap_of
from modelgate.domain.chain import GENESIS, Link, canonical_row, digest
from modelgate.domain.rows import Scope
from modelgate.domain.walk import walk

PROD = Scope("checkout", "prod")


def grown(links: list[Link], table: str = "runs", **columns: Any) -> list[Link]:
    """The chain with a row more."""
    sequence, previous = len(links) + 1, links[-1].hash if links else GENESIS
    text = canonical_row(table, {"sequence": sequence, "previous": previous, **columns})
    return [*links, Link(table, sequence, previous, digest(text), text, f"2026-01-{sequence:02}")]


def chain(*gaps: tuple[int, int], length: int = 9) -> list[Link]:
    """A chain that fits, with a row of `archives` for each gap at its end, and everything still in it."""
    links: list[Link] = []
    for _ in range(length):
        links = grown(links)
    for first, last in gaps:
        links = grown(
            links, "archives", first_sequence=first, last_sequence=last, first_previous=links[first - 1].previous,
            last_hash=links[last - 1].hash, file_name="f", file_digest="d",
        )  # fmt: skip
    return links


def named(links: list[Link]) -> list[Gap]:
    """The gaps that its rows name."""
    found = (gap_of(json.loads(link.text or "{}")) for link in links if link.table == "archives")
    return [gap for gap in found if gap]


def without(links: list[Link], *gaps: tuple[int, int]) -> list[Link]:
    """What is left."""
    return [link for link in links if not any(first <= link.sequence <= last for first, last in gaps)]


@pytest.mark.parametrize("gaps", [[(1, 3)], [(4, 6)], [(9, 9)], [(1, 9)], [(2, 4), (5, 7)], [(1, 2), (4, 5), (7, 7)]])
def test_gaps_that_are_accounted_for_are_no_fault(gaps: list[tuple[int, int]]) -> None:
    """At the beginning, in the middle, side by side: rows that are left fit, and those that left are counted."""
    links = chain(*gaps)
    found = walk(PROD, without(links, *gaps), gaps=named(links))
    assert (found.misfit, found.intact, found.head and found.head.sequence) == (None, True, len(links))
    assert found.archived == sum(last - first + 1 for first, last in gaps) == len(links) - found.rows
    whole = walk(PROD, links, gaps=named(links))
    assert (whole.intact, whole.rows, whole.archived) == (True, len(links), 0)


def kind(links: list[Link], gaps: list[Gap]) -> tuple[str, int] | None:
    """What the walk says."""
    misfit = walk(PROD, links, gaps=gaps).misfit
    return (misfit.kind, misfit.sequence) if misfit else None


def test_a_gap_that_no_row_accounts_for_is_a_fault() -> None:
    """None at all, another, one that is shorter, and one whose row is not in the chain."""
    links = chain((4, 6))
    gap = named(links)[0]
    left = without(links, (4, 6))
    assert kind(left, []) == ("removed", 4)
    assert kind(without(links, (3, 6)), [gap]) == ("removed", 3)
    assert kind(without(links, (4, 7)), [gap]) == ("removed", 7)
    assert kind(without(links, (4, 6), (10, 10)), [gap]) == ("removed", 4)
    assert kind(left, [replace(gap, file_digest="other")]) == ("removed", 4)


def test_a_row_within_a_gap_is_a_fault() -> None:
    """Some of what left came back."""
    links = chain((4, 6))
    assert kind(without(links, (4, 4), (6, 6)), named(links)) == ("inserted", 5)
    assert kind(without(links, (6, 6)), named(links)) == ("removed", 6)


def test_the_ends_of_a_gap_must_fit() -> None:
    """The row before it, and the row after it."""
    links = chain((4, 6))
    left, gaps = without(links, (4, 6)), named(links)
    forged = canonical_row("runs", {"sequence": 3, "previous": left[1].hash, "actor": "mallory"})
    before = [*left[:2], left[2]._replace(hash=digest(forged), text=forged), *left[3:]]
    assert kind(before, gaps) == ("changed", 3)
    forged = canonical_row("runs", {"sequence": 7, "previous": "f" * 64})
    after = [*left[:3], left[3]._replace(previous="f" * 64, hash=digest(forged), text=forged), *left[4:]]
    assert kind(after, gaps) == ("changed", 6)


@pytest.mark.parametrize("said", [{"first_previous": "0" * 64}, {"last_hash": "0" * 64}])
def test_a_row_of_archives_that_says_other_hashes_is_a_fault(said: dict[str, str]) -> None:
    """Where its file fills the gap, both are compared."""
    links = chain()
    truth = {"first_previous": links[3].previous, "last_hash": links[5].hash}
    links = grown(
        links, "archives", first_sequence=4, last_sequence=6, **{**truth, **said}, file_name="f", file_digest="d"
    )
    assert kind(links, named(links)) == ("changed", 10)


@pytest.mark.parametrize(
    "changed",
    [
        {"sequence": "9"},
        {"first_sequence": 0},
        {"last_sequence": 9},
        {"last_sequence": 2},
        {"last_hash": None},
        {"file_name": b""},
    ],
)  # fmt: skip
def test_a_row_that_names_no_gap_accounts_for_none(changed: dict[str, object]) -> None:
    """Whatever a tampered file holds."""
    row: dict[str, object] = {
        "sequence": 9, "first_sequence": 3, "last_sequence": 5, "first_previous": "a", "last_hash": "b",
        "file_name": "f", "file_digest": "d",
    }  # fmt: skip
    assert gap_of(row) == Gap(9, 3, 5, "a", "b", "f", "d")
    assert gap_of({**row, **changed}) is None
