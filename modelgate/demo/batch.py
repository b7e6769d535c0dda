"""Bulk work that meets every trouble: bad lines, a lost answer, a kill, a batch that hides for a while.

Requests expire, meet an overload, are invalid, refused, or come when the account is out of credit.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from modelgate.clock import Deadline, SystemClock
from modelgate.demo.stage import DemoFailed, Stage, environment_for
from modelgate.render.style import Style
from modelgate.sandbox.server import API_KEY, Sandbox

REQUESTS, SECOND = 500, 40
_SETTINGS = """\
service = "checkout"

[slots.summarizer]
model = "claude-sonnet-4-6"

[prices."claude-sonnet-4-6"]  # made up, in US dollars per million tokens
input = 1.5
output = 7.5
"""
_RUN = "modelgate --log-format text batch run -e prod --slot summarizer requests.jsonl --out results.jsonl"
_CREATE = "/v1/messages/batches"
_PATIENCE_SECONDS = 120


def play(style: Style) -> None:
    """Plays the whole story. Raises DemoFailed if a step does not end as it should."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory(prefix="modelgate-demo-") as name:
        folder = Path(name)
        (folder / "config").mkdir()
        (folder / "config" / "prod.toml").write_text(_SETTINGS)
        _write(folder / "requests.jsonl", REQUESTS)
        stage = Stage(folder, environment_for(sandbox.url, API_KEY), style)
        _before(stage)
        _trouble(stage, sandbox)
        _after(stage, sandbox)
        _second(stage, sandbox)


def _write(path: Path, requests: int) -> None:
    messages = [{"role": "user", "content": "Summarize: the cat sat on the mat."}]
    lines = [{"custom_id": f"doc-{n}", "params": {"max_tokens": 200, "messages": messages}} for n in range(requests)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _before(stage: Stage) -> None:
    stage.tell("A file with mistakes that the API would report hours later, one row at a time.")
    bad = '{"custom_id": "doc 1", "params": {"max_tokens": 200, "temperature": 0.2, "model": "gpt-9"}}\nnot JSON\n'
    (stage.folder / "bad.jsonl").write_text(bad)
    stage.type('modelgate accept --all -e prod --reason "evals passed"')
    stage.type("modelgate batch run -e prod --slot summarizer bad.jsonl --out results.jsonl", expect=2)
    stage.tell(f"Now {REQUESTS} good requests. First a look at what would be sent.")
    stage.type(f"{_RUN} --dry-run")


def _trouble(stage: Stage, sandbox: Sandbox) -> None:
    outcomes = [
        (range(40), ["errored:overloaded_error"]),
        (range(40, 70), ["expired"]),
        (range(70, 74), "errored:overloaded_error"),
        (range(74, 80), "errored:invalid_request_error"),
        (range(80, 90), ["errored:out_of_credit"]),
        (range(90, 95), "succeeded:refusal"),
    ]
    sandbox.set_outcomes(rows={number + 1: outcome for numbers, outcome in outcomes for number in numbers})
    sandbox.configure(retry_after="1", batch_seconds=4)
    sandbox.lose_next_creates()
    stage.tell("The answer to the create gets lost on the way, and while the batch runs, the process is killed.")
    _killed_while_waiting(stage, sandbox, _RUN)
    stage.tell("The same command again goes on from the ledger. It sends again what expired or met an overload:")
    stage.tell("44 met an overload and 30 expired. 4 are overloaded each time; 6 are invalid and never sent again.")
    stage.type(_RUN, expect=1)
    stage.tell("10 came when the account was out of credit. Once somebody has paid, only what failed is sent again:")
    (job,) = _jobs(stage)
    stage.type(f"modelgate --log-format text batch resume {job} -e prod --only failed --out results.jsonl", expect=1)


def _second(stage: Stage, sandbox: Sandbox) -> None:
    stage.tell("Another night, under a key of its own. Minutes after its creation the batch answers 404 for a while.")
    _write(stage.folder / "second.jsonl", SECOND)
    sandbox.set_outcomes()
    sandbox.configure(batch_polls=6, batch_seconds=0)
    sandbox.add_fault(status=404, method="GET", path=f"{_CREATE}/*", skip=2, count=2)
    line = "modelgate --log-format text batch run -e prod --slot summarizer second.jsonl --out second-results.jsonl"
    stage.type(f"{line} --key night-2")
    stage.tell("Nothing of it is sent again by a task that is tried once more; and what both nights came to:")
    stage.type(f"{line} --key night-2")
    stage.type("modelgate batch stats -e prod --by slot")


def _jobs(stage: Stage) -> list[str]:
    """The IDs of all jobs."""
    words = [sys.executable, "-m", "modelgate", "batch", "list", "-e", "prod", "--format", "json"]
    told = subprocess.run(  # noqa: S603 # our own command line
        words, cwd=stage.folder, env=dict(stage.environ), capture_output=True, text=True, check=True
    )
    return [job["job"] for job in json.loads(told.stdout)]


def _after(stage: Stage, sandbox: Sandbox) -> None:
    rows = [json.loads(line)["custom_id"] for line in (stage.folder / "results.jsonl").read_text().splitlines()]
    if rows != [f"doc-{n}" for n in range(REQUESTS)]:
        raise DemoFailed("results.jsonl does not hold every request once, in order")
    sent = sum(batch["request_counts"]["succeeded"] for batch in sandbox.batches())
    if sent != REQUESTS - 10:
        raise DemoFailed(f"the API answered {sent} requests, not {REQUESTS - 10}: something was sent twice")
    creates = _creates(sandbox)
    stage.tell(f"results.jsonl holds {len(rows)} rows, each request once, in order; the API saw {creates} creates.")
    stage.tell("The same command once more writes the same results, and sends nothing.")
    stage.type(_RUN, expect=1)
    if _creates(sandbox) != creates:
        raise DemoFailed("a finished job was sent again")
    stage.type("modelgate batch list -e prod")
    stage.type("modelgate audit verify -e prod")


def _creates(sandbox: Sandbox) -> int:
    return sum(request["method"] == "POST" and request["path"] == _CREATE for request in sandbox.requests())


def _killed_while_waiting(stage: Stage, sandbox: Sandbox, line: str) -> None:
    """Starts the command, and kills it as soon as it has asked for its batch."""
    paint = stage.style.paint
    print(stage.style.fit(f"\n{paint('$', 'dim')} {paint(line, 'cyan')}"), flush=True)
    words = [sys.executable, "-m", *shlex.split(line)]
    process = subprocess.Popen(  # noqa: S603 # our own command line
        words, cwd=stage.folder, env=dict(stage.environ), stderr=subprocess.PIPE, text=True
    )
    patience = Deadline.after(_PATIENCE_SECONDS, SystemClock())
    while process.poll() is None and not any(r["path"].startswith(f"{_CREATE}/") for r in sandbox.requests()):
        if not patience.remaining:
            break
        patience.clock.sleep(0.05)
    process.kill()
    told = process.communicate()[1]
    sys.stdout.write(told)
    print(paint(f"killed (exit code {process.returncode})", "red"), flush=True)
    if process.returncode != -9:
        raise DemoFailed(f"`{line}` ended before it could be killed")
