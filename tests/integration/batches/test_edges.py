"""Hostile answers, files that change, and a lease that is lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from support.desk import MODEL, Desk, Meddling, request

from modelgate import api
from modelgate.api.batches import BatchesClient
from modelgate.batches import lease as lease_module
from modelgate.batches import operations, scan
from modelgate.batches.body import Body
from modelgate.batches.index import Index
from modelgate.batches.lease import Lease
from modelgate.batches.ledger import Ledger
from modelgate.batches.positions import from_text
from modelgate.batches.requests import RequestRules
from modelgate.batches.sent_ids import SentIds
from modelgate.batches.split import split
from modelgate.clock import SystemClock
from modelgate.domain.errors import CallFailed, Interrupted, ModelgateError, Refused, UsageError

CREATE = "/v1/messages/batches"
RULES = RequestRules(MODEL, MODEL)


@pytest.fixture
def client(desk: Desk) -> Iterator[BatchesClient]:
    """The edge to the sandbox."""
    world = desk.site.world()
    with closing(api.connect(world.settings.api, environ=world.environ)) as sdk:
        yield BatchesClient(sdk)


@pytest.fixture
def index() -> Iterator[Index]:
    """An empty index."""
    with closing(Index()) as made:
        yield made


def wait_until_lost(lease: Lease) -> None:
    """Checks the lease for longer than it takes to renew it."""
    for _ in range(200):
        lease.check()
        time.sleep(0.1)


def body(desk: Desk, index: Index, may_go_on: Any = lambda: None) -> Body:
    """The body of one batch of all requests of the file, as it is now."""
    scan.scan(desk.file, RULES, index, SentIds(None))
    (part,) = split(index.sizes())
    return Body(desk.file, index.places(from_text(part.positions)), RULES, SentIds(None), part.bytes, may_go_on)


def test_a_body_is_as_long_as_it_says(desk: Desk, index: Index) -> None:
    """The announced length is the length."""
    desk.write(50)
    made = body(desk, index)
    assert len(b"".join(made)) == made.length
    assert made.handed_over


@pytest.mark.parametrize("changed", ["other", "shorter", "gone"])
def test_a_file_that_changed_breaks_the_body_off(desk: Desk, index: Index, client: BatchesClient, changed: str) -> None:
    """What is sent is what was checked, or nothing: a body that breaks off makes no batch."""
    desk.write(3)
    made = body(desk, index)
    lines = desk.file.read_bytes().splitlines(keepends=True)
    last = {"other": lines[0], "shorter": lines[2][:-3], "gone": b""}[changed]
    desk.file.write_bytes(b"".join([*lines[:2], last]))
    with pytest.raises(Refused, match="changed while it was being sent"):
        client.create(made)
    assert (made.handed_over, desk.batches()) == (False, [])


def test_a_process_that_may_no_longer_send_breaks_off(desk: Desk, index: Index, client: BatchesClient) -> None:
    """Losing the lease in the middle of a body ends the create before its end."""
    desk.write(3)

    def stop() -> None:
        raise Refused("taken over")

    with pytest.raises(Refused, match="taken over"):
        client.create(body(desk, index, stop))
    assert desk.batches() == []


@pytest.mark.parametrize(
    "answer",
    ["", "{}", "[]", "<html>", '{"data": 1}', '{"data": [], "has_more": "no"}', '{"data": [{}], "has_more": false}'],
)
def test_a_list_that_is_none_is_not_believed(desk: Desk, client: BatchesClient, answer: str) -> None:
    """An odd page ends the search: nothing is taken for 'there is no such batch'."""
    desk.site.sandbox.fail_next(200, path=CREATE, method="GET", body=answer)
    with pytest.raises(CallFailed) as caught:
        client.newest(SystemClock().now())
    assert (caught.value.problem.check, caught.value.retry) == ("api.untrusted-answer", False)


def test_pages_that_repeat_end(desk: Desk, client: BatchesClient) -> None:
    """A list without end is not read without end."""
    desk.write(1)
    desk.submit()
    shown = {key: value for key, value in desk.site.sandbox.batches()[0].items() if key != "custom_ids"}
    page = {"data": [shown], "has_more": True, "first_id": shown["id"], "last_id": shown["id"]}
    desk.site.sandbox.fail_next(200, path=CREATE, method="GET", count=None, body=page)
    with pytest.raises(CallFailed, match="repeat"):
        client.newest(SystemClock().now().replace(year=2020))


def test_an_endless_answer_is_cut(desk: Desk, client: BatchesClient) -> None:
    """An answer about one batch is not read past a few megabytes."""
    desk.site.sandbox.fail_next(200, path=f"{CREATE}/*", method="GET", body="x" * 5_000_000)
    with pytest.raises(CallFailed, match="too long"):
        client.retrieve("msgbatch_1")


@pytest.mark.parametrize(
    "row",
    [
        "no json",
        "{}",
        '{"custom_id": 7, "result": {"type": "expired"}}',
        '{"custom_id": "\\ud800", "result": {"type": "expired"}}',
        '{"custom_id": "r1"}',
    ],
)
def test_results_that_are_none_are_not_believed(desk: Desk, row: str) -> None:
    """A line of the results that is none ends the command, and the job can be resumed."""
    desk.write(1)
    desk.site.sandbox.fail_next(200, path=f"{CREATE}/*/results", method="GET", body=row)
    with pytest.raises(ModelgateError, match="of the results"):
        desk.run()
    assert not desk.out.exists()
    desk.run()
    assert desk.outcomes() == {"r1": "succeeded"}


def test_results_for_strangers_are_not_believed(desk: Desk) -> None:
    """A batch that we made and that holds results for other requests is told, and never written."""
    desk.write(1)
    row = '{"custom_id": "x", "result": {"type": "expired"}}'
    desk.site.sandbox.fail_next(200, path=f"{CREATE}/*/results", method="GET", body=row)
    with pytest.raises(ModelgateError, match="holds results for requests that were not in it"):
        desk.run()
    assert not desk.out.exists()


def test_a_second_row_for_one_request_is_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Of two rows for the same request the first counts."""
    desk.write(1)
    job = desk.submit()
    name = f"{job.row.token}-1"
    rows = [json.dumps({"custom_id": name, "result": {"type": kind}}) for kind in ("canceled", "expired")]
    desk.site.sandbox.fail_next(200, path=f"{CREATE}/*/results", method="GET", body="\n".join(rows))
    desk.run(resends=0)
    assert desk.outcomes() == {"r1": "canceled"}
    assert "holds a second result for r1" in caplog.text


def test_a_lease_that_was_taken_over_is_noticed(each_desk: Desk) -> None:
    """A process that was stopped for so long that another took its job over sends nothing more."""
    world = each_desk.site.world()
    store, clock = Ledger(world).store(), SystemClock()
    with Lease(Ledger(world), "job_1", "slow", clock) as lease:
        lease.check()
        mine = store.lease("batch:job_1")
        assert mine is not None
        store.give_back_lease("batch:job_1", mine[0])
        assert store.take_lease("batch:job_1", "quick, process 7 abc", 60).startswith("quick")
        with pytest.raises(Refused, match="is with quick, process 7"):
            wait_until_lost(lease)
    assert store.take_lease("batch:job_1", "third", 60).startswith("quick")


def test_an_interrupt_does_not_wait_for_a_store_that_is_busy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after Ctrl-C goes on while the lease is still being given back."""
    monkeypatch.setattr(lease_module, "GIVE_BACK_SECONDS", 120.0)
    lease = Lease(Ledger(desk.site.world()), "job_1", "here", SystemClock())
    with closing(sqlite3.connect(desk.site.folder / "modelgate.db", isolation_level=None)) as busy:
        lease.__enter__()
        busy.execute("BEGIN IMMEDIATE")
        lease.__exit__(Interrupted, Interrupted(signal.SIGINT), None)
        [giving_back] = [thread for thread in threading.enumerate() if thread.name == "modelgate-lease-end"]
    giving_back.join(60)
    assert desk.site.store().take_lease("batch:job_1", "another", 60) == "another"


def test_a_retry_after_of_nothing_is_no_reason_to_ask_without_a_pause(desk: Desk) -> None:
    """An API that cannot serve and says `retry-after: 0` is asked once a second at most."""
    desk.site.sandbox.configure(batch_polls=0)
    desk.write(1)
    job = desk.submit()
    desk.site.sandbox.add_fault(status=503, headers={"retry-after": "0"}, count=5, method="GET", path=f"{CREATE}/*")
    before = desk.site.clock.ahead
    desk.resume(job)
    assert desk.site.clock.ahead - before == timedelta(seconds=5)


def test_results_never_replace_the_requests(desk: Desk) -> None:
    """`--out` that leads to the file of requests, by a link too, is refused before anything is sent."""
    desk.write(2)
    written = desk.file.read_bytes()
    desk.out.symlink_to(desk.file)
    with pytest.raises(UsageError, match="would replace the requests"):
        desk.run()
    assert desk.jobs() == []
    job = desk.submit()
    with pytest.raises(UsageError, match="would replace the requests"):
        desk.resume(job)
    assert desk.file.read_bytes() == written


def test_a_file_without_requests_is_told(desk: Desk, index: Index) -> None:
    """An empty file, or one of empty lines, is a problem of its own."""
    desk.file.write_text("\n\n")
    assert [(p.line, p.reason) for p in scan.scan(desk.file, RULES, index, SentIds(None)).problems] == [
        (1, "the file holds no request")
    ]


def test_more_problems_than_anybody_reads_are_counted(desk: Desk, index: Index) -> None:
    """The first thousand are told, the others counted."""
    desk.write([request("") for _ in range(1500)])
    found = scan.scan(desk.file, RULES, index, SentIds(None))
    assert (len(found.problems), found.further_problems) == (1000, 500)


@pytest.mark.parametrize("name", ["folder", "pipe"])
def test_only_a_file_can_be_read_more_than_once(desk: Desk, name: str) -> None:
    """A pipe, which nothing could be read from twice, is told like a folder, and not waited for."""
    path = desk.site.folder / name
    if name == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(UsageError, match=f"{name} is no regular file"):
        operations.run(desk.site.world(), "summarizer", path, desk.out, desk.progress)


def test_a_file_that_is_gone_when_it_is_sent_is_told(desk: Desk) -> None:
    """It is no failure of the connection, and is not tried again and again."""
    desk.write(2)
    desk.progress = Meddling(desk.file.unlink)
    with pytest.raises(UsageError, match=r"requests\.jsonl: No such file or directory"):
        desk.run()
    assert (desk.batches(), desk.jobs()[0].parts[0].state) == ([], "planned")


def test_a_link_stays_a_link(desk: Desk) -> None:
    """Results go to where a link points; the link is not replaced."""
    desk.write(1)
    desk.out.symlink_to(desk.site.folder / "elsewhere.jsonl")
    desk.run()
    assert (desk.out.is_symlink(), len(desk.rows())) == (True, 1)


def test_results_can_go_to_a_pipe(desk: Desk) -> None:
    """A pipe or a device is written to: a file in its place would be of no use, and /dev/null would be gone."""
    desk.write(2)
    os.mkfifo(desk.out)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.extend(desk.out.read_text().splitlines()), daemon=True)
    reader.start()
    desk.run()
    reader.join(60)
    assert (len(read), desk.out.is_fifo()) == (2, True)


WITHOUT_ROOM = """
import resource
from modelgate.batches.index import Index, Place
from modelgate.domain.errors import UsageError
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
index = Index()
try:
    for n in range(300_000):
        index.add(n, Place(f"{n:064}", n, n, n))
except UsageError as error:
    print(error, "->", error.hint)
"""


def test_no_room_for_the_places_of_the_requests_is_told() -> None:
    """A full folder for temporary files is no defect, and the hint says how to use another."""
    told = subprocess.run([sys.executable, "-B", "-c", WITHOUT_ROOM], capture_output=True, text=True, check=True).stdout
    assert told.startswith("no room for the places of the requests: ")
    assert "SQLITE_TMPDIR=" in told
