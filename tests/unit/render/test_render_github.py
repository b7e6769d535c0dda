"""GitHub's workflow commands: one line each, nothing a stranger wrote is obeyed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from render_samples import DEPRECATED, MOVED, RETIRES, SAMPLES, UNREACHABLE, UNUSED, refused

from modelgate.domain.findings import Finding
from modelgate.domain.source import Source
from modelgate.render import render


def command_of(finding: Finding) -> str:
    """The line of one finding."""
    return render(replace(refused(), findings=(finding,)), "github").splitlines()[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_github_is_golden(name, golden):
    """Each kind of report has its golden commands."""
    golden(f"{name}.github", render(SAMPLES[name](), "github"))


@pytest.mark.parametrize(
    ("finding", "command"),
    [(MOVED, "::error "), (UNREACHABLE, "::error "), (DEPRECATED, "::warning "), (UNUSED, "::notice ")],
)
def test_levels_become_commands(finding, command):
    """Refusals and unknowns are errors, warnings warnings, notes notices."""
    assert command_of(finding).startswith(command)


def test_a_waived_refusal_is_a_notice_that_says_so():
    """What does not count is not shown as an error."""
    assert command_of(RETIRES) == (
        "::notice file=config/prod.toml,line=12,title=catalogue.retires-soon summarizer (waived)::"
        "claude-sonnet-4-6 retires in 9 days, on 2026-12-01"
    )


def test_a_source_that_is_no_file_stands_in_the_message():
    """An annotation can only point to a file; a variable is named in its text."""
    line = command_of(replace(MOVED, commands=(), message="moved"))
    assert line == "::error title=drift.alias-moved grader::moved ($GRADER_MODEL)"


def test_properties_and_data_are_escaped():
    """Percent, colons and commas end neither a property nor a command; hint and command come on their own lines."""
    finding = replace(
        MOVED, slot="a,b:c%", message="50% of a::b, c", hint="so:", commands=("x, y",), source=Source("d,e:f%.toml", 7)
    )
    assert command_of(finding) == (
        "::error file=d%2Ce%3Af%25.toml,line=7,title=drift.alias-moved a%2Cb%3Ac%25::50%25 of a::b, c%0Aso:%0Ax, y"
    )


def test_a_line_break_does_not_start_a_command():
    """A newline in a message stays inside its command."""
    shown = render(replace(refused(), findings=(replace(MOVED, message="a\n::error::b\r::warning::c"),)), "github")
    assert [line.split(" ")[0] for line in shown.splitlines()] == ["::error", "REFUSE"]
