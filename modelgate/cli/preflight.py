"""modelgate preflight"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import Duration, scoped
from modelgate.cli.output import need_place, parse_reports, put_out, report_files, report_formats, say, write
from modelgate.errors import UsageError

if TYPE_CHECKING:
    from modelgate.domain.report import Report
    from modelgate.gate.context import Context

_path = click.Path(path_type=Path, dir_okay=False)


@click.command("preflight", cls=Command, context_settings={"ignore_unknown_options": False})
@scoped
@report_formats
@report_files
@click.option("--emit-env", type=_path, metavar="FILE", help="Write NAME='ID' lines, only on a pass.")
@click.option("--emit-json", type=_path, metavar="FILE", help="Write the file that pinned() reads, only on a pass.")
@click.option("--wait", type=Duration(), metavar="DURATION", help="Try again until it passes: 90s, 10m.")
@click.argument("cmd", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD...]")
def command(
    context: Context,
    form: str,
    reports: tuple[str, ...],
    emit_env: Path | None,
    emit_json: Path | None,
    wait: timedelta | None,
    cmd: tuple[str, ...],
) -> int:
    """Judge an environment at the start, and hand over the approved IDs.

    With a command it becomes that command, with MODELGATE_MODEL_<SLOT> set; a refused start starts nothing.

    Example: modelgate preflight -e prod --wait 10m -- gunicorn app:app
    """
    from modelgate.gate import waiting

    files = parse_reports(reports)
    for path in filter(None, (emit_env, emit_json)):
        need_place(path)
    _need_command(cmd)
    report = waiting.preflight(context, wait or timedelta(0), _tell)
    put_out(report, form, files, err=bool(cmd))
    if report.models:
        _hand_over(report, emit_env, emit_json)
    if cmd and report.exit_code == 0:
        _become(list(cmd), report, emit_json)
    return report.exit_code


def _need_command(cmd: tuple[str, ...]) -> None:
    """What cannot be started is told before anybody is asked, and its IDs are not recorded as handed over."""
    import shutil

    if cmd and shutil.which(cmd[0]) is None:
        raise UsageError(f"cannot start {cmd[0][:80]}: No such file or directory", hint="is it installed, on the PATH?")


def _tell(report: Report) -> None:
    worst = next(f for f in report.findings if f.level in ("refuse", "unknown") and f.counts)
    say(f"waiting: {worst.slot or report.environment}: {worst.message}", err=True)


def _hand_over(report: Report, emit_env: Path | None, emit_json: Path | None) -> None:
    from modelgate.domain.times import format_instant
    from modelgate.gate.handoff import env_text, json_text

    if emit_env:
        write(emit_env, env_text(report.exports))
    if emit_json:
        write(emit_json, json_text(report, format_instant(report.handed_at)))


def _become(cmd: list[str], report: Report, emit_json: Path | None) -> None:
    from modelgate.gate.handoff import become, environment_of

    # Observed only: nothing is handed over, and the application starts as it would have without the gate.
    environ = environment_of(report, os.environ, emit_json) if report.enforced else dict(os.environ)
    try:
        become(cmd, environ)
    except OSError as error:
        raise UsageError(
            f"cannot start {cmd[0][:80]}: {error.strerror}", hint="is it installed, on the PATH?"
        ) from None
