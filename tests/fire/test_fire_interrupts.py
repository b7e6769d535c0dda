"""SIGTERM, Ctrl-C and `kill -9` at any moment of any command: it ends, whole, and without a trace."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from commands import Ended, await_handlers, await_that, end, run, start
from scene import ALIASED, Place, Scene
from support.fault_server import CANONICAL
from support.faults import FAULTS, Fault, FaultServer, Wire

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells by /proc when to interrupt")

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SECONDS = 10.0
"""Past a signal, after which a command counts as hanging. It takes a tenth of one where nothing else runs."""
REASON = ("--reason", "tested")
REQUESTS = '{"custom_id": "r1", "params": {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}}\n'
BATCH = ("batch", "run", "requests.jsonl", "--slot", "main", "--out", "results.jsonl")
ASKING = (
    ("check",),
    ("preflight", "--emit-json", "pins.json", "--emit-env", "pins.env"),
    ("preflight", "--wait", "10m"),
    ("accept", "--all", *REASON),
    ("rollback", "main", "--to", CANONICAL, "--yes", *REASON),
    ("lock", "--force"),
    ("upgrade", "--newer", "--write"),
    ("models",),
    ("resolve", CANONICAL),
    BATCH,
)
"""Commands that ask the API."""
STORING = (
    ("check",),
    ("preflight",),
    ("preflight", "--wait", "10m"),
    ("accept", "--all", *REASON),
    ("rollback", "main", "--to", CANONICAL, "--unverified", "--yes", *REASON),
    ("release", "--all", "--keep", "--yes", *REASON),
    ("status",),
    ("history",),
    ("diff", "prod", "prod"),
    ("audit", "verify"),
    ("audit", "head"),
    ("audit", "export"),
    ("db", "upgrade"),
    ("db", "current"),
    ("db", "check"),
    ("batch", "list"),
    BATCH,
)
"""Commands that ask the store."""


def interrupted(
    record: Callable[[str, object], None], process: subprocess.Popen[bytes], number: signal.Signals
) -> Ended:
    """What a process came to that was sent a signal now; no trace, and it did not hang."""
    sent = time.monotonic()
    process.send_signal(number)
    ended = end(process)
    seconds = time.monotonic() - sent
    record("seconds to end", round(seconds, 2))
    assert seconds < SECONDS
    assert "Traceback" not in ended.printed
    assert "Exception ignored" not in ended.printed
    return ended


def leftovers(folder: Path) -> list[str]:
    """Files that were begun and not finished."""
    return sorted(
        path.name for path in folder.iterdir() if path.name.startswith(".") or path.suffix in {".json", ".env"}
    )


@pytest.fixture
def scene(place: Place) -> Scene:
    """A scene on SQLite whose API is never reached."""
    made = place.scene("sqlite", "http://127.0.0.1:9", ALIASED, deadline_seconds=60)
    (made.folder / "requests.jsonl").write_text(REQUESTS)
    return made


def named(
    commands: Sequence[tuple[str, ...]], signals: Sequence[signal.Signals] = SIGNALS, *, turn: int = 0, turns: int = 1
) -> list[object]:
    """Each command with each signal. The bounded part has with one of them each command whose turn it is."""
    return [
        pytest.param(
            command,
            number,
            id=f"{'-'.join(command[:2])}-{number.name}",
            marks=[
                pytest.mark.fault("interrupt"),
                *(
                    []
                    if (place % turns, number) == (turn, signals[place // turns % len(signals)])
                    else [pytest.mark.whole]
                ),
            ],
        )
        for place, command in enumerate(commands)
        for number in signals
    ]


@pytest.mark.parametrize(("command", "number"), named(ASKING))
def test_while_the_api_hangs(command: tuple[str, ...], number: signal.Signals, scene: Scene, record_property) -> None:
    """Interrupted while the API says nothing: 130 or 143, no file, the chain fits."""
    with FaultServer(FAULTS["hang-in-body"]) as server:
        scene.base_url = server.base_url
        process = start(scene.folder, scene.environ, *command, "-e", "prod")
        await_that(lambda: server.requests or process.poll() is not None)
        ended = interrupted(record_property, process, number)
    assert (ended.code, ended.out) == (128 + number, "")
    assert leftovers(scene.folder) == []
    assert scene.is_whole()


@contextlib.contextmanager
def silent_server() -> Iterator[tuple[str, list[socket.socket]]]:
    """The URL of a database server that lets everybody in and says nothing, and who came."""
    came: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                came.append(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"postgresql://gate@127.0.0.1:{listener.getsockname()[1]}/audit?sslmode=disable", came
    for each in came:
        each.close()


@pytest.mark.parametrize(("command", "number"), named(STORING, turn=0, turns=2))
def test_while_the_database_server_hangs(
    command: tuple[str, ...], number: signal.Signals, scene: Scene, record_property
) -> None:
    """Interrupted while a server says nothing to the first message of a connection."""
    with silent_server() as (url, came):
        scene.database_url = url
        process = start(scene.folder, scene.environ, *command, *scoped(command))
        await_that(lambda: came or process.poll() is not None)
        ended = interrupted(record_property, process, number)
    assert (ended.code, ended.out) == (128 + number, "")


@pytest.mark.parametrize(("command", "number"), named(STORING, turn=1, turns=2))
def test_while_the_file_is_locked(
    command: tuple[str, ...], number: signal.Signals, scene: Scene, record_property
) -> None:
    """Interrupted while another process keeps the SQLite file to itself."""
    path = scene.database_url.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        process = start(scene.folder, scene.environ, *command, *scoped(command))
        await_handlers(process)
        await_that(lambda: opens(process, path) or process.poll() is not None)
        time.sleep(0.3)
        ended = interrupted(record_property, process, number)
    assert (ended.code, ended.out) == (128 + number, "")
    assert scene.is_whole()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.fault("interrupt")
def test_while_a_walk_over_the_chain_meets_a_lock(number: signal.Signals, scene: Scene, record_property) -> None:
    """`audit export` reads page by page; it waits for a lock inside SQLite, where Python hears no signal."""
    path = scene.database_url.removeprefix("sqlite:///")
    process = start(scene.folder, scene.environ, "audit", "export", "-e", "prod")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        await_that(lambda: opens(process, path) or process.poll() is not None)
        other.execute("PRAGMA busy_timeout = 20000")
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(0.5)
        ended = interrupted(record_property, process, number)
    assert ended.code in (0, 128 + number)
    assert scene.is_whole()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.fault("interrupt")
def test_while_a_batch_hangs(number: signal.Signals, scene: Scene, record_property) -> None:
    """The gate has passed, and the API says nothing to what is asked about batches."""
    hangs = Fault("hang", Wire.hang)
    with FaultServer(hangs, at="batches") as server:
        scene.base_url = server.base_url
        process = start(scene.folder, scene.environ, *BATCH, "-e", "prod")
        await_that(lambda: any("batches" in r.target for r in server.requests) or process.poll() is not None)
        time.sleep(0.3)
        ended = interrupted(record_property, process, number)
    assert (ended.code, ended.out) == (128 + number, "")
    assert scene.is_whole()


def scoped(command: tuple[str, ...]) -> tuple[str, ...]:
    """How a command is told its environment."""
    return () if command[0] == "diff" else ("-e", "prod")


def opens(process: subprocess.Popen[bytes], path: str) -> bool:
    """Whether the process has the file open."""
    with contextlib.suppress(OSError):
        return any(os.readlink(each) == path for each in Path(f"/proc/{process.pid}/fd").iterdir())
    return False


MOMENTS = (
    ("check",),
    ("preflight", "--emit-json", "pins.json", "--emit-env", "pins.env"),
    ("accept", "--all", *REASON),
    ("rollback", "main", "--to", CANONICAL, "--yes", *REASON),
    ("lock", "--force"),
    ("status", "--format", "json"),
    ("audit", "verify"),
    ("db", "upgrade"),
    ("explain", "drift.alias-moved"),
)
"""Commands that are interrupted anywhere."""


@pytest.mark.parametrize(("command", "number"), named(MOMENTS, (*SIGNALS, signal.SIGKILL), turns=2))
def test_at_a_random_moment(
    command: tuple[str, ...], number: signal.Signals, scene: Scene, request: pytest.FixtureRequest, record_property
) -> None:
    """Anywhere in a command that would succeed: it ended before, or it is interrupted and left nothing half done."""
    tries = 12 if request.config.getoption("--fire", default=False) else 1
    chance = random.Random(f"{command} {number}")
    with FaultServer() as server:
        scene.base_url = server.base_url
        began = time.monotonic()
        whole = run(scene.folder, scene.environ, *command, *(scoped(command) if command[0] != "explain" else ()))
        lasts = time.monotonic() - began
        assert whole.code == 0, whole.printed
        for _ in range(tries):
            for name in ("pins.json", "pins.env"):
                (scene.folder / name).unlink(missing_ok=True)
            process = start(
                scene.folder, scene.environ, *command, *(scoped(command) if command[0] != "explain" else ())
            )
            await_handlers(process)
            time.sleep(chance.uniform(0, lasts))
            ended = interrupted(record_property, process, number)
            assert ended.code in (0, -number, 128 + number), ended.printed
            assert scene.is_whole()
            for path in scene.config.iterdir():
                path.read_bytes().decode()
            if number != signal.SIGKILL:
                assert [name for name in leftovers(scene.folder) if name.startswith(".")] == []


FINALIZING = """
import signal, sys, time, weakref
from modelgate.cli.start import interrupts
from modelgate.domain.errors import Interrupted

class Thing:
    pass

interrupts.handle()
thing = Thing()
reference = weakref.ref(thing, lambda _: signal.raise_signal(int(sys.argv[1])))
try:
    del thing
    time.sleep(30)
except Interrupted as interrupted:
    print(interrupted.exit_code)
"""


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.fault("interrupt")
def test_in_a_finalizer(number: signal.Signals) -> None:
    """Python loses what is raised there; the command hears of the interrupt all the same, and prints no trace."""
    done = subprocess.run(
        [sys.executable, "-c", FINALIZING, str(int(number))], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{128 + number}\n", "")


IN_A_LIBRARY = """
import signal, sys
from modelgate.cli.group import cli
from modelgate.cli.start import main

number = int(sys.argv.pop())

def command(**_):
    try:
        signal.raise_signal(number)
    except BaseException:
        raise ValueError("a library's own words") from None

cli.get_command(None, "explain").callback = command
main()
"""


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.fault("interrupt")
def test_in_a_library_that_makes_another_exception_of_it(number: signal.Signals) -> None:
    """As pydantic makes a SchemaError of what is raised while it builds a validator: an interrupt, and no defect."""
    command = [sys.executable, "-c", IN_A_LIBRARY, "explain", "drift.alias-moved", str(int(number))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")
