"""Markdown for a job's summary: tables that hostile text cannot leave."""

from __future__ import annotations

from dataclasses import replace

import pytest
from render_samples import MOVED, SAMPLES, refused

from modelgate.render import render


def cells_of(message: str) -> list[str]:
    """The cells of one finding's row."""
    finding = replace(MOVED, message=message, commands=())
    shown = render(replace(refused(), slots=(), findings=(finding,)), "markdown")
    row = [line for line in shown.splitlines() if line.startswith("| ")][-1]
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("name", SAMPLES)
def test_markdown_is_golden(name, golden):
    """Each kind of report has its golden summary."""
    golden(f"{name}.md", render(SAMPLES[name](), "markdown"))


def test_a_report_without_findings_has_no_table_of_findings():
    """An empty table is left out."""
    shown = render(replace(refused(), findings=()), "markdown")
    assert "what comes next" not in shown


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
    ("command", "block"),
    [
        ("modelgate accept a --reason x", "```sh\nmodelgate accept a --reason x\n```"),
        ("@octocat <b> #1 https://x | y", "```sh\n@octocat <b> #1 https://x | y\n```"),
        ("a ``` b", "````sh\na ``` b\n````"),
    ],
)
def test_what_is_typed_is_a_block_of_its_own(command, block):
    """A command can be copied whole with one click; what would end the block does not."""
    finding = replace(MOVED, commands=(command,))
    shown = render(replace(refused(), slots=(), findings=(finding,)), "markdown")
    assert f"\n\n`drift.alias-moved` `grader`\n\n{block}\n\n" in shown


def test_slots_that_need_the_same_get_one_command():
    """Twelve slots are approved with one line, and other slots than these with none."""
    shown = render(SAMPLES["twelve"](), "markdown")
    accept = 'modelgate accept --all --run run_20261122T204911_3f9a2c1b --reason "…" -s checkout -e prod'
    assert shown.count("modelgate accept") == shown.count(accept) == 1
