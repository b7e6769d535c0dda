"""A fleet of 10,000 services with ten slots each on PostgreSQL: what looks at all of them, and readers of its pages."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from measuring import MODELGATE, Command, gate_environ, sandbox
from seeding import SLOTS, seed_fleet
from stores import DATABASES, store

SCOPES = 10_000
ALIASES = 20
READERS = 20
PAGES_EACH = 30
DUE = "claude-sonnet-4-5-20250929"
"""What a few slots of each service run, and what retires soon."""
ASKED = {
    "watch, the first look": ["watch"],
    "watch, the next one": ["watch"],
    "fleet --model": ["fleet", "--model", DUE, "--format", "json"],
    "fleet --due 30": ["fleet", "--due", "30", "--format", "json"],
    "fleet": ["fleet", "--format", "json"],
}
_PAGES = ("/", "/?q=svc_0042", "/service/svc_00042/prod", f"/model?id={DUE}", "/retirements")


def measure(resolutions: int) -> Iterator[dict[str, Any]]:
    """One result for each command, and one for the pages. `resolutions`: how many rows of them."""
    if "postgresql" not in DATABASES:
        return
    with ExitStack() as stack:
        api, url = stack.enter_context(sandbox()), stack.enter_context(store("postgresql"))
        for number in range(ALIASES):
            api.move_alias(f"claude-fleet-{number}", "claude-sonnet-5")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        seed_fleet(url, SCOPES, resolutions // (SCOPES * SLOTS), api.url, DUE, ALIASES)
        api.deprecate(DUE, retires_in_days=20)
        size = {"scopes": SCOPES, "slots": SCOPES * SLOTS, "resolutions": resolutions}
        environ = gate_environ(api, url)
        for name, words in ASKED.items():
            api.forget_requests()
            cost = Command([*MODELGATE, *words], folder, environ, codes=(0, 1)).run()
            yield {**size, "what": name, "requests": len(api.requests()), **asdict(cost)}
        yield {**size, "what": f"a page, {READERS} readers, 95th percentile", "requests": 0, **_read(folder, environ)}


def _read(folder: Path, environ: dict[str, str]) -> dict[str, Any]:
    with _served(folder, environ) as (url, process):
        with ThreadPoolExecutor(READERS) as readers:
            took = [seconds for each in readers.map(lambda n: _reader(url, n), range(READERS)) for seconds in each]
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return {"seconds": quantiles(took, n=100)[94], "cpu_seconds": 0.0, "peak_mb": peak}


def _reader(url: str, number: int) -> list[float]:
    took = []
    for page in range(PAGES_EACH):
        started = time.perf_counter()
        with urlopen(url + _PAGES[(number + page) % len(_PAGES)], timeout=120) as answer:
            answer.read()
        took.append(time.perf_counter() - started)
    return took


@contextmanager
def _served(folder: Path, environ: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    command = Command([*MODELGATE, "serve", "--port", "18787"], folder, environ)
    process = subprocess.Popen(command.words, cwd=folder, env=command.variables, stdout=sys.stderr)
    url = "http://127.0.0.1:18787"
    try:
        for _ in range(600):
            try:
                with urlopen(f"{url}/healthz", timeout=10) as answer:
                    if answer.status == 200:
                        break
            except (URLError, OSError):
                time.sleep(0.5)
        yield url, process
    finally:
        process.terminate()
        process.wait()
