"""No secret gets out: canaries stand wherever secrets are kept, and everything that is ever written is searched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import environment, run
from scene import ALIASED, Place, Scene
from support.databases import PostgreSQL
from support.fault_server import Fault, FaultServer, Wire, answer, error, healthy

CANARY = "canary7f3a"
"""In every secret, and nowhere else."""
FORMATS = ("text", "json", "sarif", "junit", "github", "markdown")
REASON = ("--reason", "tested")


def _echo(wire: Wire, status: int) -> None:
    """A gateway that repeats what it was sent, as some do in an error."""
    sent = json.dumps(wire.request.headers)
    wire.send(answer(status, error("authentication_error", f"bad headers: {sent}")))


def _echo_messages(wire: Wire) -> None:
    """A gateway that lists models as it should, and repeats in an error what a probe sent."""
    if "messages" in wire.request.target:
        _echo(wire, 400)
    else:
        wire.send(healthy(wire.request))


APIS = {
    "healthy": None,
    "echoes-401": Fault("echo", lambda wire: _echo(wire, 401)),
    "echoes-200": Fault("echo", lambda wire: wire.send(answer(200, wire.request.headers))),
    "redirects": Fault("trap", lambda wire: wire.send(answer(307, b"", location="http://127.0.0.1:9/elsewhere"))),
    "resets": Fault("reset", Wire.reset),
    "echoes-probes": Fault("echo", _echo_messages),
}
COMMANDS = (
    *(("check", "--format", form, "--report", f"{form}=report.{form}") for form in FORMATS),
    ("preflight", "--emit-env", "pins.env", "--emit-json", "pins.json", "--", "true"),
    ("accept", "--all", *REASON),
    ("rollback", "main", "--to", "claude-sonnet-4-6", "--yes", *REASON),
    ("release", "--all", "--keep", "--yes", *REASON),
    ("lock", "--force"),
    ("status", "--format", "json"),
    ("history", "--format", "json"),
    ("upgrade", "--newer", "--format", "json"),
    ("models", "--format", "json"),
    ("resolve", "claude-haiku-4-5"),
    ("audit", "verify"),
    ("audit", "export"),
    ("db", "upgrade"),
    ("probe", "--format", "json"),
    ("probe", "--live", "--yes"),
    ("evidence", "list", "--format", "json"),
    ("batch", "run", "requests.jsonl", "--slot", "main", "--out", "results.jsonl"),
)


def by_variable(folder: Path) -> dict[str, str]:
    """The key, a token and a gateway's header in variables."""
    return {"ANTHROPIC_API_KEY": f"sk-{CANARY}", "ANTHROPIC_CUSTOM_HEADERS": f"X-Gateway-Token: {CANARY}"}


def by_token(folder: Path) -> dict[str, str]:
    """A token alone."""
    return {"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": f"token-{CANARY}"}


def by_profile(folder: Path) -> dict[str, str]:
    """A profile of the SDK that somebody logged in to."""
    home = folder / ".config" / "anthropic"
    for name, content in {
        "configs": {"authentication": {"type": "user_oauth"}},
        "credentials": {"type": "oauth_token", "access_token": f"at-{CANARY}", "refresh_token": f"rt-{CANARY}"},
    }.items():
        (home / name).mkdir(parents=True)
        (home / name / "default.json").write_text(json.dumps(content))
        (home / name / "default.json").chmod(0o600)
    return {"ANTHROPIC_API_KEY": ""}


def by_file(folder: Path) -> dict[str, str]:
    """The key in a file that the settings name."""
    (folder / "key").write_text(f"sk-{CANARY}\n")
    with (folder / "config" / "prod.toml").open("a") as settings:
        settings.write(f'\n[api]\nkey_file = "{folder}/key"\n')
    return {"ANTHROPIC_API_KEY": ""}


def by_proxy(folder: Path) -> dict[str, str]:
    """A proxy that wants a password, and is not there."""
    return {"HTTP_PROXY": f"http://user:{CANARY}@127.0.0.1:9", "HTTPS_PROXY": f"http://user:{CANARY}@127.0.0.1:9"}


SECRETS = (by_variable, by_token, by_profile, by_file, by_proxy)


def written(scene: Scene) -> dict[str, bytes]:
    """Every file that the commands left."""
    kept = {scene.folder / "key", scene.folder / "password"}
    home = scene.folder / ".config"
    files = [path for path in scene.folder.rglob("*") if path.is_file() and path not in kept]
    return {str(path): path.read_bytes() for path in files if home not in path.parents}


def search(scene: Scene, environ: dict[str, str], commands: tuple[tuple[str, ...], ...] = COMMANDS) -> int:
    """Runs the commands, talkative as can be, and searches what they print and leave; how many there were."""
    talkative = {"ANTHROPIC_LOG": "debug", "MODELGATE_DEBUG": "1", "GITHUB_STEP_SUMMARY": str(scene.folder / "summary")}
    (scene.folder / "requests.jsonl").write_text('{"custom_id": "r1", "params": {"max_tokens": 1, "messages": []}}\n')
    for command in commands:
        ended = run(scene.folder, environ | talkative, "--log-level", "debug", *command, "-e", "prod")
        assert CANARY not in ended.printed, command
        assert ended.code in (0, 1, 2, 3), ended.printed
    assert [name for name, content in written(scene).items() if CANARY.encode() in content] == []
    return len(commands)


def _matrix() -> list[object]:
    """Every keeper of secrets with every API; the bounded part has each of either once."""
    return [
        pytest.param(secrets, api, id=f"{secrets.__name__}-{api}", marks=[] if row == column else [pytest.mark.whole])
        for row, secrets in enumerate(SECRETS)
        for column, api in enumerate(APIS)
    ]


@pytest.mark.parametrize(("secrets", "api"), _matrix())
def test_no_secret_of_the_api_gets_out(secrets: object, api: str, place: Place, request: pytest.FixtureRequest) -> None:
    """Whichever way the key comes and whatever the API does with it, no output, log, file or row holds it."""
    everything = request.config.getoption("--fire", default=False)
    chosen = COMMANDS if everything else COMMANDS[SECRETS.index(secrets) :: 6]
    with FaultServer(APIS[api]) as server:
        scene = place.scene("sqlite", server.base_url, ALIASED, deadline_seconds=2)
        environ = scene.environ | secrets(scene.folder)
        assert search(scene, environ, chosen) == len(chosen)
        if secrets is not by_proxy:
            assert any(CANARY in str(request.headers) for request in server.requests) or not server.requests


@pytest.mark.slow
@pytest.mark.timeout(1800)  # the whole starts 170 commands
def test_the_password_of_the_database_does_not_get_out(
    place: Place, postgresql: PostgreSQL, request: pytest.FixtureRequest
) -> None:
    """In the URL or in a file, right or wrong, to a server that is there or not: no output, file or row holds it.

    All commands but bulk work, which waits for a store that is away longer than a test does.
    """
    everything = request.config.getoption("--fire", default=False)
    postgresql.require_password("leaky", f"right-{CANARY}")
    url = postgresql.create()
    name = url.rpartition("/")[2].partition("?")[0]
    postgresql.execute("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO leaky", name)
    where = url.partition("@")[2]
    with FaultServer() as server:
        scene = place.scene("sqlite", server.base_url, deadline_seconds=3)
        (scene.folder / "password").write_text(f"right-{CANARY}\n")
        for environ in (
            {"MODELGATE_DATABASE_URL": f"postgresql://leaky:right-{CANARY}@{where}"},
            {"MODELGATE_DATABASE_URL": f"postgresql://leaky:wrong-{CANARY}@{where}"},
            {"MODELGATE_DATABASE_URL": f"postgresql://leaky:{CANARY}@127.0.0.1:9/audit"},
            {"MODELGATE_DATABASE_URL": f"postgresql://leaky:{CANARY}@127.0.0.1:nine/audit"},
            {"MODELGATE_DATABASE_URL": f"postgresql://leaky:{CANARY}@[::1/audit"},
            {"MODELGATE_DATABASE_URL": f"postgresql://leaky:{CANARY}@127.0.0.1:9/audit?odd=1&password={CANARY}"},
            {"MODELGATE_DATABASE_URL": f"mysql://leaky:{CANARY}@127.0.0.1/audit"},
            {"MODELGATE_DATABASE_URL": f"leaky:{CANARY}"},
            {
                "MODELGATE_DATABASE_URL": f"postgresql://leaky@{where}",
                "MODELGATE_DATABASE__PASSWORD_FILE": str(scene.folder / "password"),
            },
            {"MODELGATE_DATABASE_URL": f"postgresql://leaky@{where}", "PGPASSWORD": f"wrong-{CANARY}"},
        ):
            assert search(scene, scene.environ | environ, COMMANDS[:-1] if everything else COMMANDS[:1])
    tables = postgresql.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", name)
    rows = [row for (table,) in tables for row in postgresql.execute(f"SELECT t::text FROM {table} t", name)]
    assert rows
    assert [row for row in rows if CANARY in row[0]] == []


LIBRARY = """
import logging, traceback, modelgate
logging.basicConfig(level=logging.DEBUG)
for ask in (modelgate.check, modelgate.preflight):
    try:
        report = ask("prod")
        print(report)
        report.raise_for_refusal()
    except modelgate.ModelgateError:
        traceback.print_exc()
"""


@pytest.mark.parametrize(
    "api", [api if api in ("healthy", "echoes-401") else pytest.param(api, marks=pytest.mark.whole) for api in APIS]
)
def test_a_program_that_logs_everything_logs_no_secret(api: str, place: Place) -> None:
    """The library under a root logger at debug, where every library tells all, and whole traces of exceptions."""
    with FaultServer(APIS[api]) as server:
        scene = place.scene("sqlite", server.base_url, ALIASED, deadline_seconds=2)
        for more in (
            by_variable(scene.folder),
            {"MODELGATE_DATABASE_URL": f"postgresql://gate:{CANARY}@127.0.0.1:9/audit"},
        ):
            environ = environment(scene.folder, scene.environ | more | {"ANTHROPIC_LOG": "debug"})
            command = [sys.executable, "-c", LIBRARY]
            done = subprocess.run(command, cwd=scene.folder, env=environ, capture_output=True, text=True, check=False)
            assert "checkout" in done.stdout
            assert [line for line in (done.stdout + done.stderr).splitlines() if CANARY in line] == []


def test_no_secret_of_the_suite_itself_is_in_the_environment() -> None:
    """The tests' own processes start without anybody's key."""
    assert [name for name in os.environ if name.startswith("ANTHROPIC_")] == []
