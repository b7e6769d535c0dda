"""What the commands of batches have in common."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli import complete
from modelgate.cli.output import say, tell
from modelgate.cli.start import interrupts
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import Interrupted
from modelgate.domain.text import printable

if TYPE_CHECKING:
    from modelgate.batches import Done
    from modelgate.batches.handed import BadRequests
    from modelgate.batches.progress import Lines, Progress
    from modelgate.batches.statistics import Statistics
    from modelgate.cli.batch.bar import Bars
    from modelgate.gate.context import Context

slot = click.option(
    "--slot",
    required=True,
    metavar="SLOT",
    help="Whose approved ID the requests run on.",
    shell_complete=complete.slots,
)
requests_file = click.argument("requests", type=click.Path(path_type=Path, dir_okay=False), metavar="REQUESTS.JSONL")
out = click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Of the results.")
resends = click.option(
    "--resends", type=click.IntRange(0, 10), default=2, show_default=True, help="How often a request is sent again."
)
again = click.option("--again", is_flag=True, help="Make a new job of a file whose job is finished or canceled.")
key = click.option("--key", metavar="KEY", help="What you call the job: the same key is the same job, or an error.")
betas = click.option(
    "--beta", "betas", multiple=True, metavar="NAME", help="For the header anthropic-beta; repeatable."
)

send_again = click.option(
    "--send-again", is_flag=True, help="Look once for a batch whose answer was lost, and then send its requests again."
)


strict = click.option("--strict", is_flag=True, help="Exit code 1 too if an answer was refused or cut.")


@contextmanager
def progress() -> Iterator[Bars | Lines]:
    """A bar where somebody watches, log lines elsewhere."""
    from modelgate.batches.progress import Lines

    if sys.stderr.isatty():
        from modelgate.cli.batch.bar import Bars

        with Bars(sys.stderr) as bars:
            yield bars
    else:
        if logging.getLogger("modelgate").level == logging.WARNING:  # nobody asked for more or less
            logging.getLogger("modelgate.batches").setLevel(logging.INFO)
        yield Lines()


def asking_on_interrupt(context: Context, work: Callable[[Progress], Done]) -> Done:
    """What `work` returns. On Ctrl-C, says how the job goes on, and asks at a terminal whether it shall be canceled."""
    from modelgate.batches.job import typed

    told: Bars | Lines | None = None
    try:
        with progress() as told:  # its bar would be drawn over the question
            return work(told)
    except Interrupted as interrupted:
        job = told.job if told else None
        if job is None or job.finished:
            raise
        say(
            f"\n{job.id} goes on without this process: {typed(context.scope, 'resume', job.id, '--out FILE')}", err=True
        )
        if interrupted.exit_code == 128 + signal.SIGINT and sys.stdin.isatty() and _wants_to_cancel():
            from modelgate import batches

            batches.cancel(job.id, context=context)
            say(f"{job.id} is being canceled; resume collects what ended before", err=True)
        raise


def _wants_to_cancel() -> bool:
    interrupts.wait_for_answer()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C is an answer: leave it running
    try:
        answer = click.prompt(
            "Leave it running, or cancel it?", type=click.Choice(["leave", "cancel"]), default="leave", err=True
        )
    except (click.Abort, KeyboardInterrupt):
        return False
    return bool(answer == "cancel")


def show_problems(error: BadRequests, path: Path) -> None:
    """Every problem of a file on a line of its own, where editors find it."""
    for problem in error.problems:
        say(f"{printable(str(path))}:{problem.line}: {problem.reason}" if problem.line else problem.reason, err=True)
    if error.further:
        say(f"… and {error.further:,} more", err=True)


def show_statistics(stats: Statistics, output_format: str) -> None:
    """Prints the account of a job."""
    from modelgate.batches import render_account

    text = render_account.statistics_text(stats, style_of(sys.stdout, os.environ))
    tell(output_format, render_account.statistics_json(stats), text)
