"""Batches from Python: keys, iterables, results that are read while one iterates."""

from __future__ import annotations

import gzip
import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.desk import MODEL, Desk, request

from modelgate import batches
from modelgate.domain.errors import UsageError


@pytest.fixture
def where(desk: Desk, tmp_path: Path) -> dict[str, Any]:
    """Whose batches these are."""
    return {"context": desk.site.world(XDG_STATE_HOME=str(tmp_path / "state"))}


def requests(*names: str) -> Iterator[dict[str, Any]]:
    """Requests that are made while they are read."""
    return (request(name) for name in names)


def test_a_program_hands_over_any_iterable(desk: Desk, where: dict[str, Any], tmp_path: Path) -> None:
    """It gets the rows in the order of its requests, as often as it asks, and an account."""
    done = batches.run("summarizer", requests("ä", "b", "c"), **where)
    assert [row["custom_id"] for row in done.results] == ["ä", "b", "c"]
    assert next(done.results)["result"]["type"] == "succeeded"
    assert (done.account.job.id, done.account.outcomes) == (done.job, {"succeeded": 3})
    spooled = tmp_path / "state" / "modelgate" / "batches" / f"{done.job}.jsonl"
    assert stat.S_IMODE(spooled.stat().st_mode) == 0o600
    assert done.account.job.row.file_path == str(spooled)


def test_a_task_that_is_tried_again_pays_nothing_twice(desk: Desk, where: dict[str, Any]) -> None:
    """The same content without a key, or the same key, is the same job, also in another process with other files."""
    first = batches.run("summarizer", requests("a", "b"), **where)
    assert batches.run("summarizer", list(requests("a", "b")), **where).job == first.job
    keyed = batches.run("summarizer", requests("a", "b"), key="grading-2026-11-26", **where)
    assert keyed.job != first.job
    elsewhere = {"context": desk.site.world(XDG_STATE_HOME=str(desk.site.folder / "another-host"))}
    again = batches.run("summarizer", requests("a", "b"), key="grading-2026-11-26", **elsewhere)
    assert again.job == keyed.job
    assert [row["custom_id"] for row in again.results] == ["a", "b"]
    assert desk.creates() == 2


@pytest.mark.parametrize("others", [("a", "x"), ("b", "a"), ("a",)])
def test_a_key_that_is_taken_is_a_conflict(desk: Desk, where: dict[str, Any], others: tuple[str, ...]) -> None:
    """Other requests, or the same in another order, are told, and nothing is sent."""
    batches.submit("summarizer", requests("a", "b"), key="k", **where)
    with pytest.raises(batches.Conflict, match="the key 'k' is job_") as conflict:
        batches.run("summarizer", requests(*others), key="k", **where)
    assert conflict.value.exit_code == 2
    assert desk.creates() == 1
    (job,) = batches.jobs(**where)
    assert [row["custom_id"] for row in batches.resume(job.id, **where).results] == ["a", "b"]


@pytest.mark.parametrize("carrier", ["lines", "array", "gzip", "gzipped array"])
def test_a_key_is_one_job_whatever_carries_the_requests(desk: Desk, where: dict[str, Any], carrier: str) -> None:
    """JSON lines, an array, gzip and an iterable of the same requests are one job of one key."""
    submitted = batches.submit("summarizer", requests("a", "ö\n", "c"), key="k", **where)
    rows = list(requests("a", "ö\n", "c"))
    text = json.dumps(rows, indent=2) if "array" in carrier else "".join(json.dumps(row) + "\n" for row in rows)
    path = desk.site.folder / "carrier"
    path.write_bytes(gzip.compress(text.encode()) if "gzip" in carrier else text.encode())
    done = batches.run("summarizer", path, key="k", **where)
    assert (done.job, [row["custom_id"] for row in done.results]) == (submitted.id, ["a", "ö\n", "c"])
    assert desk.creates() == 1


def test_a_key_with_again_means_nothing(desk: Desk, where: dict[str, Any]) -> None:
    """A key is one job; an empty one and one with NUL are none."""
    for key, again in (("k", True), ("", False), ("a\0", False), ("x" * 257, False)):
        with pytest.raises(UsageError, match="key"):
            batches.run("summarizer", requests("a"), key=key, again=again, **where)
    assert desk.creates() == 0


def test_a_job_is_gone_on_with_by_its_id(desk: Desk, where: dict[str, Any]) -> None:
    """What was submitted is resumed, listed, accounted and canceled."""
    job = batches.submit("summarizer", requests("a", "b"), **where)
    done = batches.resume(job.id, **where)
    assert [row["custom_id"] for row in done.results] == ["a", "b"]
    desk.site.sandbox.hold_batches()
    other = batches.submit("summarizer", requests("c"), **where)
    assert batches.cancel(other.id, **where).canceled
    assert [each.id for each in batches.jobs(**where)] == [other.id, job.id]
    assert batches.stats(job.id, **where).outcomes == {"succeeded": 2}
    assert batches.stats(**where).whole.jobs == 2


def test_what_cannot_be_sent_leaves_no_file(desk: Desk, where: dict[str, Any], tmp_path: Path) -> None:
    """Requests that are wrong, that are no JSON, or that break off while they are made."""

    def breaking() -> Iterator[dict[str, Any]]:
        yield request("a")
        raise RuntimeError("no more")

    with pytest.raises(batches.BadRequests):
        batches.run("summarizer", [request("a", temperature=1)], **where)
    with pytest.raises(UsageError, match="request 2 cannot be written as JSON"):
        batches.run("summarizer", [request("a"), {"custom_id": {1}}], **where)
    with pytest.raises(RuntimeError, match="no more"):
        batches.run("summarizer", breaking(), **where)
    assert list((tmp_path / "state" / "modelgate" / "batches").iterdir()) == []


def test_spooled_requests_go_when_results_are_gone(desk: Desk, where: dict[str, Any]) -> None:
    """After thirty days a file is cleared away by the next call."""
    done = batches.run("summarizer", requests("a"), **where)
    old = Path(done.account.job.row.file_path)
    os.utime(old, (time.time() - 31 * 86400,) * 2)
    batches.run("summarizer", requests("b"), **where)
    assert not old.exists()


def test_betas_go_into_the_header(desk: Desk, where: dict[str, Any]) -> None:
    """Of each create, a later one too; other betas are another job's."""
    batches.submit("summarizer", requests("a"), betas=["files-api-2025-04-14", "x-1"], **where)
    creates = [each for each in desk.site.sandbox.requests() if each["method"] == "POST"]
    assert creates[0]["betas"] == "files-api-2025-04-14,x-1"
    with pytest.raises(UsageError, match="with other betas"):
        batches.run("summarizer", requests("a"), **where)
    with pytest.raises(UsageError, match="no name of a beta"):
        batches.run("summarizer", requests("b"), betas=["a\nb"], **where)


@pytest.mark.parametrize("text", ["[", '[{"custom_id": "a"}', "[1, 2", "[] x", '{"a": 1}\x1f'])
def test_an_array_that_is_none_is_told(desk: Desk, where: dict[str, Any], text: str) -> None:
    """What breaks off, or goes on after its end, is told; nothing is sent."""
    desk.file.write_text(text)
    with pytest.raises(UsageError):
        batches.run("summarizer", desk.file, out=desk.out, **where)
    desk.file.write_bytes(gzip.compress(b"x" * 10_000)[:-9])
    with pytest.raises(UsageError, match="cannot be read"):
        batches.run("summarizer", desk.file, out=desk.out, **where)


def test_a_long_array_is_read_piece_by_piece(desk: Desk, where: dict[str, Any]) -> None:
    """Elements across the borders of what is read at once come out whole."""
    rows = [request(f"r{n}", system="ü漢" * 40_000) for n in range(12)]
    desk.file.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    done = batches.run("summarizer", desk.file, out=desk.out, **where)
    assert [row["custom_id"] for row in done.results] == [f"r{n}" for n in range(12)]
    assert done.account.job.row.model_id == MODEL
