"""Options that many commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modelgate.clock import SystemClock
from modelgate.domain.errors import UsageError
from modelgate.domain.times import parse_duration, parse_instant

if TYPE_CHECKING:
    from modelgate.cli.complete import Completer
    from modelgate.gate.context import Context

F = TypeVar("F", bound=Callable[..., Any])


def completed_by(what: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """The completer of that name in `cli.complete`, which no command but a completing shell's imports."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        from modelgate.cli import complete as completers

        completer: Completer = getattr(completers, what)
        return completer(ctx, param, incomplete)

    return complete


def scoped(command: F) -> F:
    """Adds -s, -e and --config-dir, and hands the command its `context`."""
    return _in_context(command, context)


def anywhere(command: F) -> F:
    """As `scoped`, for what needs neither an environment nor a file: an environment that is named is used."""
    from modelgate.gate.context import prepare

    return _in_context(command, partial(prepare, os.environ, anywhere=True))


def _in_context(command: F, make: Callable[..., Context]) -> F:
    @click.option("-s", "--service", metavar="SERVICE", help="Default: the settings' or $MODELGATE_SERVICE.")
    @click.option(
        "-e",
        "--environment",
        metavar="ENV",
        help="Default: $MODELGATE_ENVIRONMENT.",
        shell_complete=completed_by("environments"),
    )
    @click.option("--config-dir", type=click.Path(path_type=Path), metavar="DIR", help="Default: config.")
    @wraps(command)
    def in_context(*args: Any, service: str | None, environment: str | None, config_dir: Path | None, **kw: Any) -> Any:
        made = make(service=service, environment=environment, config_dir=config_dir)
        return command(*args, context=made, **kw)

    return in_context  # type: ignore[return-value]  # the wrapper takes the options instead of the context


def everywhere(command: F) -> F:
    """Adds --config-dir alone, and hands the command a `context` of no environment, whatever the variables name."""

    @click.option("--config-dir", type=click.Path(path_type=Path), metavar="DIR", help="Default: config.")
    @wraps(command)
    def in_context(*args: Any, config_dir: Path | None, **kw: Any) -> Any:
        return command(*args, context=of_all(config_dir), **kw)

    return in_context  # type: ignore[return-value]  # as above


def of_all(config_dir: Path | None) -> Context:
    """The context of no environment."""
    from modelgate.gate.context import prepare

    environ = {name: text for name, text in os.environ.items() if name != "MODELGATE_ENVIRONMENT"}
    return prepare(environ, config_dir=config_dir, anywhere=True)


def of_a_chain(command: F) -> F:
    """As `scoped`, with --notices in place of an environment; hands the command `scope`, whose chain is meant."""

    def make(notices: bool, **given: Any) -> Any:
        return of_all(given["config_dir"]) if notices else context(**given)

    @click.option("--notices", is_flag=True, help="Of the notices of `watch`, which have a chain of their own.")
    @click.option("-s", "--service", metavar="SERVICE", help="Default: the settings' or $MODELGATE_SERVICE.")
    @click.option(
        "-e", "--environment", metavar="ENV", help="Default: $MODELGATE_ENVIRONMENT.",
        shell_complete=completed_by("environments"),
    )  # fmt: skip
    @click.option("--config-dir", type=click.Path(path_type=Path), metavar="DIR", help="Default: config.")
    @wraps(command)
    def in_context(
        *args: Any, notices: bool, service: str | None, environment: str | None, config_dir: Path | None, **kw: Any
    ) -> Any:
        from modelgate.domain.notices import RESERVED

        if notices and (service or environment):
            raise UsageError("--notices are of all environments", hint="leave -s and -e out")
        made = make(notices, service=service, environment=environment, config_dir=config_dir)
        return command(*args, context=made, scope=RESERVED if notices else made.scope, **kw)

    return in_context  # type: ignore[return-value]  # as above


def context(service: str | None = None, environment: str | None = None, config_dir: Path | None = None) -> Context:
    """The context of this process."""
    from modelgate.gate.context import prepare

    return prepare(os.environ, service=service, environment=environment, config_dir=config_dir)


def slots_argument(command: F) -> F:
    """Adds [SLOT]...; the shell completes the slots of the settings."""
    return click.argument("slots", nargs=-1, metavar="[SLOT]...", shell_complete=completed_by("slots"))(command)


def job_argument(command: F) -> F:
    """Adds JOB; the shell completes the newest ones."""
    return click.argument("job_id", metavar="JOB", shell_complete=completed_by("jobs"))(command)


def optional_job(command: F) -> F:
    """Adds JOB, which may be left out."""
    return click.argument("job_id", metavar="JOB", required=False, shell_complete=completed_by("jobs"))(command)


data_format = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Of the output."
)
reason = click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept for good.")


class Instant(click.ParamType[datetime]):
    """A date, a date-time or, where `ahead` or `ago`, a duration from now; without an offset it is UTC."""

    name = "time"

    def __init__(self, *, ahead: bool = False, ago: bool = False) -> None:
        self._ahead, self._ago = ahead, ago

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant, aware, UTC."""
        if isinstance(value, datetime):
            return value
        if self._ahead or self._ago:
            try:
                return SystemClock().now() + parse_duration(value) * (1 if self._ahead else -1)
            except (ValueError, OverflowError):  # no duration, or one beyond the years that there are
                pass
        try:
            return parse_instant(value)
        except ValueError:
            durations = "24h or " if self._ahead else "400d or " if self._ago else ""
            example = f"{durations}2026-03-12T14:00Z"
            self.fail(f"{value[:40]!r} is no time; write it like {example}", param, ctx)


class Duration(click.ParamType[timedelta]):
    """A duration such as 90s, 10m or 1h30m."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The duration."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except ValueError:
            self.fail(f"{value[:40]!r} is no duration; write it like 90s or 10m", param, ctx)


def page_format(explained: str) -> Callable[[F], F]:
    """Adds --format of what is also told as a page of Markdown; `explained` is its help."""
    choice = click.Choice(["text", "json", "markdown"])
    return click.option("--format", "form", type=choice, default="text", show_default=True, help=explained)
