"""Workflow commands, which GitHub shows as annotations on the lines of the settings."""

from __future__ import annotations

from modelgate.domain.findings import Finding, Level
from modelgate.domain.report import Report
from modelgate.render.words import modes, verdict_line, worst_first

_COMMANDS = {Level.REFUSE: "error", Level.UNKNOWN: "error", Level.WARN: "warning", Level.NOTE: "notice"}


def render(report: Report) -> str:
    """One command a finding, the worst first, as GitHub shows ten of a kind; then the verdict for the log."""
    commands = [_command(finding) for finding in worst_first(report.findings)]
    return "\n".join([*commands, *modes(report), verdict_line(report)]) + "\n"


def _command(finding: Finding) -> str:
    command = "notice" if finding.waived else _COMMANDS[finding.level]
    properties = {"title": " ".join(filter(None, [finding.id, finding.slot, "(waived)" if finding.waived else ""]))}
    if finding.source and finding.source.is_file:
        properties = {"file": finding.source.name, "line": str(finding.source.line)} | _column(finding) | properties
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    where = f" ({finding.source})" if finding.source and not finding.source.is_file else ""
    text = "\n".join([f"{finding.message}{where}", *filter(None, (finding.hint, *finding.commands))])
    return f"::{command} {given}::{_data(text)}"


def annotation(command: str, message: str, place: str | None, hint: str) -> str:
    """One annotation about what is no finding. `place` is `config/prod.toml:12`, or what no line of a file is."""
    name, _, line = (place or "").rpartition(":")
    properties = {"file": name, "line": line} if name and line.isdigit() else {}
    given = ",".join(f"{key}={_property(value)}" for key, value in {**properties, "title": "settings"}.items())
    told = message if properties or not place else f"{place}: {message}"
    return f"::{command} {given}::{_data(chr(10).join(filter(None, (told, hint))))}"


def _column(finding: Finding) -> dict[str, str]:
    return {"col": str(finding.source.column)} if finding.source and finding.source.column else {}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
