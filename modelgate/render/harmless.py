"""The same report with every text made harmless, before any format sees it."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any, TypeVar

from modelgate.domain.findings import Finding
from modelgate.domain.report import Report, SlotReport
from modelgate.domain.source import Source
from modelgate.domain.text import printable

LONGEST = 1000
"""Characters of one text in a report; more is cut."""

# What build servers obey anywhere in a line of a log: ##[…] and ##vso[…] (GitHub, Azure), ##teamcity[…].
_COMMAND = re.compile(r"##(?=\w*\[)")

Value = TypeVar("Value", Report, SlotReport, Finding, Source)


def harmless(report: Report) -> Report:
    """`report` with control, format and surrogate characters shown as escapes, and long texts cut."""
    cleaned = _clean(report)
    return replace(
        cleaned,
        slots=tuple(replace(_clean(slot), source=_clean(slot.source)) for slot in report.slots),
        findings=tuple(replace(_clean(f), source=f.source and _clean(f.source)) for f in report.findings),
        exports={text(name): text(model_id) for name, model_id in report.exports.items()},
    )


def text(value: str) -> str:
    """One text on one line, at most `LONGEST` characters, without commands to a build server."""
    return _COMMAND.sub("# # ", printable(value, LONGEST))


def _clean(value: Value) -> Value:
    changed: dict[str, Any] = {f.name: text(got) for f in fields(value) if type(got := getattr(value, f.name)) is str}
    if isinstance(value, Finding):
        changed["commands"] = tuple(text(line) for line in value.commands)
    return replace(value, **changed)
