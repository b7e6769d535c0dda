"""What every command of ours does that click's do not: an option without a value is wrong usage."""

from __future__ import annotations

from typing import Any

import click

from modelgate.domain.errors import SettingsError


class _Helpful(click.Command):
    """`-h` and `--help`, also where a command is asked for its help without the group around it."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """As click does, of both names: it remembers the option that it was asked for first."""
        ctx.help_option_names = ["-h", "--help"]
        return super().get_help_option_names(ctx)


class Command(_Helpful):
    """A command of which an option that is given an empty text means nothing: never "not given".

    `accept --run "$RUN"` in a job where RUN is not set must not become an `accept` of whatever the alias means now.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does. Raises BadParameter for an empty value, before any type makes something else of it."""
        if not ctx.resilient_parsing:
            try:
                given, _, _ = self.make_parser(ctx).parse_args(list(args))
            except click.UsageError as error:
                error.ctx = error.ctx or ctx  # the parser does not say of which command
                raise
            for param in self.get_params(ctx):
                if isinstance(param, click.Option) and _is_empty(given.get(param.name or "")):
                    raise click.BadParameter("is empty: give it a value, or leave it out", ctx, param)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; settings that cannot be used are told in the format that was asked for, too."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            _show(error, ctx.params.get("output_format", "text"))
            raise


def _show(error: SettingsError, output_format: str) -> None:
    """Settings that cannot be used, where the programs that read the output look for what it found."""
    if output_format == "text":
        return
    from modelgate.cli.output import say
    from modelgate.render.unusable import render

    if shown := render(error, output_format):
        say(shown)


def _is_empty(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(_is_empty(each) for each in value)
    return isinstance(value, str) and not value.strip()


class Group(_Helpful, click.Group):
    """A group of such commands."""

    command_class = Command
