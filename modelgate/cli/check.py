"""modelgate check"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import Instant, scoped
from modelgate.cli.output import parse_reports, put_out, report_files, report_formats

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("check", cls=Command)
@scoped
@report_formats
@report_files
@click.option("--dry-run", is_flag=True, help="Record nothing; a SELECT-only role is enough.")
@click.option("--as-of", type=Instant(), metavar="DATE", help="Judge dates, waivers and holds as of then.")
@click.option("--offline", is_flag=True, help="Judge settings and lock alone: nothing is resolved.")
@click.option(
    "--base",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The settings before a change, a file or a folder: tells what it loosens. May be repeated, top layer first.",
)
@click.option("--no-store", is_flag=True, help="Judge against the lock, with the API and no database.")
def command(
    context: Context,
    output_format: str,
    reports: tuple[str, ...],
    dry_run: bool,
    as_of: datetime | None,
    offline: bool,
    no_store: bool,
    base: tuple[Path, ...],
) -> int:
    """Judge an environment before a deployment.

    Exit code 0 is a pass, 1 a refusal, 3 could not know.

    Example: modelgate check -e prod --report sarif=modelgate.sarif
    """
    from modelgate.gate.run import Options, run_gate
    from modelgate.settings import load_base

    files = parse_reports(reports)
    before = load_base(base, environment=context.settings.environment, environ=context.environ) if base else None
    report = run_gate(context, "check", Options(dry_run, as_of, offline, no_store, base=before))
    put_out(report, output_format, files)
    return report.exit_code
