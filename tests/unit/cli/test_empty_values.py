"""An option that is given nothing, in every command."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from modelgate.cli.command import Command
from modelgate.cli.group import cli


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that can be typed, with the words that name it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


ALL = list(commands(cli))
OPTIONS = [
    (*path, param.opts[-1])
    for path, command in ALL
    for param in command.params
    if isinstance(param, click.Option) and not param.is_flag and not param.count
]


@pytest.mark.parametrize("value", ["", " "])
@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_an_empty_value_is_wrong_usage(words: tuple[str, ...], value: str) -> None:
    """`--run "$RUN"` where RUN is not set is no word about which run: never "not given"."""
    *path, option = words
    with pytest.raises(click.BadParameter) as refusal:
        cli.main([*path, option, value], standalone_mode=False)
    assert (refusal.value.exit_code, refusal.value.message) == (2, "is empty: give it a value, or leave it out")
    assert option in refusal.value.format_message()


def test_every_command_is_one_of_ours() -> None:
    """A command that a future hand adds is held, too."""
    assert [path for path, command in ALL if not isinstance(command, Command)] == []
    assert len(OPTIONS) > 80
