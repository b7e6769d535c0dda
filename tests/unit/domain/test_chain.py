"""The canonical form, and the walk along a chain of rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelgate.domain.chain import (
    GENESIS,
    WINDOW,
    Link,
    Misfit,
    Verification,
    canonical_row,
    digest,
    parse_head,
)
from modelgate.domain.rows import Head, Scope
from modelgate.domain.text import storable
from modelgate.domain.walk import walk

PROD = Scope("checkout", "prod")
TABLES = ("runs", "resolutions")


def link(sequence: int, previous: str, **columns: object) -> Link:
    """A row that fits itself."""
    table = TABLES[sequence % 2]
    text = canonical_row(table, {"sequence": sequence, "previous": previous, **columns})
    return Link(table, sequence, previous, digest(text), text)


def chain(length: int) -> list[Link]:
    """A chain that fits."""
    links: list[Link] = []
    for sequence in range(1, length + 1):
        links.append(link(sequence, links[-1].hash if links else GENESIS, actor=f"a{sequence}"))
    return links


def moved(row: Link, sequence: int) -> Link:
    """The row with another place written into it and its old hash."""
    assert row.text is not None
    text = row.text.replace(f'"sequence":{row.sequence},', f'"sequence":{sequence},')
    return Link(row.table, sequence, row.previous, row.hash, text)


def head(row: Link) -> Head:
    """The head that a row was."""
    return Head(PROD, row.sequence, row.hash)


def test_the_canonical_form_is_that_of_the_page() -> None:
    """Sorted keys, no white space, ASCII, nulls left out, instants in UTC with six decimals."""
    berlin = datetime(2026, 11, 22, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    columns = {"b": True, "a": 'é🙂\x7f"\\\n', "n": None, "hash": "x", "i": 7, "at": berlin}
    assert canonical_row("pins", columns) == (
        '{"a":"\\u00e9\\ud83d\\ude42\\u007f\\"\\\\\\n","at":"2026-11-22T12:00:00.000000Z","b":true,"i":7,"table":"pins"}'
    )


def test_a_new_column_that_is_null_changes_no_hash() -> None:
    """An additive migration leaves the hashes of earlier rows as they are."""
    assert canonical_row("pins", {"a": 1, "later": None}) == canonical_row("pins", {"a": 1})


TEXTS = st.text(st.characters(codec=None), max_size=20).map(storable)
COLUMNS = st.dictionaries(
    st.text("abcdefghij_", min_size=1, max_size=8).filter(lambda name: name not in ("hash", "table")),
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS | st.datetimes(timezones=st.just(UTC)),
)


@given(COLUMNS, COLUMNS)
def test_two_rows_have_one_form_only_if_they_are_the_same(one: dict[str, object], other: dict[str, object]) -> None:
    """Whatever texts, numbers, truths and instants they hold; the form reads back as what strangers hash."""

    def content(columns: dict[str, object]) -> dict[str, object]:
        known = {name: value for name, value in columns.items() if value is not None}
        return {name: (type(value), value) for name, value in known.items() if not isinstance(value, datetime)} | {
            name: value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            for name, value in known.items()
            if isinstance(value, datetime)
        }

    forms = canonical_row("t", one), canonical_row("t", other)
    if content(one) == content(other):
        assert forms[0] == forms[1]
    assert json.dumps(json.loads(forms[0]), sort_keys=True, separators=(",", ":"), ensure_ascii=True) == forms[0]
    assert digest(forms[0]) == sha256(forms[0].encode()).hexdigest()


def test_a_chain_that_fits() -> None:
    """Every row is counted, and the last is the head."""
    links = chain(5)
    assert walk(PROD, links) == Verification(PROD, head(links[-1]), 5)
    assert walk(PROD, []) == Verification(PROD, None, 0)


def changed(links: list[Link], place: int) -> list[Link]:
    """Another actor in the row at `place`."""
    row = links[place - 1]
    assert row.text is not None
    forged = Link(row.table, row.sequence, row.previous, row.hash, row.text.replace('"actor":"a', '"actor":"b'))
    return [*links[: place - 1], forged, *links[place:]]


def rehashed(links: list[Link], place: int) -> list[Link]:
    """Another actor in the row at `place`, with the hash that goes with it."""
    return [*links[: place - 1], link(place, links[place - 1].previous, actor="b"), *links[place:]]


def removed(links: list[Link], place: int) -> list[Link]:
    """The row at `place` is gone."""
    return [*links[: place - 1], *links[place:]]


def closed(links: list[Link], place: int) -> list[Link]:
    """The row at `place` is gone and the later ones moved up."""
    return [*links[: place - 1], *(moved(row, row.sequence - 1) for row in links[place:])]


def doubled(links: list[Link], place: int) -> list[Link]:
    """A second row at `place`."""
    return [*links[:place], link(place, links[place - 1].hash, actor="b"), *links[place:]]


def wedged(links: list[Link], place: int) -> list[Link]:
    """A row at `place`, which names the right one before it; the later ones moved down."""
    forged = link(place, links[place - 2].hash if place > 1 else GENESIS, actor="b")
    return [*links[: place - 1], forged, *(moved(row, row.sequence + 1) for row in links[place - 1 :])]


def swapped(links: list[Link], place: int) -> list[Link]:
    """The row at `place` and the one after it changed places."""
    one, other = links[place - 1], links[place]
    return [*links[: place - 1], moved(other, place), moved(one, place + 1), *links[place + 1 :]]


@pytest.mark.parametrize(
    ("tamper", "kind"),
    [
        (changed, "changed"), (rehashed, "changed"), (removed, "removed"), (closed, "removed"),
        (doubled, "inserted"), (wedged, "inserted"), (swapped, "reordered"),
    ],
)  # fmt: skip
@given(length=st.integers(3, 30), data=st.data())
def test_the_first_row_that_does_not_fit_is_named(
    tamper: Callable[[list[Link], int], list[Link]], kind: str, length: int, data: st.DataObject
) -> None:
    """Wherever it is, and what happened to it. (Of the last rows nothing later tells: see the head that is kept.)"""
    place = data.draw(st.integers(1, length - 2))
    found = walk(PROD, tamper(chain(length), place)).misfit
    assert found is not None
    assert (found.kind, found.sequence) == (kind, place)


@given(
    st.lists(
        st.builds(
            Link,
            st.sampled_from(TABLES),
            st.integers(-9, 9),
            st.text(),
            st.text(),
            st.none() | TEXTS.filter(str.isascii),
        )
    )
)
def test_no_rows_whatever_make_the_walk_fail(links: list[Link]) -> None:
    """Garbage is a misfit, not a crash."""
    verification = walk(PROD, links)
    assert verification.intact == (not links or verification.rows == len(links))


def test_a_head_that_was_kept() -> None:
    """It proves the rows before it, also when rows were added since, and that none was cut off."""
    links = chain(9)
    for kept in map(head, links):
        assert walk(PROD, links, expect=kept).intact
    assert walk(PROD, links[:6], expect=head(links[8])).misfit == Misfit("removed", 7)
    forged = [link(sequence, GENESIS if sequence == 1 else "x" * 64) for sequence in range(1, 2)]
    assert walk(PROD, forged, expect=head(links[0])).misfit == Misfit("changed", 1, "resolutions")


def test_a_walk_from_a_head_that_was_verified() -> None:
    """It begins with that very row; another row in its place is told."""
    links = chain(9)
    after = head(links[4])
    assert walk(PROD, links[4:], after=after) == Verification(PROD, head(links[8]), 5)
    assert walk(PROD, changed(links, 5)[4:], after=after).misfit == Misfit("changed", 5, "resolutions")
    assert walk(PROD, rehashed(links, 5)[4:], after=after).misfit == Misfit("changed", 5, "resolutions")
    assert walk(PROD, links[5:], after=after).misfit == Misfit("removed", 5)
    assert walk(PROD, [], after=after).misfit == Misfit("removed", 5)


def test_rows_of_an_unknown_form_are_counted_and_their_place_is_checked() -> None:
    """What they hold is not guessed; that one is gone is seen all the same."""
    links = [Link(row.table, row.sequence, row.previous, row.hash, None) for row in chain(4)]
    assert walk(PROD, links) == Verification(PROD, head(links[-1]), 4, unread=4)
    assert walk(PROD, removed(links, 2)).misfit == Misfit("removed", 2)


def test_progress_is_told_now_and_then() -> None:
    """Not for every row."""
    told: list[int] = []
    walk(PROD, chain(2 * WINDOW + 1), progress=told.append)
    assert told == [WINDOW, 2 * WINDOW]


def test_a_head_reads_back() -> None:
    """`SERVICE/ENV:SEQUENCE:HASH`, also where a service's name has slashes and colons."""
    for scope in (PROD, Scope("a/b:c", "prod")):
        assert parse_head(f" {Head(scope, 12, 'ab' * 32)}\n") == Head(scope, 12, "ab" * 32)
    assert parse_head(f"{PROD}:12:{'AB' * 32}") == Head(PROD, 12, "ab" * 32)


@pytest.mark.parametrize(
    "text",
    ["", "x", "checkout/prod", "checkout/prod:1:abc", f"checkout:1:{'0' * 64}", f"checkout/prod:x:{'0' * 64}",
     f"checkout/prod:1:{'g' * 64}", f"/prod:1:{'0' * 64}", f"checkout/prod:²:{'0' * 64}"],
)  # fmt: skip
def test_what_is_no_head(text: str) -> None:
    """Anything else is a ValueError."""
    with pytest.raises(ValueError, match="not a head"):
        parse_head(text)


def test_a_misfit_reads_well() -> None:
    """One line that names the row."""
    assert [str(Misfit("changed", 7, "pins")), str(Misfit("removed", 7))] == [
        "row 7 in pins was changed",
        "row 7 was removed",
    ]
