"""Markdown for a job's summary: tables that hostile text cannot leave."""

from __future__ import annotations

from dataclasses import replace

import pytest
from render_samples import MOVED, SAMPLES, refused

from modelgate.render import render


def cells_of(message: str, command: str = "") -> list[str]:
    """The cells of one finding's row."""
    finding = replace(MOVED, message=message, commands=(command,))
    shown = render(replace(refused(), slots=(), findings=(finding,)), "markdown")
    row = shown.splitlines()[-1]
    assert row.startswith("| ")
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("name", SAMPLES)
def test_markdown_is_golden(name, golden):
    """Each kind of report has its golden summary."""
    golden(f"{name}.md", render(SAMPLES[name](), "markdown"))


def test_a_report_without_findings_has_no_table_of_findings():
    """An empty table is left out."""
    shown = render(replace(refused(), findings=()), "markdown")
    assert "what to type next" not in shown


@pytest.mark.parametrize(
    ("message", "cell"),
    [
        ("a|b", "a&#124;b"),
        ("`rm`", "&#96;rm&#96;"),
        ("<img src=x>", "&#60;img src=x&#62;"),
        ("&lt;", "&#38;lt;"),
        ("[a](b)", "&#91;a&#93;(b)"),
        ("**a** _b_ ~c~ $d$", "&#42;&#42;a&#42;&#42; &#95;b&#95; &#126;c&#126; &#36;d&#36;"),
        ("\\|", "&#92;&#124;"),
        ("@octocat", "&#64;&#8203;octocat"),
        ("fixes #1", "fixes &#35;&#8203;1"),
        ("https://evil.example", "https&#58;//evil.example"),
        ("WWW.evil.example", "&#87;WW.evil.example"),
        ("a\nb", "a&#92;x0ab"),
    ],
)
def test_a_message_is_text_and_nothing_else(message, cell):
    """Tables, code, HTML, links, emphasis, mentions and references to issues are shown, not made."""
    assert cells_of(message)[3] == cell


@pytest.mark.parametrize(
    ("command", "cell"),
    [
        ("modelgate accept a --reason x", "`modelgate accept a --reason x`"),
        ("@octocat <b> #1 https://x", "`@octocat <b> #1 https://x`"),
        ("a`b", "<code>a&#96;b</code>"),
        ("a|b\\`</code>", "<code>a&#124;b&#92;&#96;&#60;/code&#62;</code>"),
        ("", ""),
    ],
)
def test_what_is_typed_is_code(command, cell):
    """Commands are code, where GitHub looks for nothing; what would end the code is an entity."""
    assert cells_of("m", command=command)[5] == cell
