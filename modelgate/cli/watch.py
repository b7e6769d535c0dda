"""modelgate watch"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelgate.cli.command import Command
from modelgate.cli.options import Duration, data_format, everywhere
from modelgate.cli.output import say, tell
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import AnotherWatcher, Conflict, CouldNotKnow, UsageError
from modelgate.domain.text import printable

if TYPE_CHECKING:
    from modelgate.domain.notices import NoticeRow
    from modelgate.fleet.watch import WatchResult
    from modelgate.gate.context import Context
    from modelgate.render.style import Style


_MANY = 20


@click.command("watch", cls=Command)
@click.option("--every", type=Duration(), metavar="DURATION", help="Go on until it is stopped, such as 1h.")
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --every: is there while all is known.",
)
@click.option("--no-notify", is_flag=True, help="Record what is new, and tell no channel.")
@click.option("--dry-run", is_flag=True, help="Record and tell nothing: a role that may SELECT is enough.")
@everywhere
@data_format
def command(
    context: Context,
    every: timedelta | None,
    ready_file: Path | None,
    no_notify: bool,
    dry_run: bool,
    output_format: str,
) -> int:
    """Judge what every service and environment of the store runs now, and tell what is new.

    It needs none of their settings; [notify] names the channels. Exit code 1: something refuses or warns now.

    Example: modelgate watch --every 1h
    """
    if every is None:
        if ready_file:
            raise UsageError("--ready-file is for a watch that goes on", hint="modelgate watch --every 1h")
        return _once(context, not no_notify, dry_run, output_format)
    if every < timedelta(seconds=1):
        raise UsageError("--every is less than a second", hint="modelgate watch --every 1h")
    from modelgate.cli.logs import sum_up

    try:
        while True:
            _be_ready(ready_file, _knows(context, not no_notify, dry_run, output_format))
            sum_up()
            context.clock.sleep(every.total_seconds())
    finally:
        _be_ready(ready_file, False)


def _be_ready(file: Path | None, ready: bool) -> None:
    """For a readiness probe: the file is there, or not."""
    try:
        if file and ready:
            file.touch()
        elif file:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from None


def _knows(context: Context, notify: bool, dry_run: bool, output_format: str) -> bool:
    """One look of many: whether it knew and everybody was told. What it cannot know the next one may."""
    from modelgate.cli.failure import tell

    try:
        return _once(context, notify, dry_run, output_format) != CouldNotKnow.exit_code
    except AnotherWatcher as other:
        say(other.message, err=True)
        return True  # ready to take over
    except (CouldNotKnow, Conflict) as error:
        tell(error)
        return False


def _once(context: Context, notify: bool, dry_run: bool, output_format: str) -> int:
    from modelgate.fleet.watch import watch

    result = watch(context, notify=notify, dry_run=dry_run)
    tell(output_format, _as_json(result), _as_text(result))
    return result.exit_code


def _as_text(result: WatchResult) -> str:
    from modelgate.domain.digests import grouped, worst_first

    style, seen = style_of(sys.stdout, os.environ), result.seen
    shared = grouped(sorted(result.news, key=worst_first))
    lines = [line for rows in shared for line in _lines(rows, style)]
    lines += _most([f"not asked  {state.scope}  it asks another API  (watch.not-asked)" for state in seen.not_asked])
    lines += _most([f"unknown  what {printable(name)} means could not be asked" for name in sorted(set(seen.unknown))])
    lines += [style.paint(f"not told  {printable(problem)}", "red") for problem in result.failed]
    told = f", told {', '.join(result.told)}" if result.told else ""
    summed = f"{seen.slots} slots judged: {len(seen.troubles)} to know of, {len(result.news)} of it news{told}"
    return "\n".join([*lines, summed])


def _most(lines: list[str]) -> list[str]:
    """Some of them, where there are too many to read: JSON has all."""
    return [*lines[:_MANY], f"… and {len(lines) - _MANY} more like that"] if len(lines) > _MANY else lines


def _colour(row: NoticeRow) -> Any:
    return "green" if row.kind == "over" else {"refuse": "red", "warn": "yellow"}.get(row.level, "dim")


def _lines(rows: list[NoticeRow], style: Style) -> list[str]:
    from modelgate.domain.digests import places

    first = rows[0]
    told = f"{style.paint(first.kind, _colour(first))}  {printable(first.message)}  ({first.check_id})"
    return [told, f"     {printable(', '.join(places(rows, 3)), 300)}"]


def _as_json(result: WatchResult) -> dict[str, Any]:
    from dataclasses import asdict

    from modelgate.domain.times import format_instant

    def plain(row: NoticeRow) -> dict[str, Any]:
        return {**asdict(row), "retires_at": row.retires_at and format_instant(row.retires_at)}

    return {
        "schema": "modelgate.watch/1",
        "slots": result.seen.slots,
        "open": len(result.seen.troubles),
        "news": [plain(row) for row in result.news],
        "not_asked": [str(state.scope) for state in result.seen.not_asked],
        "unknown": sorted(set(result.seen.unknown)),
        "told": list(result.told),
        "failed": list(result.failed),
    }
