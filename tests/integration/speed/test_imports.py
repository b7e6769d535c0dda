"""What a reused run imports. A line more in these lists is start-up time for every pod of every fleet: weigh it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.sites import Site

SCRIPT = """\
import atexit, sys
before = set(sys.modules)
atexit.register(lambda: print(*sorted(set(sys.modules) - before)))
from modelgate.cli.start import main
sys.argv = ["modelgate", "preflight", "-e", "prod"]
main()
"""
LIBRARIES = {
    "annotated_types",
    "click",
    "dotenv",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "sqlalchemy",
    "typing_extensions",
    "typing_inspection",
}
DRIVERS = {"sqlite": set(), "postgresql": {"psycopg", "psycopg_binary"}}
MODULES_OF_OURS = 96
"""The ceiling of what a reused run may load of our own modules."""


def imported(site: Site, verb: str = "preflight") -> set[str]:
    """The modules that a preflight, or a check, of the installed command loads."""
    environ = {**site.environ, "PATH": os.environ["PATH"], "MODELGATE_CONFIG_DIR": str(site.config)}
    command = [sys.executable, "-c", SCRIPT.replace("preflight", verb)]
    done = subprocess.run(command, env=environ, cwd=site.folder, capture_output=True, text=True, timeout=120)
    assert "PASS" in done.stdout, done.stdout + done.stderr
    return set(done.stdout.splitlines()[-1].split())


def libraries(modules: set[str]) -> set[str]:
    """The top-level packages among them that come with neither Python nor modelgate; an underscore marks a part."""
    tops = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"modelgate", "cython_runtime"}
    return {name for name in tops if not name.startswith("_")}


def test_a_reused_run_imports_this_and_nothing_else(site: Site) -> None:
    """Neither the SDK, nor alembic, nor rich, nor the other database's dialect; and no module of ours that idles."""
    site.preflight()
    site.sandbox.forget_requests()
    modules = imported(site)
    database = site.database_url.partition(":")[0]
    other = {"sqlite": "postgresql", "postgresql": "mysql"}[database]
    assert libraries(modules) == LIBRARIES | DRIVERS[database]
    ours = sorted(name for name in modules if name.startswith("modelgate."))
    assert len(ours) <= MODULES_OF_OURS, ours
    assert f"sqlalchemy.dialects.{other}" not in modules
    assert site.sandbox.requests() == []


@pytest.mark.parametrize("verb", ["check", "preflight"])
def test_a_gate_without_samples_and_evidence_pays_nothing_for_them(site: Site, verb: str) -> None:
    """Not one module of theirs, and not one question more to the store or the API, where no setting asks for them."""
    site.accept("summarizer")
    modules = imported(site, verb)
    theirs = ("evidence", "sample", "samples", "needs", "probe", "proof", "redaction")
    assert sorted(name for name in modules if name.startswith("modelgate.") and name.rpartition(".")[2] in theirs) == []
    assert [each["path"] for each in site.sandbox.requests() if "messages" in each["path"]] == []


def test_a_run_that_asks_imports_the_sdk_and_no_migrations(site: Site) -> None:
    """The SDK comes with the first question; alembic never comes where the store is up to date."""
    site.preflight()
    site.environ["ANTHROPIC_API_KEY"] = "another-key"
    modules = imported(site)
    assert {name: name in modules for name in ("anthropic", "alembic", "rich")} == {
        "anthropic": True,
        "alembic": False,
        "rich": False,
    }


def test_the_sdk_is_imported_while_a_server_is_waited_for(tmp_path: Path) -> None:
    """A database that takes a connection and says nothing: the SDK's client is there all the same."""
    (tmp_path / "prod.toml").write_text(
        'service = "checkout"\n[policy]\ndeadline_seconds = 600\n[slots.summarizer]\nmodel = "claude-sonnet-4-6"\n'
    )
    with socket.create_server(("127.0.0.1", 0)) as database:
        url = f"postgresql://gate@127.0.0.1:{database.getsockname()[1]}/modelgate"
        environ = {**os.environ, "MODELGATE_DATABASE_URL": url, "ANTHROPIC_API_KEY": "any"}
        words = ["-X", "importtime", "-m", "modelgate", "check", "-e", "prod", "--config-dir"]
        process = subprocess.Popen(
            [sys.executable, *words, str(tmp_path)],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            connection, _ = database.accept()
            with connection:
                assert process.stderr is not None
                assert any(line.endswith(" anthropic._base_client\n") for line in process.stderr), "it ended before"
        finally:
            process.kill()
            process.communicate()
