"""modelgate preflight"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import Duration, scoped
from modelgate.cli.output import need_apart, need_place, parse_reports, put_out, report_files, report_formats, say
from modelgate.domain.errors import UsageError

if TYPE_CHECKING:
    from modelgate.domain.report import Report
    from modelgate.gate.context import Context

_path = click.Path(path_type=Path, dir_okay=False)


class _Preflight(Command):
    """A `--` promises a command: without one nothing would be started, and nobody would notice."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does. Raises UsageError for a `--` at the end."""
        if args[-1:] == ["--"]:
            raise click.UsageError("there is no command after --: -- CMD …", ctx)
        return super().parse_args(ctx, args)


@click.command("preflight", cls=_Preflight, context_settings={"ignore_unknown_options": False})
@scoped
@report_formats
@report_files
@click.option("--emit-env", type=_path, metavar="FILE", help="Write NAME='ID' lines, on a pass or observing.")
@click.option(
    "--emit-json", type=_path, metavar="FILE", help="Write the file that pinned() reads, on a pass or observing."
)
@click.option("--wait", type=Duration(), metavar="DURATION", help="Try again until it passes: 90s, 10m.")
@click.option(
    "--keep-env", multiple=True, metavar="NAME", help="Let CMD have this variable of the gate's, too; may be repeated."
)
@click.argument("cmd", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD...]")
def command(
    context: Context,
    output_format: str,
    reports: tuple[str, ...],
    emit_env: Path | None,
    emit_json: Path | None,
    wait: timedelta | None,
    keep_env: tuple[str, ...],
    cmd: tuple[str, ...],
) -> int:
    """Judge an environment at the start, and hand over the approved IDs.

    With a command it becomes that command, with MODELGATE_MODEL_<SLOT> set and without the gate's own variables, such
    as MODELGATE_DATABASE_URL; a refused start starts nothing.

    Example: modelgate preflight -e prod --wait 10m -- gunicorn app:app
    """
    from modelgate.gate import waiting
    from modelgate.gate.handoff import HandOver, need_command

    files = parse_reports(reports)
    _need_places(context, emit_env, emit_json, files)
    if cmd:
        need_command(cmd)  # what is certain to fail is told before anybody is asked
    told = _Told(output_format, err=bool(cmd))
    report = waiting.preflight(context, wait or timedelta(0), told.wait, HandOver(emit_env, emit_json, cmd))
    put_out(report, output_format, files, err=bool(cmd), again=told.whole)
    if cmd and report.exit_code == 0:
        _become(list(cmd), report, context, emit_json, keep_env)
    return report.exit_code


class _Told:
    """What was said of a start that waits: the whole report once, where it is text, then a line a change."""

    def __init__(self, output_format: str, *, err: bool) -> None:
        self.whole = False
        self._form, self._err = output_format, err
        self._last = ""

    def wait(self, report: Report) -> None:
        """Of a try that did not pass."""
        from modelgate.render.words import waiting_line

        if self._form == "text" and not self.whole:
            put_out(report, self._form, err=self._err)
            self.whole = True
        line = waiting_line(report)
        if line != self._last:
            say(line, err=True)
        self._last = line


def _need_places(
    context: Context, emit_env: Path | None, emit_json: Path | None, reports: Sequence[tuple[str, Path]]
) -> None:
    """Each file can be written, none of them twice, and none of them over what must be kept."""
    emitted = [path for path in (emit_env, emit_json) if path]
    for path in emitted:
        need_place(path)
    need_apart((*emitted, *(path for _, path in reports)))
    if emit_json:
        from modelgate.gate.fallback import need_not_lose

        need_not_lose(context, emit_json)


def _become(cmd: list[str], report: Report, context: Context, emit_json: Path | None, keep: tuple[str, ...]) -> None:
    from modelgate.cli.logs import sum_up
    from modelgate.gate.handoff import become, environment_of

    sum_up()  # what comes after this process's end is the command's
    of_server = context.settings.database.url.reveal().startswith("postgres")
    environ = environment_of(report, os.environ, emit_json, of_server=of_server, keep=keep)
    try:
        become(cmd, environ)
    except OSError as error:
        raise UsageError(
            f"cannot start {cmd[0][:80]}: {error.strerror}", hint="is it installed, on the PATH?"
        ) from None
