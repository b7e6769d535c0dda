"""The hand-off: the files and variables that `preflight` writes, and the command that it becomes.

The application's end is `modelgate.pins`, which says what they are called.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from modelgate.pins import FILE_VARIABLE, SCHEMA, VARIABLE

if TYPE_CHECKING:
    from modelgate.domain.report import Report


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


def environment_of(report: Report, environ: Mapping[str, str], pins_file: Path | None = None) -> dict[str, str]:
    """The environment for the application: what it was handed, and nothing that an earlier start handed over."""
    kept = {k: v for k, v in environ.items() if not k.startswith(VARIABLE) and k != FILE_VARIABLE}
    named = {FILE_VARIABLE: str(pins_file.absolute())} if pins_file else {}
    return kept | dict(report.exports) | named


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
