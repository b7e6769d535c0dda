"""The gate beside the plain script: 1, 10 and 50 slots against an API that answers in 0, 100 and 300 ms."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measuring import MODELGATE, Command, gate_environ, in_turns, sandbox

from modelgate.sandbox.control_client import SandboxControl

SLOTS = (1, 10, 50)
LATENCIES = (0, 100, 300)
LIBRARIES = (sys.executable, "-c", "import sqlalchemy, pydantic_settings")
SDK = (sys.executable, "-c", "import anthropic")
PLAIN = str(Path(__file__).with_name("plain_script.py"))
_MODULES = """
import atexit, sys
atexit.register(lambda: print(len(sys.modules), "anthropic" in sys.modules, "alembic" in sys.modules))
from modelgate.cli.start import main
sys.argv = ["modelgate", "preflight", "-e", sys.argv[1]]
main()
"""


def settings(slots: int, reuse_seconds: int) -> str:
    """Every second slot asks for an alias of its own, the others for a canonical ID.

    The deadline is for fleets: 200 processes at once on a few cores outlast the default.
    """
    text = (
        f'service = "bench"\n[policy]\nfirst_use = "accept"\nreuse_seconds = {reuse_seconds}\ndeadline_seconds = 240\n'
    )
    return text + "".join(f'[slots.slot_{n}]\nmodel = "{_reference(n)}"\n' for n in range(slots))


def _reference(number: int) -> str:
    return f"bench-alias-{number}" if number % 2 else f"bench-model-{number}-20261001"


def populate(api: SandboxControl) -> None:
    """Models and aliases for fifty slots."""
    for number in range(0, max(SLOTS), 2):
        api.add_model(_reference(number))
        api.move_alias(_reference(number + 1), _reference(number))


def measure(rounds: int) -> Iterator[dict[str, Any]]:
    """One result for each number of slots and latency."""
    with sandbox() as api, tempfile.TemporaryDirectory() as name:
        populate(api)
        folder = Path(name)
        (folder / "config").mkdir()
        environ = gate_environ(api, "sqlite:///modelgate.db")
        for slots in SLOTS:
            commands = _commands(folder, slots, environ)
            for latency in LATENCIES:
                api.configure(latency_ms=latency)
                costs = in_turns(commands, rounds)
                requests = {each: _requests(api, commands[each]) for each in ("plain", "cold", "reused")}
                modules = {each: _modules(commands[each]) for each in ("cold", "reused")}
                yield {
                    "slots": slots,
                    "latency_ms": latency,
                    "costs": {each: asdict(cost) for each, cost in costs.items()},
                    "requests": requests,
                    "modules": modules,
                }


def _commands(folder: Path, slots: int, environ: dict[str, str]) -> dict[str, Command]:
    for environment, reuse_seconds in ((f"cold{slots}", 0), (f"reused{slots}", 86400)):
        (folder / "config" / f"{environment}.toml").write_text(settings(slots, reuse_seconds))

    def gate(environment: str) -> Command:
        return Command([*MODELGATE, "preflight", "-e", f"{environment}{slots}"], folder, environ)

    plain = Command([sys.executable, PLAIN, f"config/cold{slots}.toml"], folder, environ)
    libraries, sdk = Command(LIBRARIES, folder), Command(SDK, folder)
    return {"plain": plain, "cold": gate("cold"), "reused": gate("reused"), "libraries": libraries, "sdk": sdk}


def _requests(api: SandboxControl, command: Command) -> int:
    api.forget_requests()
    command.run()
    return len(api.requests())


def _modules(command: Command) -> dict[str, Any]:
    words = [sys.executable, "-c", _MODULES, command.words[-1]]
    done = subprocess.run(words, cwd=command.folder, env=command.variables, capture_output=True, text=True)
    count, sdk, alembic = done.stdout.split()[-3:]
    return {"modules": int(count), "anthropic": sdk == "True", "alembic": alembic == "True"}
