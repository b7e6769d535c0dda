"""Exchanges that other projects recorded, replayed through the code over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.desk import Desk

from modelgate import api
from modelgate.api.batch_answers import parse_page
from modelgate.api.batches import BatchesClient
from modelgate.batches import scan
from modelgate.batches.index import Index
from modelgate.batches.job import Job
from modelgate.batches.lease import Lease
from modelgate.batches.ledger import Ledger
from modelgate.batches.requests import RequestRules
from modelgate.batches.runner import Runner
from modelgate.batches.sent_ids import SentIds
from modelgate.batches.split import split
from modelgate.batches.work import Work
from modelgate.domain.batches import BatchJobRow, BatchPartRow
from modelgate.domain.errors import ModelgateError

RECORDED = Path(__file__).parents[4] / "shared" / "api"
SCENARIOS = {
    "curator__basic-batch-completion__8f26600e": "claude-3-5-sonnet-20241022",
    "ruby_llm__batch-with-anthropic-claude-haiku-4-5-answers-staged-chats-and-appends__fb5a49bf": (
        "claude-haiku-4-5-20251001"
    ),
}
LIST = "/v1/messages/batches"
NO_BATCHES: dict[str, Any] = {"status": 200, "response_headers": [], "body": '{"data": [], "has_more": false}'}
"""The list before a create, which no recording has."""
SKIPPED = {"content-encoding", "content-length", "transfer-encoding", "connection"}

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not beside this checkout")


def steps_of(name: str) -> list[dict[str, Any]]:
    """The exchanges of a scenario, in order."""
    steps: list[dict[str, Any]] = json.loads((RECORDED / "scenarios" / f"{name}.json").read_text())["steps"]
    return steps


@contextmanager
def replaying(steps: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that answers each request with the next recorded exchange of its method and path; what was not asked."""
    left = list(steps)

    class Replay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            path = urlsplit(self.path).path
            fitting = (s for s in left if s["method"] == self.command and urlsplit(s["uri"]).path == path)
            step = next(fitting, NO_BATCHES if (self.command, path) == ("GET", LIST) else None)
            assert step is not None
            if step in left:
                left.remove(step)
            content = step["body"].encode()
            self.send_response(step["status"])
            for name, value in step["response_headers"]:
                if name.lower() not in SKIPPED:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Keeps quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", left
    server.shutdown()
    server.server_close()


@contextmanager
def working(desk: Desk, url: str, sent: dict[str, Any], model_id: str) -> Iterator[Runner]:
    """A runner on a job of the recorded requests; the gate is not part of the recording."""
    desk.site.environ["ANTHROPIC_BASE_URL"] = url
    desk.write(sent["requests"])
    world, ledger = desk.site.world(), Ledger(desk.site.world())
    rules = RequestRules(model_id, sent["requests"][0]["params"]["model"])
    with (
        closing(Index()) as index,
        closing(api.connect(world.settings.api, environ=world.environ)) as sdk,
        Lease(ledger, "job_1", "here", world.clock) as lease,
    ):
        scanned = scan.scan(desk.file, rules, index, SentIds(None))
        assert scanned.problems == ()
        (part,) = split(index.sizes())
        now, digest, number = world.clock.now(), scanned.digest, scanned.requests
        row = BatchJobRow("job_1", "summarizer", rules.reference, model_id, url, digest, str(desk.file), number, 1, now)
        ledger.add([row, BatchPartRow("job_1", 1, 1, part.positions, part.requests, part.bytes, now)])
        job, client = ledger.job("job_1"), BatchesClient(sdk)
        work = Work(job, ledger, client, lease, index, desk.file, rules, world.clock, desk.progress)
        yield Runner(work, lambda _round: None, resends=0)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_recorded_batch_goes_all_the_way(name: str, desk: Desk) -> None:
    """Create, every question until the end, and the results: each recorded row is written as it came."""
    steps = steps_of(name)
    with (
        replaying(steps) as (url, left),
        working(desk, url, json.loads(steps[0]["request_body"]), SCENARIOS[name]) as runner,
    ):
        job: Job = runner.finish(desk.out)
    recorded = [json.loads(line) for line in steps[-1]["body"].splitlines()]
    assert sorted(desk.rows(), key=lambda row: row["custom_id"]) == sorted(recorded, key=lambda row: row["custom_id"])
    assert [step["uri"].rpartition("/")[2] for step in left if step is steps[-1]] == []
    stats = desk.stats(job)
    assert (stats.outcomes, stats.served) == ({"succeeded": len(recorded)}, {})
    assert stats.tokens.output == sum(row["result"]["message"]["usage"]["output_tokens"] for row in recorded)
    assert stats.batches[0].wall_seconds is not None


def test_a_recorded_create_is_understood(desk: Desk) -> None:
    """The answer to a create of January 2025."""
    steps = steps_of("anthropic__batch-cancel-setup__4cfbda9e")
    with (
        replaying(steps) as (url, left),
        working(desk, url, json.loads(steps[0]["request_body"]), "claude-3-haiku-20240307") as runner,
    ):
        job = runner.send()
    assert (left, job.parts[0].batch_id) == ([], "msgbatch_01D2sdL4qGoazrmSJSsrGMY4")


def test_a_recorded_list_is_understood() -> None:
    """A page of batches, running, canceled and ended."""
    page = parse_page((RECORDED / "recordings" / "batches_list__200__anthropic__batch-list__01.json").read_bytes())
    assert {batch.status for batch in page.batches} == {"in_progress", "ended"}
    assert all(batch.counts.total == 2 for batch in page.batches)


@pytest.mark.parametrize(
    ("name", "status", "message", "exit_code"),
    [
        ("429_spend_cap_no_retry_after_DOCS_EXAMPLE", 429, "the spend cap is reached: waiting does not help", 3),
        ("413_request_too_large_2025-10-25", 413, "the API refused part 1: HTTP 413", 1),
        ("403_permission_error_2026-04-21", 403, "the API refused the credentials: HTTP 403 permission_error", 3),
    ],
)
def test_recorded_refusals_made_no_batch(name: str, status: int, message: str, exit_code: int, desk: Desk) -> None:
    """A definite refusal is not looked for, and the part can be sent again."""
    body = (RECORDED / "errors" / f"{name}.json").read_text()
    uri = "https://api.anthropic.com/v1/messages/batches"
    step = {"method": "POST", "uri": uri, "status": status, "response_headers": [], "body": body}
    sent = {
        "requests": [
            {
                "custom_id": "a",
                "params": {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]},
            }
        ]
    }
    with (
        replaying([step]) as (url, left),
        working(desk, url, sent, "m") as runner,
        pytest.raises(ModelgateError, match=message) as caught,
    ):
        runner.send()
    assert (left, caught.value.exit_code) == ([], exit_code)
    assert desk.jobs()[0].parts[0].state == "planned"
