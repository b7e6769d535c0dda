"""The page of the checks, `docs/checks.md`: the only text that says what a check ID means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from modelgate.domain.text import did_you_mean, printable
from modelgate.errors import UsageError

_HEADING = re.compile(r"^(#{2,3}) (.+)$", re.MULTILINE)


def section(check_id: str) -> str:
    """The Markdown section of one check, its heading first. Raises UsageError for an ID that does not exist."""
    known = sections()
    if check_id in known:
        return known[check_id]
    suggestion = did_you_mean(check_id, list(known))
    hint = f"did you mean {suggestion}?" if suggestion else "docs/checks.md lists every check"
    raise UsageError(f"no check has the ID {printable(check_id, 60)!r}", hint=hint)


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


def _page() -> str:
    """The page as it was installed, or as it stands in a checkout that nobody installed."""
    try:
        return files("modelgate.docs").joinpath("checks.md").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        return (Path(__file__).parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
