"""Whatever strangers wrote, a report stays what it is: valid, on its lines, and obeyed by nobody."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest
import render_schemas
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from render_samples import GRADER, MOVED, refused

from modelgate.domain.findings import Finding, Level
from modelgate.domain.report import Report
from modelgate.domain.source import Source
from modelgate.render import FORMATS, render
from modelgate.render.groups import grouped
from modelgate.render.harmless import LONGEST, harmless, text
from modelgate.render.style import Style

WEAPONS = (
    "\x1b[2J\x1b]0;title\x07",
    "\r\n::error file=x::pwned",
    "::stop-commands::x",
    "##[set-output name=a]b",
    "##vso[task.setvariable variable=a]b",
    "##teamcity[buildStatus]",
    "%0A::error::x",
    "a|b|c",
    "```\n# big",
    "<script>alert(1)</script>",
    "]]><!-- &amp; -->",
    "[click](javascript:alert(1))",
    "@everyone #1 https://evil.example www.evil.example",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE runs; --",
    "\u202egnp.exe\u2069",
    "\ud800\udfff\x00\ufffe\uffff\ufeff",
    "\u2028\u2029\x85\x0b\x0c",
    "{0} {1}",
    "\\`*_{}[]()#+-.!",
)
ANYTHING = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.lists(st.sampled_from(WEAPONS), min_size=1, max_size=4).map("".join),
)
INSTANTS = st.integers(-(10**6), 10**6).map(lambda seconds: refused().started_at + timedelta(seconds=seconds))
SOURCES = st.builds(Source, ANYTHING, st.one_of(st.none(), st.integers(1, 10**6)))
FINDINGS = st.builds(
    Finding,
    id=st.just("drift.alias-moved"),
    level=st.sampled_from(Level),
    message=ANYTHING,
    hint=ANYTHING,
    slot=st.one_of(st.none(), ANYTHING),
    source=st.one_of(st.none(), SOURCES),
    waived=st.booleans(),
    commands=st.lists(ANYTHING, max_size=2).map(tuple),
)
SLOTS = st.builds(
    replace,
    st.just(GRADER),
    slot=ANYTHING,
    reference=ANYTHING,
    source=SOURCES,
    resolved=st.one_of(st.none(), ANYTHING),
    pinned=st.one_of(st.none(), ANYTHING),
    handed_off=st.one_of(st.none(), ANYTHING),
    lifecycle=st.one_of(st.none(), ANYTHING),
    retires_at=st.one_of(st.none(), INSTANTS),
    days_left=st.one_of(st.none(), st.integers(-999, 999)),
)
REPORTS = st.builds(
    replace,
    st.just(refused()),
    service=ANYTHING,
    environment=ANYTHING,
    run_id=st.one_of(st.none(), ANYTHING),
    reused_from=st.one_of(st.none(), ANYTHING),
    origin=st.one_of(st.none(), ANYTHING),
    as_of=INSTANTS,
    finished_at=INSTANTS,
    slots=st.lists(SLOTS, max_size=3).map(tuple),
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
)
DISARMED = replace(
    refused(),
    findings=tuple(replace(MOVED, message=weapon, hint=weapon, commands=(weapon, weapon)) for weapon in WEAPONS),
)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(REPORTS)
@example(DISARMED)
def test_json_stays_valid(report: Report):
    """Any text gives ASCII JSON that fits the schema."""
    shown = render(report, "json")
    assert shown.isascii()
    render_schemas.JSON.validate(json.loads(shown))


@settings(deadline=None)  # the schema is large, and the first validation of a run builds it
@given(REPORTS)
@example(DISARMED)
def test_sarif_stays_valid(report: Report):
    """Any text gives a log that fits the published schema."""
    render_schemas.SARIF.validate(json.loads(render(report, "sarif")))


@given(REPORTS)
@example(DISARMED)
def test_junit_stays_valid(report: Report):
    """Any text gives well-formed XML that fits the schema."""
    render_schemas.JUNIT.validate(render(report, "junit"))


@given(REPORTS)
@example(DISARMED)
def test_github_gets_one_command_a_finding(report: Report):
    """Nobody adds a command, ends one early or hides one."""
    lines = render(report, "github").removesuffix("\n").split("\n")
    commands = [line for line in lines if line.strip().startswith("::")]
    assert commands == lines[: len(report.findings)]
    assert [line for line in lines if "##[" in line or "##vso[" in line] == []
    for command in commands:
        _, properties, _ = command.split("::", 2)
        names = [pair.split("=")[0] for pair in properties.split(" ", 1)[1].split(",")]
        assert names in (["title"], ["file", "line", "title"])


@given(REPORTS, st.sampled_from([None, 80]), st.booleans())
@example(DISARMED, None, True)
@example(DISARMED, 80, False)
def test_text_has_nothing_that_a_terminal_obeys(report: Report, width: int | None, unicode: bool):
    """No control, format, surrogate or private character, and no line that a build server takes for a command."""
    shown = render(report, "text", style=Style(width=width, unicode=unicode))
    lines = shown.removesuffix("\n").split("\n")
    assert {unicodedata.category(char) for line in lines for char in line} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    } == set()
    assert [line for line in lines if line.strip().startswith("::") or "##[" in line or "##vso[" in line] == []


@given(REPORTS)
@example(DISARMED)
def test_markdown_is_shown_and_not_obeyed(report: Report):
    """A Markdown reader sees the tables with the cells that they have, plain text and code in them, and no more."""
    tokens = MARKDOWN.parse(render(report, "markdown"))
    assert [t.type for t in tokens if t.type in ("table_open", "html_block", "heading_open", "hr")] == (
        ["heading_open"] + ["table_open"] * (bool(report.slots) + bool(report.findings))
    )
    blocks = [token.content.removesuffix("\n") for token in tokens if token.type == "fence"]
    assert blocks == [line for group in grouped(harmless(report)) for line in group.commands]
    inline = [child for token in tokens for child in token.children or ()]
    assert {t.type for t in inline} <= {
        "text",
        "text_special",
        "code_inline",
        "strong_open",
        "strong_close",
        "html_inline",
    }
    assert {t.content for t in inline if t.type == "html_inline"} <= {"<code>", "</code>", "<br>"}
    rows = [cell for cell in tokens if cell.type == "td_open"]
    assert len(rows) == 6 * (len(report.slots) + len(report.findings))


@given(ANYTHING)
@example("|".join(WEAPONS))
def test_markdown_shows_the_message_as_it_is(message: str):
    """Escaping changes how a message is written, not what it says."""
    report = replace(refused(), slots=(), findings=(replace(MOVED, message=message),))
    inline = [token for token in MARKDOWN.parse(render(report, "markdown")) if token.type == "inline"]
    after = next(at for at, token in enumerate(inline) if token.content == "`drift.alias-moved`") + 2
    assert _shown(inline[after]).split() == text(message).split()


def _shown(cell: Token) -> str:
    return "".join(child.content for child in cell.children or ()).replace("\u200b", "")


@pytest.mark.parametrize("format", FORMATS)
def test_ten_megabytes_are_cut(format):
    """A text of 10 MB anywhere does not make a report of 10 MB."""
    long = "claude-" * 1_500_000
    slot = replace(
        GRADER, slot=long, reference=long, source=Source(long, 1), resolved=long, pinned=long, lifecycle=long
    )
    finding = replace(MOVED, message=long, hint=long, commands=(long,), slot=long, source=Source(long, 1))
    report = replace(refused(), service=long, environment=long, run_id=long, slots=(slot,), findings=(finding,))
    assert len(render(report, format)) < 40 * LONGEST


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_tells_the_same_words(format):
    """A model's name with terminal escapes reads alike in every format, and is never sent raw."""
    report = replace(refused(), findings=(replace(MOVED, message="\x1b[31mred\x1b[0m \u202eabc"),))
    shown = render(report, format)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "x1b" in shown
    assert "u202e" in shown
