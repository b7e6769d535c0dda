"""`modelgate batch`, as it is typed: output, exit codes, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import in_process
from support.desk import MODEL, Desk, request
from support.sites import Site

from modelgate.sandbox import Sandbox

PRICES = f'[prices."{MODEL}"]\ninput = 1.5\noutput = 7.5\n'
RUN = ("run", "requests.jsonl", "--slot", "summarizer", "--out", "results.jsonl")


@pytest.fixture
def desk(tmp_path: Path, modelgate_sandbox: Sandbox, sqlite_url: str) -> Desk:
    """A desk whose slot is approved."""
    site = Site(tmp_path, modelgate_sandbox, sqlite_url)
    site.asks(summarizer=MODEL, more=PRICES, policy={"deadline_seconds": 120})  # the machine may be busy
    site.accept("summarizer")
    return Desk(site)


def environ(desk: Desk) -> dict[str, str]:
    """What the command sees."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELGATE_", "NO_COLOR"))}
    return kept | desk.site.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm"}


def words(*arguments: str) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "modelgate", "batch", arguments[0], "-e", "prod", *arguments[1:]]


def batch(desk: Desk, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    done = in_process(*words(*arguments)[3:], folder=desk.site.folder, environ=environ(desk))
    assert done.returncode == expect, done.stderr
    return done


def test_a_key_a_beta_and_what_failed(desk: Desk) -> None:
    """As they are typed: a key is one job, a beta goes into the header, and only what failed is sent again."""
    desk.plan({"r2": ["errored:out_of_credit"]})
    desk.write(3)
    how = (*RUN, "--key", "night 1", "--beta", "x-1", "--format", "json")
    told = json.loads(batch(desk, *how, expect=1).stdout)
    assert (told["key"], told["betas"], told["errored"]) == ("night 1", ["x-1"], {"billing_error": 1})
    resume = ("resume", told["job"], "--out", "results.jsonl", "--format", "json")
    assert json.loads(batch(desk, *resume, expect=1).stdout)["succeeded"] == 2
    assert json.loads(batch(desk, *resume, "--only", "failed").stdout)["succeeded"] == 3
    creates = [each for each in desk.site.sandbox.requests() if each["method"] == "POST"]
    assert [each["betas"] for each in creates] == ["x-1", "x-1"]
    desk.write(2)
    refused = batch(desk, *how, expect=2)
    assert "the key 'night 1' is " in refused.stderr
    batch(desk, *RUN, "--key", "night 1", "--again", expect=2)


def test_the_account_of_all_jobs(desk: Desk) -> None:
    """`stats` without a job, by model; `--strict` ends with 1 where an answer was refused, of one job and of all."""
    desk.plan({"r2": "succeeded:refusal"})
    desk.write(3)
    job = json.loads(batch(desk, *RUN, "--format", "json").stdout)["job"]
    batch(desk, *RUN, "--strict", expect=1)
    told = json.loads(batch(desk, "stats", "--by", "model", "--format", "json").stdout)
    assert [(group["name"], group["refused"]) for group in told["groups"]] == [(MODEL, 1)]
    batch(desk, "stats", "--strict", expect=1)
    batch(desk, "stats", job, "--strict", expect=1)
    batch(desk, "stats", "--since", "2099-01-01", "--strict")
    batch(desk, "stats", job, "--by", "day", expect=2)


def test_a_run_ends_with_its_statistics(desk: Desk) -> None:
    """Text for people, JSON for programs, log lines on standard error, and exit code 1 for what failed."""
    desk.plan({"r2": "errored:invalid_request_error"})
    desk.write(3)
    first = batch(desk, *RUN, expect=1)
    assert re.search(r"succeeded +2\n", first.stdout)
    assert "errored: invalid_request_error  1" in first.stdout
    logged = [json.loads(line) for line in first.stderr.splitlines()]
    assert "1 of 1 batches ended, 3 of 3 requests" in logged[-2]["message"]
    known = {"slot": "summarizer", "model": MODEL, "part": 1, "batch_id": desk.site.sandbox.batches()[0]["id"]}
    cause = {"failure_reason": "invalid_request_error", "requests": 1, "example": "r2"}
    assert (known | cause).items() <= logged[-1].items()
    assert all(line["job_id"] == desk.jobs()[0].id for line in logged)
    told = json.loads(batch(desk, *RUN, "--format", "json", expect=1).stdout)
    assert (told["schema"], told["state"], told["succeeded"]) == ("modelgate.batch/1", "finished", 2)
    assert (told["errored"], told["model"]) == ({"invalid_request_error": 1}, MODEL)
    assert told["cost_usd"] > 0
    assert "secret prompt" not in first.stdout + first.stderr


def test_the_ledger_is_shown(desk: Desk) -> None:
    """`submit` prints the job; `list`, `show`, `stats` and `resume` take it from there."""
    desk.write(2)
    job = batch(desk, "submit", "requests.jsonl", "--slot", "summarizer").stdout.strip()
    assert re.fullmatch(r"job_[0-9a-f]{16}", job)
    assert [each["job"] for each in json.loads(batch(desk, "list", "--format", "json").stdout)] == [job]
    assert job in batch(desk, "list").stdout
    shown = json.loads(batch(desk, "show", job, "--format", "json").stdout)
    assert (shown["state"], [part["state"] for part in shown["parts"]]) == ("waiting", ["sent"])
    assert shown["parts"][0]["batch_id"] in batch(desk, "show", job).stdout
    batch(desk, "resume", job, "--out", "results.jsonl")
    assert json.loads(batch(desk, "stats", job, "--format", "json").stdout)["succeeded"] == 2
    assert "succeeded  2" in batch(desk, "stats", job).stdout
    assert len(desk.rows()) == 2
    assert "it is finished: nothing was sent" in batch(desk, "submit", "requests.jsonl", "--slot", "summarizer").stderr


def test_a_job_can_be_canceled(desk: Desk) -> None:
    """`cancel` says what comes next; a finished job cannot be canceled."""
    desk.site.sandbox.configure(batch_seconds=3600)
    desk.write(2)
    job = batch(desk, "submit", "requests.jsonl", "--slot", "summarizer").stdout.strip()
    assert f"batch resume {job} -s checkout -e prod --out FILE" in batch(desk, "cancel", job).stdout
    batch(desk, "resume", job, "--out", "results.jsonl", expect=1)
    assert desk.outcomes() == {"r1": "canceled", "r2": "canceled"}
    assert "is finished" in batch(desk, "cancel", job, expect=1).stderr


def test_bad_files_are_told_line_by_line(desk: Desk) -> None:
    """Every problem comes with file and line, in one go, with exit code 2."""
    desk.write([request("a", top_k=1), request("b"), request("b")])
    told = batch(desk, *RUN, expect=2).stderr.splitlines()
    assert told[:2] == [
        "requests.jsonl:1: params.top_k is refused by this API version",
        "requests.jsonl:3: custom_id 'b' stands on line 2 too",
    ]
    assert told[2] == "error: requests.jsonl: 2 problems, nothing was sent"


def test_a_full_disk_loses_nothing(desk: Desk) -> None:
    """Results for which there is no room are told; nothing is left behind, and with room the same command goes on."""
    desk.write(2500)
    before = sorted(path.name for path in desk.site.folder.iterdir())
    full = subprocess.run(
        words(*RUN),
        cwd=desk.site.folder,
        env=environ(desk),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, 800_000)),
    )
    assert (full.returncode, "Traceback" in full.stderr) == (2, False)
    assert "cannot keep the results: File too large" in full.stderr
    assert sorted(path.name for path in desk.site.folder.iterdir()) == before
    batch(desk, *RUN)
    assert (len(desk.rows()), desk.creates()) == (2500, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "requests.jsonl", "--slot", "summarizer"), "--out is needed"),
        (("run", "no.jsonl", "--slot", "summarizer", "--out", "o"), "no.jsonl: No such file or directory"),
        (("run", "requests.jsonl", "--slot", "sumarizer", "--out", "o"), "did you mean summarizer?"),
        (("run", "requests.jsonl", "--slot", "summarizer", "--out", "no/folder/o"), "cannot write no/folder/o"),
    ],
)
def test_wrong_usage_is_told(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    """A mistake on the command line is exit code 2 and one clear sentence."""
    desk.write(1)
    assert said in batch(desk, *arguments, expect=2).stderr


def test_an_unknown_job_is_told(desk: Desk) -> None:
    """A job that the ledger does not have is exit code 1, with a hint."""
    assert "modelgate batch list" in batch(desk, "show", "job_x", expect=1).stderr


def test_a_dry_run_tells_the_split(desk: Desk) -> None:
    """Parts, bytes and an estimate with the prices of the settings; nothing is sent or written down."""
    desk.write(2)
    assert "nothing was sent" in batch(desk, "run", "requests.jsonl", "--slot", "summarizer", "--dry-run").stdout
    told = json.loads(
        batch(desk, "run", "requests.jsonl", "--slot", "summarizer", "--dry-run", "--format", "json").stdout
    )
    assert (told["requests"], told["parts"][0]["positions"], told["job"]) == (2, "1-2", None)
    assert told["bytes"] == told["parts"][0]["bytes"]
    assert told["estimate"]["max_output_tokens"] == 200
    assert desk.creates() == 0


def started_waiting(desk: Desk) -> None:
    """Returns once the command has asked for its batch."""
    until = time.monotonic() + 120
    while not any("/batches/" in each["path"] for each in desk.site.sandbox.requests()):
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_the_job_running(desk: Desk, number: signal.Signals, code: int) -> None:
    """Without a terminal there is no question: the job goes on, and the command says how to go on with it."""
    desk.site.sandbox.configure(batch_seconds=3600)
    desk.write(2)
    process = subprocess.Popen(
        words(*RUN),
        cwd=desk.site.folder,
        env=environ(desk),
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    started_waiting(desk)
    process.send_signal(number)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert re.search(
        r"goes on without this process: modelgate batch resume job_\w+ -s checkout -e prod --out FILE", told
    )
    assert "Traceback" not in told
    assert not desk.out.exists()
    assert [b["cancel_initiated_at"] for b in desk.site.sandbox.batches()] == [None]


def test_an_interrupt_in_the_middle_of_a_create_loses_nothing(desk: Desk) -> None:
    """A signal while the API is busy with a create ends the command; the next run finds out what came of it."""
    desk.site.sandbox.add_fault(method="POST", path="/v1/messages/batches", delay_ms=3000)
    desk.write(2)
    process = subprocess.Popen(words(*RUN), cwd=desk.site.folder, env=environ(desk), stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not desk.creates() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=60)[1]
    assert (process.returncode, "Traceback" in told) == (130, False)
    time.sleep(3.5)  # what may still arrive has arrived
    desk.site.sandbox.advance(700)  # and if nothing did, ten minutes at the API say so
    batch(desk, *RUN)
    assert desk.batches() == [["r1", "r2"]]
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded"}


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: our end and the command's."""
    ours, its = pty.openpty()
    yield ours, its
    os.close(ours)


@pytest.mark.parametrize(("answer", "canceled"), [(b"\n", False), (b"cancel\n", True)])
def test_ctrl_c_asks_at_a_terminal(desk: Desk, terminal: tuple[int, int], answer: bytes, canceled: bool) -> None:
    """The question's default leaves the job running; the other answer cancels it. No bar is drawn over it."""
    desk.site.sandbox.configure(batch_seconds=3600)
    desk.write(2)
    ours, its = terminal
    process = subprocess.Popen(
        words(*RUN), cwd=desk.site.folder, env=environ(desk), stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    started_waiting(desk)
    process.send_signal(signal.SIGINT)
    shown = read_until(ours, b"Leave it running, or cancel it?")
    assert b"batches ended" not in shown.partition(b"goes on without")[2]
    os.write(ours, answer)
    shown += read_until(ours, None)
    assert process.wait(60) == 130
    assert (b"is being canceled" in shown) is canceled
    assert all(bool(b["cancel_initiated_at"]) is canceled for b in desk.site.sandbox.batches())


def read_until(terminal: int, wanted: bytes | None) -> bytes:
    """What the terminal shows, up to `wanted` or its end."""
    shown = b""
    while wanted is None or wanted not in shown:
        if not select.select([terminal], [], [], 60)[0]:
            raise AssertionError(f"the terminal shows no more than {shown!r}")
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux: the other end was closed
            chunk = b""
        if not chunk:
            break
        shown += chunk
    return shown
