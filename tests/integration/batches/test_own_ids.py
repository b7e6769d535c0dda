"""What is sent carries IDs of the job's own, mapped back; other forms of jobs, older versions, other people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text
from support.desk import MODEL, Desk, Meddling, request
from support.schemas import database

from modelgate.batches import operations, scan
from modelgate.batches.index import Index
from modelgate.batches.job import Job, job_id
from modelgate.batches.lease import Lease
from modelgate.batches.ledger import Ledger
from modelgate.batches.requests import RequestRules
from modelgate.batches.sent_ids import SentIds
from modelgate.batches.split import split
from modelgate.clock import SystemClock
from modelgate.domain.batches import OWN_IDS, BatchEventRow, BatchJobRow, BatchPartRow
from modelgate.domain.errors import StoreProblem

CREATE = "/v1/messages/batches"
NAMES = ["größe/1 漢字", "👩‍🔬", "-\n\"'\\ \x1b[31m", "x" * 256]


def test_any_text_is_a_custom_id(each_desk: Desk) -> None:
    """Callers name requests as they like; the API is sent the job's own IDs, and the results have the callers'."""
    each_desk.write([request(name) for name in NAMES])
    job = each_desk.run()
    assert list(each_desk.outcomes()) == NAMES
    sent = [batch["custom_ids"] for batch in each_desk.site.sandbox.batches()]
    assert sent == [[f"{job.row.token}-{number}" for number in range(1, 5)]]
    assert len(bytes.fromhex(job.row.token or "")) == 16
    answers = [row["result"]["message"]["content"][0]["text"] for row in each_desk.rows()]
    assert answers == [f"The sandbox's answer to {name}." for name in NAMES]


def test_ids_are_mapped_wherever_they_stand_in_a_row() -> None:
    """Each of the job's own, also in a message of an error; others and longer numbers stay as they are."""
    ids = SentIds("ab" * 16)
    names = {1: "eins", 12: 'a"b'}
    row = json.dumps({"custom_id": ids.of(12, ""), "m": f"as {ids.of(1, '')}, {ids.of(7, '')} and {'cd' * 16}-1"})
    assert json.loads(ids.mapped(row.encode(), names.get)) == {
        "custom_id": 'a"b',
        "m": f"as eins, {ids.of(7, '')} and {'cd' * 16}-1",
    }
    assert [ids.position(sent) for sent in (ids.of(12, ""), f"{ids.token}-012", f"{ids.token}-", "r1", "x-1")] == [
        12, None, None, None, None,
    ]  # fmt: skip


def test_two_teams_that_number_alike_get_their_own_answers(desk: Desk) -> None:
    """Another program's batch with the same custom_ids, made while our answer was lost, is never taken for ours."""
    import anthropic

    def theirs() -> None:
        rows: Any = [request(f"r{number}") for number in (1, 2)]
        for row in rows:
            row["params"]["model"] = MODEL
        with anthropic.Anthropic(base_url=desk.site.sandbox.url, api_key="k", max_retries=0) as client:
            client.messages.batches.create(requests=rows)

    desk.write(2)
    desk.progress = Meddling(theirs)
    desk.site.sandbox.add_fault(cut="before", method="POST", path=CREATE, skip=1)
    job = desk.run()
    ours = [each for each in desk.site.sandbox.batches() if each["custom_ids"][0].startswith(job.row.token or "-")]
    assert [each["id"] for each in ours] == [job.parts[0].batch_id]
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded"}


def test_a_foreign_row_does_not_keep_good_ones_back(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Rows for requests that were not sent are left out and told; the others count."""
    desk.write(2)
    job = desk.submit()
    names = [f"{job.row.token}-1", "stranger-7", f"{job.row.token}-2"]
    rows = "\n".join(json.dumps({"custom_id": name, "result": {"type": "expired"}}) for name in names)
    desk.site.sandbox.fail_next(200, path=f"{CREATE}/*/results", method="GET", body=rows)
    desk.resume(job, resends=0)
    assert desk.outcomes() == {"r1": "expired", "r2": "expired"}
    assert "holds 1 results for requests that were not in it: left out" in caplog.text


def older_job(desk: Desk) -> Job:
    """A job as an older version recorded it."""
    world, ledger = desk.site.world(), Ledger(desk.site.world())
    index = Index()
    scanned = scan.scan(desk.file, RequestRules(MODEL, MODEL), index, SentIds(None))
    (part,) = split(index.sizes())
    now, new = world.clock.now(), job_id(world.scope, "summarizer", scanned.digest, 0)
    origin = desk.site.sandbox.url
    row = BatchJobRow(new, "summarizer", MODEL, MODEL, origin, scanned.digest, str(desk.file), 3, 1, now)
    ledger.add([row, BatchPartRow(new, 1, 1, part.positions, part.requests, part.bytes, now)])
    return ledger.job(new)


def test_a_job_of_the_old_form_goes_on_as_it_began(each_desk: Desk) -> None:
    """Its callers' own custom_ids are sent, and its rows keep their form."""
    each_desk.write(3)
    older = older_job(each_desk)
    job = each_desk.run()
    assert (job.id, job.row.token, job.row.form) == (older.id, None, 1)
    assert [batch["custom_ids"] for batch in each_desk.site.sandbox.batches()] == [["r1", "r2", "r3"]]
    assert list(each_desk.outcomes()) == ["r1", "r2", "r3"]
    (found,) = each_desk.site.store().batch_jobs(each_desk.site.scope())
    assert {event.form for event in found[2]} == {1}


def test_the_database_keeps_older_versions_from_jobs_with_ids_of_their_own(each_desk: Desk) -> None:
    """The lease that they take and the events that they write are refused: could not know (3), and nothing is sent."""
    each_desk.write(2)
    job = each_desk.submit()
    world = each_desk.site.world()
    with pytest.raises(StoreProblem) as refused, Lease(Ledger(world), job.id, "older", SystemClock()):
        pass
    assert refused.value.exit_code == 3
    with pytest.raises(StoreProblem):
        Ledger(world).add([BatchEventRow(job.id, 0, 0, "cancel-asked", world.clock.now())])
    url = each_desk.site.database_url
    forms = database(url).run(
        lambda connection: connection.execute(text("SELECT form FROM batch_events")).scalars().all()
    )
    assert set(forms) == {3}
    assert operations.cancel(world, job.id).canceled


class LaterJob(BatchJobRow):
    """A job of a form that this version does not know."""

    @property
    def form(self) -> int:
        """One more than is known."""
        return OWN_IDS + 1


def test_a_job_of_a_later_form_is_left_to_later_versions(each_desk: Desk) -> None:
    """Whatever is asked of it ends with 3, and the same file is not sent anew."""
    each_desk.write(2)
    world = each_desk.site.world()
    new = job_id(world.scope, "summarizer", scan.digest(each_desk.file), 0)
    row = LaterJob(new, "summarizer", MODEL, MODEL, "o", "d", str(each_desk.file), 2, 1, world.clock.now())
    Ledger(world).add([row])
    for ask in (each_desk.run, each_desk.submit, each_desk.jobs, lambda: operations.cancel(world, new)):
        with pytest.raises(StoreProblem, match=f"{new} is for later versions of modelgate") as refused:
            ask()
        assert refused.value.exit_code == 3
    assert each_desk.creates() == 0
