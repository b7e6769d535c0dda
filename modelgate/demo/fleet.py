"""The fleet's story: forty services, ninety days, and what a watch and a page tell of them."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from modelgate.clock import SystemClock
from modelgate.demo.stage import DemoFailed, Stage, environment_for
from modelgate.gate.context import Context, prepare
from modelgate.gate.run import run_gate
from modelgate.operations.rollback import Terms, rollback
from modelgate.operations.rollback_target import Target
from modelgate.render.style import Style
from modelgate.sandbox.server import API_KEY, Sandbox

SERVICES = (
    "checkout", "search", "support", "billing", "catalog", "fraud", "mail", "reports", "mobile", "ledger",
    "pricing", "returns", "reviews", "loyalty", "imports", "exports", "voice", "legal", "hiring", "wiki",
    "alerts", "batcher", "claims", "docs", "events", "feeds", "grants", "helpdesk", "images", "jobs",
    "kiosk", "leads", "maps", "news", "orders", "parcels", "quotes", "rooms", "stock", "tickets",
)  # fmt: skip
ENVIRONMENTS = ("dev", "staging", "prod")
ALIAS, MEANT, MOVED_TO = "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-5"
RETIRING = "claude-sonnet-4-6"
_ASKS = (("claude-opus-5", ALIAS), ("claude-opus-5", RETIRING), ("claude-sonnet-5", "claude-opus-5"))
"""What the slots `summarizer` and `grader` of a service ask for, in turns."""
HELD, SILENT = "support", "wiki"


class _Past(SystemClock):
    """The machine's clock, so many days ago."""

    def __init__(self, days: float) -> None:
        self._ago = timedelta(days=days)

    def now(self) -> datetime:
        """That instant."""
        return super().now() - self._ago


def play(style: Style) -> None:
    """Plays the whole story. Raises DemoFailed if a step does not end as it should."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory(prefix="modelgate-demo-") as name:
        stage = Stage(Path(name), environ_of(sandbox, Path(name)), style)
        stage.tell("Forty services in three environments start behind their gates for ninety days. One moment …")
        seed(stage.folder, sandbox)
        stage.tell("Who runs what? The audit store knows; nobody's settings are needed.")
        stage.type("modelgate fleet --due 30")
        stage.type(f"modelgate fleet --model {MOVED_TO}")
        stage.tell("A watch looks at everybody with one list of the Models API, and tells what is new.")
        stage.type("modelgate watch", expect=1)
        stage.tell("The next one finds the same, and has no news: nobody is told twice.")
        stage.type("modelgate watch", expect=1)
        stage.type("modelgate audit verify --notices")
        stage.tell("The same as pages, for a phone at night and for a meeting.")
        with serving(stage.folder, dict(stage.environ)) as address:
            stage.tell(f"modelgate serve: {address}")
            if sys.stdout.isatty():
                stage.tell("Open it in a browser; Ctrl-C ends the demonstration.")
                while True:
                    SystemClock().sleep(1)
        stage.tell("That was the demonstration: real gates, a real audit store, and a stand-in of the API.")


def environ_of(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The variables of everybody in the story."""
    url = f"sqlite:///{folder}/modelgate.db"
    return environment_for(sandbox.url, API_KEY) | {"MODELGATE_DATABASE_URL": url}


def seed(folder: Path, sandbox: Sandbox) -> None:
    """Ninety days of starts, then a retirement that comes, an alias that moves, a hold, and a service gone silent."""
    environ = environ_of(sandbox, folder)
    for number, asks in enumerate(_ASKS):
        config = folder / f"config-{number}"
        config.mkdir()
        slots = zip(("summarizer", "grader"), asks, strict=True)
        text = "".join(f'[slots.{slot}]\nmodel = "{reference}"\n' for slot, reference in slots)
        for environment in ENVIRONMENTS:
            (config / f"{environment}.toml").write_text(f'[policy]\nfirst_use = "accept"\n{text}')
    for number, service in enumerate(SERVICES):
        for place, environment in enumerate(ENVIRONMENTS):
            first = 61 + number % 29
            for days in (first,) if service == SILENT else (first, (number * 3 + place) % 20 + 0.5):
                run_gate(_context(folder, environ, number, environment, days), "preflight")
    sandbox.deprecate(RETIRING, retires_in_days=25)
    run_gate(_context(folder, environ, SERVICES.index("search"), "prod", 0.1), "check")  # one gate sees it coming
    sandbox.move_alias(ALIAS, MOVED_TO)
    held = SERVICES.index(HELD)
    target = Target("claude-opus-5")
    terms = Terms(reason="INC-42: answers in the wrong language")
    rollback(_context(folder, environ, held, "prod", 0.1), ("grader",), target, terms)
    run_gate(_context(folder, environ, held, "prod", 0), "preflight")


def _context(folder: Path, environ: dict[str, str], number: int, environment: str, days: float) -> Context:
    service = SERVICES[number]
    host = {"POD_NAME": f"{service}-{environment}-7f9c", "MODELGATE_ACTOR": "deploy-bot"}
    config = folder / f"config-{number % len(_ASKS)}"
    return prepare({**environ, **host}, service=service, environment=environment, config_dir=config, clock=_Past(days))


@contextmanager
def serving(folder: Path, environ: dict[str, str]) -> Iterator[str]:
    """The address of a `modelgate serve` that answers, on a port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "modelgate", "serve", "--port", str(port)]
    process = subprocess.Popen(words, cwd=folder, env=environ, stderr=subprocess.DEVNULL)  # noqa: S603 # our own
    address = f"http://127.0.0.1:{port}/"
    try:
        _wait_for(f"{address}healthz", process)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 # loopback
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            SystemClock().sleep(0.1)
    raise DemoFailed("`modelgate serve` did not answer; is its port taken?")
