"""Every failure of the audit store, before a run and in the middle of it: 3, with the cause; what is left is whole."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from commands import BOUND, Ended, environment
from scene import VERBS, Place, Scene, reasons
from store_faults import FAULTS, StoreFault, path_of
from support.databases import PostgreSQL
from support.fault_server import Fault, FaultServer, Wire, healthy
from support.proxies import Plan, proxied, through
from support.sites import PATIENT

from modelgate.domain.findings import Level, Verdict
from modelgate.domain.report import Report
from modelgate.domain.settings import Verb

SECONDS = 4.2
"""Of deadline. Half of it is the store's, which is more than the least that an attempt is given."""
HANGING = 15.0
"""Past the deadline: a run counts as hanging."""


def told(report: Report, check: str) -> None:
    """Asserts that the run could not know because of `check` alone, handed over nothing and did not hang."""
    assert (report.exit_code, report.verdict, report.models) == (3, Verdict.UNKNOWN, {})
    (finding,) = reasons(report)
    assert (finding.id, finding.level) == (check, Level.UNKNOWN)
    assert 0 < len(finding.message) < 80
    assert finding.hint or finding.commands
    assert (report.finished_at - report.started_at).total_seconds() < SECONDS + HANGING


def _matrix() -> list[object]:
    """Every fault at every moment for every verb; the bounded part has each fault at each moment once."""
    return [
        pytest.param(
            fault,
            moment,
            verb,
            id=f"{fault.name}-{fault.database}-{moment}-{verb}",
            marks=[pytest.mark.fault("store")] + ([] if verb == VERBS[number % 2] else [pytest.mark.whole]),
        )
        for number, fault in enumerate(FAULTS)
        for moment in fault.moments
        for verb in VERBS
    ]


@pytest.fixture
def own(place: Place, request: pytest.FixtureRequest) -> Place:
    """As `place`, but a PostgreSQL database is the test's own: it is about to be broken."""

    def database(kind: str) -> str:
        return str(request.getfixturevalue("postgresql_url")) if kind == "postgresql" else given(kind)

    given = place.database
    return Place(place.folder, database)


@pytest.mark.parametrize(("fault", "moment", "verb"), _matrix())
def test_a_fault_of_the_store_is_could_not_know(
    fault: StoreFault, moment: str, verb: Verb, own: Place, postgresql: PostgreSQL
) -> None:
    """A store that is broken at the start, or breaks while the API is asked and nothing can be recorded."""
    with contextlib.ExitStack() as broken:

        def play(wire: Wire) -> None:
            if moment == "asking" and not started:
                started.append(moment)
                broken.enter_context(fault.play(scene, postgresql))
            wire.send(healthy(wire.request))

        started: list[str] = []
        server = broken.enter_context(FaultServer(Fault("healthy", play)))
        scene = own.scene(fault.database, server.base_url, deadline_seconds=SECONDS)
        if moment == "before":
            broken.enter_context(fault.play(scene, postgresql))
        told(scene.run(verb), fault.check)
    if fault.heals:
        assert scene.is_whole()
        scene.policy["deadline_seconds"] = PATIENT  # the short one was for what does not end by itself
        scene.write()
        with FaultServer() as server:
            scene.base_url = server.base_url
            assert scene.run(verb).exit_code == 0


PIECES = 80
"""More than pass in either direction while a gate runs."""


def _cuts() -> list[object]:
    """A cut and a hang before every piece, in both directions; the bounded part has two of each."""
    return [
        pytest.param(act, direction, at, id=f"{act}-{direction}-{at}", marks=marks)
        for act in ("cut", "hang")
        for direction in ("up", "down")
        for at in range(0, PIECES, 4)
        for marks in [
            [pytest.mark.fault("store, between two messages")] + ([] if at % 40 == 8 else [pytest.mark.whole])
        ]
    ]


@pytest.mark.parametrize(("act", "direction", "at"), _cuts())
def test_a_server_that_dies_between_two_messages(
    act: str, direction: str, at: int, own: Place, postgresql: PostgreSQL
) -> None:
    """From some message on nothing passes: a pass if all was said by then, else could not know; all rows or none."""
    upstream = Path(postgresql.server.get_postmaster_info().socket_dir)
    with tempfile.TemporaryDirectory(prefix="mg-") as folder, FaultServer() as server:
        scene = own.scene("postgresql", server.base_url, deadline_seconds=SECONDS)
        direct = scene.database_url
        plan = Plan(act, direction, at, once=False)  # type: ignore[arg-type]  # both are words that it knows
        with proxied(upstream, Path(folder), plan):
            scene.database_url = through(direct, Path(folder))
            report = scene.run("preflight")
        scene.database_url = direct
        if plan.seen <= at:
            assert (report.exit_code, report.audit_head is not None) == (0, True)
        else:
            told(report, "store.unreachable")
        assert scene.is_whole()


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from modelgate.cli.start import main
main()
"""
"""The command in a process whose files cannot grow beyond so many bytes, as on a full disk. It is started so that it
writes no bytecode, of which Python 3.11 would keep the half."""


def _in_turn(family: str, values: Sequence[object]) -> list[object]:
    """Every value for every verb; the bounded part has each value for one of them."""
    return [
        pytest.param(
            value, verb, marks=[pytest.mark.fault(family)] + ([] if number % 2 == turn else [pytest.mark.whole])
        )
        for number, value in enumerate(values)
        for turn, verb in enumerate(VERBS)
    ]


@pytest.mark.parametrize(("more", "verb"), _in_turn("store, disk full", [0, 1, 512, 1024, 4096, 8192, 12288]))
def test_a_file_that_cannot_grow(more: int, verb: Verb, place: Place) -> None:
    """Wherever the space ends: could not know and nothing is recorded, or all of it is; the next run passes."""
    with FaultServer() as server:
        scene = place.scene("sqlite", server.base_url)
        rows = scene.store().verify(scene.scope).rows
        limit = path_of(scene).stat().st_size + more if more else 0
        ended = _process(scene, [sys.executable, "-B", "-c", LIMITED, str(limit), verb, "-e", "prod"])
        assert ended.code in ((3,) if not more else (0, 3)), ended.printed
        assert "Traceback" not in ended.printed
        verified = scene.store().verify(scene.scope)
        assert (verified.intact, verified.rows > rows) == (True, ended.code == 0)
        assert scene.run(verb).exit_code == 0


@pytest.mark.parametrize(("what", "verb"), _in_turn("store, read-only", ["file", "folder", "both"]))
def test_a_store_that_may_not_be_written(what: str, verb: Verb, place: Place) -> None:
    """A file or a folder without a right to write: could not know, and the cause is named; a dry run passes."""
    with FaultServer() as server, tempfile.TemporaryDirectory(prefix="mg-") as folder:
        scene = place.scene("sqlite", server.base_url)
        shutil.copytree(scene.config, Path(folder) / "config")
        store = Path(folder) / "store"
        store.mkdir()
        shutil.copy(path_of(scene), store / "modelgate.db")
        (store / "modelgate.db").chmod(0o444 if what in ("file", "both") else 0o666)
        store.chmod(0o555 if what in ("folder", "both") else 0o777)
        Path(folder).chmod(0o755)
        command = [sys.executable, "-m", "modelgate", verb, "-e", "prod", "--format", "json"]
        environ = {"MODELGATE_DATABASE_URL": f"sqlite:///{store}/modelgate.db"}
        refused = _process(scene, command, environ, Path(folder))
        dry = _process(
            scene, [sys.executable, "-m", "modelgate", "check", "-e", "prod", "--dry-run"], environ, Path(folder)
        )
        store.chmod(0o755)
    assert (refused.code, "Traceback" in refused.printed) == (3, False), refused.printed
    assert "read-only" in refused.out or "cannot be opened" in refused.out
    assert dry.code == 0, dry.printed


def _process(
    scene: Scene, command: list[str], environ: dict[str, str] | None = None, folder: Path | None = None
) -> Ended:
    """The command; where a folder is given, without the superuser's right to write anywhere."""
    done = subprocess.run(
        command,
        cwd=folder or scene.folder,
        env=environment(folder or scene.folder, scene.environ | (environ or {})),
        preexec_fn=_obey_modes if folder and os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def _obey_modes() -> None:
    """Gives up CAP_DAC_OVERRIDE for what is started next (PR_CAPBSET_DROP)."""
    if ctypes.CDLL(None).prctl(24, 1, 0, 0, 0):
        raise OSError("cannot give up a superuser's right")
