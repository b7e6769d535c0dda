"""The hand-off: the files and variables that `preflight` writes, and the command that it becomes.

The application's end is `modelgate.pins`, which says what they are called.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from modelgate.domain.errors import UsageError
from modelgate.domain.times import format_instant
from modelgate.pins import FILE_VARIABLE, SCHEMA, VARIABLE

if TYPE_CHECKING:
    from modelgate.domain.report import Report

_LIBPQ = frozenset(
    {
        "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSERVICE",
        "PGSERVICEFILE", "PGOPTIONS", "PGAPPNAME", "PGSSLMODE", "PGREQUIRESSL", "PGSSLCOMPRESSION", "PGSSLCERT",
        "PGSSLKEY", "PGSSLCERTMODE", "PGSSLROOTCERT", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLSNI", "PGSSLNEGOTIATION",
        "PGSSLMINPROTOCOLVERSION", "PGSSLMAXPROTOCOLVERSION", "PGREQUIREPEER", "PGREQUIREAUTH", "PGCHANNELBINDING",
        "PGGSSENCMODE", "PGKRBSRVNAME", "PGGSSLIB", "PGGSSDELEGATION", "PGCONNECT_TIMEOUT", "PGCLIENTENCODING",
        "PGTARGETSESSIONATTRS", "PGLOADBALANCEHOSTS", "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION",
    }
)  # fmt: skip
"""The variables that libpq reads (documented)."""
_SHEBANG = 256
"""Bytes of a script's first line that Linux reads."""


def exports(report_models: Mapping[str, str], export_as: Mapping[str, str]) -> dict[str, str]:
    """Variable to ID: `MODELGATE_MODEL_<SLOT>` for every slot, and the names that the settings ask for."""
    variables = {VARIABLE + slot.upper(): model_id for slot, model_id in report_models.items()}
    return variables | {export_as[slot]: model_id for slot, model_id in report_models.items() if slot in export_as}


def env_text(variables: Mapping[str, str]) -> str:
    """Lines `NAME='value'`, as shells, systemd and Kubernetes' `fileKeyRef` read them."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items())


def _quoted(value: str) -> str:
    quoted = shlex.quote(value)
    return quoted if quoted.startswith("'") else f"'{quoted}'"


def json_text(report: Report, handed_at: str) -> str:
    """The file for `pinned()`, which is also the fallback file of a later preflight: but not where it only observed."""
    models = {
        slot.slot: {
            "id": slot.handed_off,
            "reference": slot.reference,
            "revision": None if report.observed and not slot.held else slot.revision,
        }
        for slot in report.slots
        if slot.handed_off
    }
    content = {
        "schema": SCHEMA,
        "service": report.service,
        "environment": report.environment,
        "run_id": report.run_id,
        "observed_at" if report.observed else "handed_at": handed_at,
        "models": models,
    }
    return json.dumps(content, indent=2) + "\n"


def environment_of(
    report: Report,
    environ: Mapping[str, str],
    pins_file: Path | None = None,
    *,
    of_server: bool,
    keep: Collection[str] = (),
) -> dict[str, str]:
    """The environment for the application: what it was handed, nothing that an earlier start handed over, and nothing
    of the gate's own but the names in `keep`.

    The gate's own are its variables and, where its store is on a server (`of_server`), those of that server's client.
    The SDK's are the application's own.
    """
    kept = {name: text for name, text in environ.items() if name in keep or not _is_the_gates(name, of_server)}
    named = {FILE_VARIABLE: str(pins_file.absolute())} if pins_file else {}
    return kept | dict(report.exports) | named


def _is_the_gates(name: str, of_server: bool) -> bool:
    return name.upper().startswith("MODELGATE_") or (of_server and name in _LIBPQ)


def need_command(command: Sequence[str]) -> None:
    """Raises UsageError for a command that is not there or may not be run, as the system would only say too late."""
    import shutil

    shown = command[0][:80]
    found = shutil.which(command[0]) or (command[0] if os.path.exists(command[0]) else None)
    if found is None:
        raise UsageError(f"cannot start {shown}: No such file or directory", hint="is it installed, on the PATH?")
    if os.path.isdir(found):
        raise UsageError(f"cannot start {shown}: it is a folder", hint="name the program in it")
    if not os.access(found, os.X_OK):
        raise UsageError(f"cannot start {shown}: Permission denied", hint=f"chmod +x {shlex.quote(shown)}")
    try:
        with open(found, "rb") as file:
            line = file.readline(_SHEBANG)
    except OSError:  # a program that may be run, and not read: the system starts it
        return
    if line.startswith(b"#!") and (words := line[2:].strip(b" \t\n").replace(b"\t", b" ").split(b" ", 1)):
        interpreter = words[0].decode(errors="replace")
        if not os.path.exists(interpreter):
            told = json.dumps(interpreter)[1:-1]
            hint = "save it with Unix line endings" if interpreter.endswith("\r") else "its first line names it"
            raise UsageError(f"cannot start {shown}: its interpreter {told} is not there", hint=hint)


@dataclass(slots=True)
class HandOver:
    """What a passing preflight is to hand over, and to whom. It is done just before the run is recorded."""

    env_file: Path | None = None
    json_file: Path | None = None
    command: Sequence[str] = ()
    _undoing: list[Callable[[], None]] = field(default_factory=list)

    def do(self, report: Report) -> None:
        """Writes the files and sees that the command can be started. Raises UsageError, with nothing written."""
        try:
            if self.command:
                need_command(self.command)
            if self.env_file:
                self._write(self.env_file, env_text(report.exports))
            if self.json_file:
                self._write(self.json_file, json_text(report, format_instant(report.handed_at)))
        except UsageError:
            self.undo()
            raise

    def undo(self) -> None:
        """Leaves the files as they were: what was handed over is not to be started on."""
        while self._undoing:
            self._undoing.pop()()

    def _write(self, path: Path, text: str) -> None:
        from modelgate.whole_file import write_whole

        try:
            before = path.read_bytes() if path.is_file() else None
            write_whole(path, text)
        except OSError as error:
            raise UsageError(
                f"cannot write {path}: {error.strerror}", hint="name a file in a folder that can be written to"
            ) from None
        self._undoing.append(lambda: _put_back(path, before))


def _put_back(path: Path, before: bytes | None) -> None:
    from modelgate.whole_file import write_whole

    if before is not None:
        write_whole(path, before)
    elif path.is_file():
        path.unlink()


def become(command: list[str], environ: Mapping[str, str]) -> NoReturn:
    """Becomes the command, so that signals and exit codes are its own. Raises OSError if it cannot be started."""
    if os.name == "nt":  # Windows has no exec: a child, with its exit code passed on
        import subprocess
        import sys

        sys.exit(subprocess.run(command, env=dict(environ), check=False).returncode)  # noqa: S603 # the user's command
    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and an ignored signal stays ignored in the command
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execvpe(command[0], command, environ)  # noqa: S606 # becoming the user's command is what was asked for
