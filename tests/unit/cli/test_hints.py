"""A hint is prose or a command, never both: of errors as of findings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import modelgate
from modelgate.cli.group import COMMANDS

_LINE = re.compile(rf"modelgate ({'|'.join(COMMANDS)})\b")
_WHOLE = re.compile(rf"modelgate ((audit|batch|db|evidence) [a-z]+|{'|'.join(COMMANDS)})( [A-Z]+| -\S+( \S+)?| X)*")


def hints() -> Iterator[tuple[str, str]]:
    """Place and text of every hint that an error is given, or that is made for one; what is filled in is `X`."""
    for path in Path(modelgate.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for given in _given(node):
                for text in _texts(given):
                    yield f"{path.name}:{given.lineno}", text


def _given(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.keyword(arg="hint", value=value) | ast.Assign(targets=[ast.Name(id="hint")], value=value):
            yield value


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "X" for p in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one)
            yield from _texts(other)


def test_no_hint_mixes_words_and_a_command() -> None:
    """A command in a hint is all of it: whoever pastes the line pastes a command."""
    found = list(hints())
    assert len(found) > 100
    assert [(place, text) for place, text in found if _LINE.search(text) and not _WHOLE.fullmatch(text)] == []
