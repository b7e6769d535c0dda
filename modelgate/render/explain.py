"""The page of the checks, `docs/checks.md`: the only text that says what a check ID means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from modelgate.domain.errors import UsageError
from modelgate.domain.text import did_you_mean, printable
from modelgate.render.style import Style
from modelgate.render.table import table, wrapped

_TITLE = re.compile(r"\*\*([^*]+)\*\* ?")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")
_HEADING = re.compile(r"^(#{2,3}) (.+)$", re.MULTILINE)


def section(check_id: str) -> str:
    """The Markdown section of one check, its heading first. Raises UsageError for an ID that does not exist."""
    known = sections()
    if check_id in known:
        return known[check_id]
    suggestion = did_you_mean(check_id, list(known))
    hint = f"did you mean {suggestion}?" if suggestion else "all of them:"
    raise UsageError(f"no check has the ID {printable(check_id, 60)!r}", hint=hint, commands=("modelgate explain",))


@cache
def sections() -> Mapping[str, str]:
    """Check ID to Markdown section, in the order of the page."""
    page = _page()
    headings = list(_HEADING.finditer(page))
    ends = [heading.start() for heading in headings[1:]] + [len(page)]
    return {
        heading[2]: page[heading.start() : end].strip() + "\n"
        for heading, end in zip(headings, ends, strict=True)
        if heading[1] == "###"
    }


def meaning(check_id: str) -> str:
    """The paragraph of the section that says what the check means, on one line, without Markdown's marks."""
    paragraphs = section(check_id).split("\n\n")
    return " ".join(paragraphs[2].split()).replace("`", "").replace("*", "")


def listed(style: Style) -> str:
    """Every check ID with what it means, in one line or as many as it takes."""
    rows = [[check, meaning(check).split(". ")[0].rstrip(".") + "."] for check in sections()]
    return "\n".join(table(["check", "means"], rows, style))


def for_people(check_id: str, style: Style) -> str:
    """The section for a terminal: no Markdown's marks, wrapped; a paragraph's commands stand alone on their lines."""
    heading, *paragraphs = section(check_id).strip().split("\n\n")
    told = [style.paint(heading.lstrip("# "), "bold")]
    return "\n\n".join([*told, *(_paragraph(paragraph, style) for paragraph in paragraphs)]) + "\n"


def _paragraph(markdown: str, style: Style) -> str:
    if markdown.startswith(("```", "|", "- ", "    ")):
        return markdown.replace("```\n", "").replace("\n```", "")
    title, text = _TITLE.match(markdown), " ".join(_TITLE.sub("", markdown).split())
    commands = [command for command in _CODE.findall(text) if command.startswith("modelgate ")]
    text = _LINK.sub(r"\1 (\2)", text)
    plain = " ".join(part for part in (title and title[1], text.replace("`", "").replace("**", "")) if part)
    lines = wrapped(plain, style)
    if title:
        lines[0] = lines[0].replace(title[1], style.paint(title[1], "bold"), 1)
    return "\n".join(lines + [f"  {style.paint(command, 'cyan')}" for command in commands])


def _page() -> str:
    """The page as it was installed, or as it stands in a checkout that nobody installed."""
    try:
        return files("modelgate.docs").joinpath("checks.md").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        return (Path(__file__).parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
