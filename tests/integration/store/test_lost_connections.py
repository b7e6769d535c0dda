"""Connections to PostgreSQL that break or hang at every message."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.databases import PostgreSQL, opened
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row
from support.proxies import Plan, proxied, through

from modelgate.domain.errors import StoreProblem

ROWS = [run_row("r1"), handed("r1", "a", "x"), pin_row(1)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a name short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="mg-") as name:
        yield Path(name)


def upstream(postgresql: PostgreSQL) -> Path:
    """The folder of the server's socket."""
    return Path(postgresql.server.get_postmaster_info().socket_dir)


def works(url: str, seconds: float) -> None:
    """What a gate does with its store."""
    store = opened(url, seconds=seconds)
    state = store.state(PROD)
    if not store.run("r1"):
        store.append(PROD, AUTHOR, ROWS, expect={"summarizer": state.revisions.get("summarizer", 0)}, now=NOW)


def pieces(postgresql: PostgreSQL, url: str, folder: Path, direction: str) -> int:
    """How many pieces pass in one direction while a gate works undisturbed."""
    plan = Plan("cut", direction, at=10**9)  # type: ignore[arg-type]  # one of two words
    with proxied(upstream(postgresql), folder, plan):
        works(through(url, folder), 30)
    return plan.seen


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_connection_that_breaks_anywhere_is_made_again(postgresql: PostgreSQL, folder: Path, direction: str) -> None:
    """Whichever message is the last to pass, the rows are there once, also if it was the answer to COMMIT."""
    (folder / "0").mkdir()
    many = pieces(postgresql, postgresql.create(), folder / "0", direction)
    assert many > 10
    for at in range(many):
        (each := folder / str(at + 1)).mkdir()
        url = postgresql.create()
        with proxied(upstream(postgresql), each, Plan("cut", direction, at)):  # type: ignore[arg-type]  # as above
            works(through(url, each), 30)
        verification = opened(url).verify(PROD)
        assert (at, verification.intact, verification.rows) == (at, True, len(ROWS))


@pytest.mark.parametrize("act", ["cut", "hang"])
def test_a_server_that_is_lost_for_good_is_told_within_the_deadline(
    postgresql: PostgreSQL, folder: Path, act: str
) -> None:
    """From some message on nothing answers: `store.unreachable`, and the store holds all rows or none."""
    (folder / "0").mkdir()
    many = pieces(postgresql, postgresql.create(), folder / "0", "down")
    for at in range(0, many - 1, 9):
        (each := folder / str(at + 1)).mkdir()
        url = postgresql.create()
        plan = Plan(act, "down", at, once=False)  # type: ignore[arg-type]  # one of two words
        with proxied(upstream(postgresql), each, plan), pytest.raises(StoreProblem) as raised:
            works(through(url, each), 1.0)
        assert (raised.value.problem.check, raised.value.problem.graceable) == ("store.unreachable", True)
        assert opened(url).verify(PROD).rows in (0, len(ROWS))


def test_a_lost_answer_to_commit_does_not_write_twice(postgresql: PostgreSQL, folder: Path) -> None:
    """The server committed and the client never heard of it: the second attempt finds the rows."""
    url = postgresql.create()
    store_url = through(url, folder)
    with proxied(upstream(postgresql), folder, Plan("cut", "down", 0, word=b"COMMIT\0")) as _:
        store = opened(store_url)
        head = store.append(PROD, AUTHOR, ROWS, expect={"summarizer": 0}, now=NOW)
    assert (opened(url).head(PROD), head.sequence) == (head, len(ROWS))
