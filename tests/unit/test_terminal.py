"""What a stream can show."""

from __future__ import annotations

import io
import os

import pytest

from modelgate.cli.terminal import style_of
from modelgate.render.style import PLAIN, Style


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def terminal(encoding: str = "utf-8") -> Terminal:
    """A terminal of one encoding."""
    return Terminal(io.BytesIO(), encoding=encoding)


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    """Terminals of these tests are 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")


def test_a_pipe_gets_neither_colour_nor_wrapping():
    """What a program reads is plain."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", encoding="utf-8") as pipe:
        assert style_of(pipe, {}) == PLAIN


def test_a_terminal_gets_colour_and_its_width():
    """What a person reads is coloured and wrapped."""
    assert style_of(terminal(), {"TERM": "xterm"}) == Style(colour=True, width=80)


@pytest.mark.parametrize(
    ("environ", "colour"), [({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False), ({}, True)]
)
def test_no_color_is_honoured(environ, colour):
    """NO_COLOR, unless empty, and a dumb terminal take the colour away."""
    assert style_of(terminal(), environ).colour is colour


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_force_color_gives_colour_where_no_terminal_is(environ, colour):
    """Build servers show colours; NO_COLOR still wins."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", encoding="utf-8") as pipe:
        assert style_of(pipe, environ) == Style(colour=colour)


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("UTF8", True), ("utf-16", True), ("ascii", False), ("cp1252", False)]
)
def test_the_encoding_decides_on_unicode(encoding, unicode):
    """A terminal that is not Unicode gets ASCII."""
    assert style_of(terminal(encoding), {}).unicode is unicode


def test_a_stream_without_an_encoding_gets_ascii():
    """A stream that does not say what it can show is not trusted with more than ASCII."""
    assert style_of(io.StringIO(), {}) == Style(unicode=False)
