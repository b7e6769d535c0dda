"""The text format: what people read at a terminal and in a build log."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from render_samples import DEPRECATED, GRADER, MOVED, RETIRES, SAMPLES, passed, refused, unknown

from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.render import FORMATS, render
from modelgate.render.style import Style

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("name", SAMPLES)
def test_text_is_golden(name, golden):
    """Each kind of report reads as its golden file, in a pipe and on a narrow terminal."""
    report = SAMPLES[name]()
    golden(f"{name}.txt", render(report, "text"))
    golden(f"{name}-80-columns.txt", render(report, "text", style=Style(width=80)))


def test_colour_is_golden(golden):
    """On a terminal the levels and the verdict are coloured."""
    golden("refused-colour.txt", render(refused(), "text", style=Style(colour=True, width=120)))


@pytest.mark.parametrize("name", SAMPLES)
def test_colour_changes_nothing_else(name):
    """Without its colours a coloured report is the plain one."""
    report = SAMPLES[name]()
    assert ANSI.sub("", render(report, "text", style=Style(colour=True))) == render(report, "text")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", SAMPLES)
def test_lines_fit_the_terminal(name, width):
    """On a terminal no line is wider than it, but for what is there to be copied: commands, and an endless name."""
    lines = render(SAMPLES[name](), "text", style=Style(width=width)).splitlines()
    assert [
        line for line in lines if len(line) > width and "modelgate" not in line and len(line.split()[-1]) < 60
    ] == []


def test_a_long_message_is_wrapped_and_a_command_is_not():
    """Messages give way on a narrow terminal; a command stays in one piece."""
    command = "modelgate accept grader " + "--reason long " * 10
    finding = replace(MOVED, message="word " * 30, commands=(command.strip(),))
    shown = render(replace(refused(), findings=(finding,)), "text", style=Style(width=60))
    assert f"  {command.strip()}\n" in shown
    assert max(len(line) for line in shown.splitlines() if line.startswith("  word")) <= 60


def test_ascii_terminals_get_ascii():
    """A terminal that cannot show Unicode gets marks and arrows in ASCII, and escapes for the rest."""
    finding = replace(MOVED, message="größer 模型", hint="approve it")
    shown = render(replace(refused(), findings=(finding,)), "text", style=Style(unicode=False))
    assert shown.isascii()
    assert "x grader" in shown
    assert "-> approve it" in shown
    assert "gr\\xf6\\xdfer \\u6a21\\u578b" in shown


def test_worst_findings_come_first_and_waived_ones_last():
    """Refusals, unknowns, warnings, notes, each in the report's order; then what does not count."""
    levels = [Level.NOTE, Level.WARN, Level.UNKNOWN, Level.REFUSE]
    findings = [Finding("drift.held", level, f"{level} {n}") for n in (1, 2) for level in levels]
    shown = render(replace(refused(), findings=(RETIRES, *findings)), "text")
    messages = [line.strip() for line in shown.splitlines() if re.match(r"  (note|warn|unknown|refuse) \d", line)]
    expected = [f"{level} {n}" for level in reversed(levels) for n in (1, 2)]
    assert messages == expected
    assert shown.index("(waived)") > shown.index("note 2")


def test_a_slot_that_nobody_could_resolve_is_not_marked_as_fine():
    """Could not know is shown as a question, never as a tick."""
    assert render(unknown(), "text").splitlines()[1].startswith("? summarizer")


def test_a_waived_refusal_leaves_its_slot_unmarked():
    """What does not count does not colour the slot."""
    report = replace(refused(), findings=(replace(MOVED, waived=True),), verdict=Verdict.PASS)
    assert "✓ grader" in render(report, "text")


def test_days_left_and_overdue_are_told():
    """The lifecycle column counts whole days to retirement, and from it."""
    late = replace(GRADER, days_left=-3)
    bare = replace(GRADER, lifecycle=None, days_left=5)
    shown = render(replace(refused(), slots=(GRADER, late, bare)), "text")
    assert "deprecated, 39d left" in shown
    assert "deprecated, 3d overdue" in shown
    assert "lifecycle unknown, 5d left" in shown


def test_what_was_recorded_nowhere_is_told():
    """A run without an ID says that it left no trace."""
    assert "Nothing was recorded.\n" in render(replace(refused(), run_id=None), "text")


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (refused(), "REFUSE checkout/prod: 1 refused, 1 warning, 1 note, 1 waived — run run_01JD8ZP7"),
        (passed(), "PASS checkout/prod: 2 slots, 1 note — run run_01JD8ZQ2"),
        (unknown(), "UNKNOWN checkout/prod: 1 unknown"),
        (
            replace(refused(), findings=(MOVED, MOVED, DEPRECATED, DEPRECATED), run_id=None),
            "REFUSE checkout/prod: 2 refused, 2 warnings",
        ),
    ],
    ids=["refused", "passed", "unknown", "plural"],
)
def test_the_last_line_is_the_verdict(report, line):
    """The end of a log tells the verdict, what weighed, and the run to look up."""
    assert render(report, "text").splitlines()[-1] == line


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_format_ends_with_one_newline(name, format):
    """A report can be appended to a file or a log without gluing lines together."""
    shown = render(SAMPLES[name](), format)
    assert shown.endswith("\n")
    assert not shown.endswith("\n\n")


def test_a_format_imports_no_other_format():
    """The gate's way to its last line stays short: rendering text loads neither XML nor SARIF nor rich."""
    script = (
        "import sys; sys.path[0] = '.'; import modelgate.render, render_samples;"
        "modelgate.render.render(render_samples.refused(), 'text'); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
        timeout=60,
    )
    formats = {name.removeprefix("modelgate.render.") for name in done.stdout.split() if "modelgate.render." in name}
    assert formats == {"groups", "harmless", "style", "table", "text", "words"}
    assert {"rich", "xml.etree.ElementTree", "modelgate.explain"} & set(done.stdout.split()) == set()


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_can_be_ascii(format):
    """Where standard output is ASCII no format fails on a character of its own or of a stranger."""
    report = replace(refused(), findings=(replace(MOVED, message="größer 模型"),))
    assert render(report, format, style=Style(unicode=False)).isascii()
