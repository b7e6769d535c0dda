"""JUnit XML, for the test tabs of GitLab, Jenkins and others: a test case per slot, and one for the run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from modelgate.domain.findings import Finding, Level
from modelgate.domain.report import Report
from modelgate.render.words import modes, verdict_line, worst_first, worst_of

RUN_CASE = "the run as a whole"
"""The case of the findings that are about no slot; no slot can have this name."""

_STOPPING: dict[Level | None, str] = {Level.REFUSE: "failure", Level.UNKNOWN: "error"}
# Beside the control characters, which are gone by now, XML forbids these two.
_ILLEGAL = re.compile("[\ufffe\uffff]")


def render(report: Report) -> str:
    """One suite. A case has at most one failure, error or skip, as most readers show no more than the first."""
    names = [slot.slot for slot in report.slots]
    names = list(dict.fromkeys(names + [finding.slot for finding in report.findings if finding.slot]))
    suite = Element("testsuite", name=_legal(f"modelgate {report.command} {report.service}/{report.environment}"))
    suite.set("timestamp", report.started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    suite.set("time", f"{max(0.0, (report.finished_at - report.started_at).total_seconds()):.3f}")
    classname = _legal(f"modelgate.{report.service}.{report.environment}")
    for name in [*names, None]:
        case = SubElement(suite, "testcase", name=_legal(name or RUN_CASE), classname=classname)
        _judge(case, [finding for finding in worst_first(report.findings) if finding.slot == name])
    SubElement(suite, "system-out").text = _legal("\n".join([*modes(report), verdict_line(report)]))
    return _document(suite)


def _judge(case: Element, findings: Sequence[Finding]) -> None:
    """Refusals fail the case, what could not be known is its error, a waived refusal skips it; the rest is output."""
    tag = _STOPPING.get(worst_of(findings))
    decisive = [f for f in findings if f.level in _STOPPING and f.counts] or [
        f for f in findings if f.level in _STOPPING
    ]
    if decisive:
        outcome = SubElement(case, tag or "skipped", type=_legal(decisive[0].id), message=_legal(_title(decisive[0])))
        outcome.text = _told(decisive)
    if rest := [finding for finding in findings if finding not in decisive]:
        SubElement(case, "system-out").text = _told(rest)


def _title(finding: Finding) -> str:
    return f"waived: {finding.message}" if finding.waived else finding.message


def _told(findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        where = f" ({finding.source})" if finding.source else ""
        lines.append(f"{finding.level.upper()} {finding.id}: {_title(finding)}{where}")
        lines += [f"  {line}" for line in (finding.hint, *finding.commands) if line]
    return _legal("\n".join(lines))


def _document(suite: Element) -> str:
    root = Element("testsuites", name="modelgate")
    root.append(suite)
    counted = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    for attribute, tag in counted.items():
        number = str(sum(1 for _ in suite.iter(tag)))
        suite.set(attribute, number)
        if attribute != "skipped":
            root.set(attribute, number)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _legal(text: str) -> str:
    return _ILLEGAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
