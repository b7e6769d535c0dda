"""modelgate scan"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import anywhere
from modelgate.cli.output import need_apart, parse_reports, put_out, report_files, report_formats
from modelgate.domain.errors import UsageError

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("scan", cls=Command)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--offline", is_flag=True, help="Ask nobody: tell where names stand, not what becomes of them.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Leave out what stands in it.")
@click.option("--write-baseline", is_flag=True, help="Write the baseline: all that is there now.")
@click.option("--docs", is_flag=True, help="Read Markdown and other documents, too.")
@anywhere
@report_formats
@report_files
def command(
    context: Context,
    paths: tuple[Path, ...],
    offline: bool,
    baseline: Path | None,
    write_baseline: bool,
    docs: bool,
    output_format: str,
    reports: tuple[str, ...],
) -> int:
    """Find names of Claude models in files, and what becomes of them.

    Reads the files that git tracks, or all that .gitignore does not leave out. Exit code 1: a name is retired.

    Example: modelgate scan --report sarif=scan.sarif
    """
    from modelgate.scan.run import Scan, scan

    if write_baseline and baseline is None:
        raise UsageError("--write-baseline needs a file", hint="--baseline modelgate-baseline.json --write-baseline")
    files = parse_reports(reports)
    need_apart([*(path for _, path in files), *([baseline] if baseline else [])])
    report = scan(context, Scan(paths or (Path("."),), offline, docs, baseline, write_baseline))
    put_out(report, output_format, files)
    return report.exit_code
