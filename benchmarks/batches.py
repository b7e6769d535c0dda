"""Memory and throughput of batches: 100,000 requests of 2 KB against the sandbox, each command in its own process.

    python benchmarks/batches.py [--requests N] [--json FILE]

Beside it, in the same run: what the SDK's own `batches.create` with the same requests as a list needs, and what one
call of the middleware `CallLog` costs. Ends with 1 if a limit is passed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from modelgate import CallLog
from modelgate.sandbox.server import API_KEY, Sandbox
from modelgate.telemetry import LOGGER, JsonFormatter

MODEL = "claude-sonnet-4-6"
SETTINGS = f'service = "bench"\n[policy]\nfirst_use = "accept"\n[slots.summarizer]\nmodel = "{MODEL}"\n'
BASELINE = """
import json, sys
from anthropic import Anthropic
requests = [json.loads(line) for line in open(sys.argv[1])]
for request in requests:
    request["params"]["model"] = sys.argv[2]
print(Anthropic(max_retries=0).messages.batches.create(requests=requests).id)
"""
LIMITS = {"submit": 150.0, "collect": 150.0}
"""Megabytes of peak memory. And `submit` may use no more CPU than the SDK's own create of a list."""
BESIDE = "SDK's create with a list"
CALL_LOG_LIMIT = 100.0
"""Microseconds a call."""


def write_requests(path: Path, number: int) -> None:
    """Requests of 2,000 bytes each."""
    with path.open("w") as file:
        for n in range(number):
            message = {"role": "user", "content": "x" * 1895}
            file.write(
                json.dumps({"custom_id": f"r{n:07}", "params": {"max_tokens": 100, "messages": [message]}}) + "\n"
            )


def measured(words: list[str], folder: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """Peak memory in megabytes, seconds of CPU and of the clock, and the output of one process."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen([sys.executable, *words], cwd=folder, env=dict(environ), stdout=told, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        output = told.read().strip()
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {output}")
    return {
        "peak_mb": round(usage.ru_maxrss / 1024, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "seconds": round(time.perf_counter() - started, 1),
        "output": output,
    }


def batches(number: int) -> dict[str, dict[str, Any]]:
    """Submit and collect, and the SDK's own create as a baseline."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config").mkdir()
        (folder / "config" / "prod.toml").write_text(SETTINGS)
        write_requests(folder / "requests.jsonl", number)
        sandbox.configure(retry_after="0")
        environ = os.environ | {"ANTHROPIC_BASE_URL": sandbox.url, "ANTHROPIC_API_KEY": API_KEY}
        command = ["-m", "modelgate", "--log-level", "error", "batch"]
        submit = ["submit", "requests.jsonl", "-e", "prod", "--slot", "summarizer"]
        submitted = measured([*command, *submit], folder, environ)
        resume = ["resume", submitted["output"].splitlines()[-1], "-e", "prod", "--out", "results.jsonl"]
        collected = measured([*command, *resume], folder, environ)
        rows = sum(1 for _ in (folder / "results.jsonl").open("rb"))
        if rows != number:
            raise SystemExit(f"{rows} rows for {number} requests")
        baseline = measured(["-c", BASELINE, "requests.jsonl", MODEL], folder, environ)
    return {"submit": submitted, "collect": collected, BESIDE: baseline}


def call_log_microseconds(calls: int = 5000) -> float:
    """The median CPU time that the middleware adds to one call, the JSON line included."""
    logger, handler = logging.getLogger(LOGGER), logging.FileHandler(os.devnull)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    usage = SimpleNamespace(input_tokens=1, output_tokens=2, cache_read_input_tokens=3, cache_creation_input_tokens=4)
    message = SimpleNamespace(type="message", model=MODEL, usage=usage)
    response: Any = SimpleNamespace(
        is_closed=True, status_code=200, headers={"request-id": "req_1"}, parse=lambda: message
    )
    request: Any = SimpleNamespace(json={"model": MODEL}, url="/v1/messages", method="post", retries_taken=0)
    log = CallLog({"summarizer": MODEL})
    took = []
    for _ in range(calls // 100):
        started = time.thread_time()
        for _ in range(100):
            log.handle(request, lambda _request: response)
        took.append((time.thread_time() - started) / 100)
    logger.removeHandler(handler)
    return statistics.median(took) * 1e6


def main() -> int:
    """Measures, prints a table, writes JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    found = batches(wanted.requests)
    microseconds = call_log_microseconds()
    print(f"{'':26}{'peak MB':>9}{'limit':>7}{'CPU s':>8}{'s':>7}{'requests/s':>12}")
    for name, row in found.items():
        rate = wanted.requests / row["seconds"]
        limit = f"{LIMITS[name]:.0f}" if name in LIMITS else "-"
        print(f"{name:26}{row['peak_mb']:>9}{limit:>7}{row['cpu_seconds']:>8}{row['seconds']:>7}{rate:>12,.0f}")
    print(f"{'CallLog, one call':26}{microseconds:>9.1f} µs, limit {CALL_LOG_LIMIT:.0f} µs")
    figures = {name: {key: value for key, value in row.items() if key != "output"} for name, row in found.items()}
    if wanted.json:
        wanted.json.write_text(
            json.dumps({"requests": wanted.requests, "batches": figures, "call_log_us": microseconds}, indent=2)
        )
    within = all(found[name]["peak_mb"] < limit for name, limit in LIMITS.items())
    cheap = found["submit"]["cpu_seconds"] <= found[BESIDE]["cpu_seconds"]
    return 0 if within and cheap and microseconds < CALL_LOG_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
