"""A bar for what takes long."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """Told what is done, and how much of how much; on a terminal alone."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None)

    def told(what: str, done: int, total: int) -> None:
        bar.start()  # not before: a bar would paint over a question
        bar.update(task, description=what, completed=done, total=total)

    try:
        yield told
    finally:
        bar.stop()
