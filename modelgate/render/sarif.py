"""SARIF 2.1.0, for code scanning: a rule per check with its page, a result per finding."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.domain.report import Report
from modelgate.domain.source import Source
from modelgate.domain.times import format_instant
from modelgate.render.words import modes, verdict_line
from modelgate.version import HOME, VERSION

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_PLACEHOLDER = re.compile(r"\{(?=\d)")
_LEVELS = {Level.REFUSE: "error", Level.UNKNOWN: "error", Level.WARN: "warning", Level.NOTE: "note"}


def render(report: Report) -> str:
    """The report as a SARIF log with one run."""
    checks = list(dict.fromkeys(finding.id for finding in report.findings))
    rules = [_rule(check) for check in checks]
    driver = {"name": "modelgate", "version": VERSION, "informationUri": HOME, "rules": rules}
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"modelgate/{report.subject}/"},
        "invocations": [_invocation(report)],
        "results": [
            _result(report, finding, checks.index(finding.id), fingerprint)
            for finding, fingerprint in zip(report.findings, _fingerprints(report), strict=True)
        ],
    }
    if report.command == "scan":  # its places have columns
        run["columnKind"] = "unicodeCodePoints"
    return json.dumps({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(check: str) -> dict[str, Any]:
    """The check's page, whole, as it has no address of its own. Only a check that is not known here has none."""
    from modelgate.render.explain import meaning, sections

    rule: dict[str, Any] = {"id": check, "properties": {"tags": [check.partition(".")[0]]}}
    if check in sections():
        meant, page = meaning(check), sections()[check]
        rule["shortDescription"] = {"text": meant.split(". ")[0].rstrip(".") + "."}
        rule["fullDescription"] = {"text": meant}
        rule["helpUri"] = f"{HOME}:checks:{check}"
        rule["help"] = {"text": page, "markdown": page}
    return rule


def _invocation(report: Report) -> dict[str, Any]:
    return {
        "executionSuccessful": report.verdict is not Verdict.UNKNOWN,
        "exitCode": report.exit_code,
        "exitCodeDescription": " ".join([verdict_line(report) + ".", *modes(report)]),
        "startTimeUtc": format_instant(report.started_at),
        "endTimeUtc": format_instant(report.finished_at),
    }


def _result(report: Report, finding: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    about = f"{finding.slot}: " if finding.slot else ""
    hint = "".join(f"\n{line}" for line in (finding.hint, *finding.commands) if line)
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": _LEVELS[finding.level],
        "message": {"text": _plain(f"{about}{finding.message}{hint}")},
        "locations": [_location(report, finding)],
        # The second is the only one that GitHub reads; without it, it would hash the line of the file.
        "partialFingerprints": {"modelgateFinding/v1": fingerprint, "primaryLocationLineHash": fingerprint},
        "properties": {"level": finding.level.value, "slot": finding.slot},
    }
    if finding.waived:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "waived in the settings"}]
    return result


def _plain(text: str) -> str:
    """A message without SARIF's links and placeholders, `[text](target)` and `{0}`: strangers' text has none."""
    return _PLACEHOLDER.sub("{ ", text.replace("](", "] ("))


def _fingerprints(report: Report) -> Iterator[str]:
    """What stays the same for a finding from run to run: not its message, line or level."""
    seen: Counter[str] = Counter()
    for finding in report.findings:
        about = finding.slot or ""
        if report.command == "scan" and finding.source:  # which has no slots: the file, whatever moved in it
            about = finding.source.name
        identity = "\0".join((finding.id, about, report.service, report.environment))
        digest = hashlib.sha256(identity.encode()).hexdigest()[:32]
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"


def _location(report: Report, finding: Finding) -> dict[str, Any]:
    """The finding's place in a file, else its slot's, else the first there is: GitHub refuses a log without."""
    same_slot = [slot.source for slot in report.slots if slot.slot == finding.slot]
    candidates = [finding.source, *same_slot, *(slot.source for slot in report.slots)]
    place = next((source for source in candidates if source and source.is_file), None)
    location: dict[str, Any] = {"physicalLocation": _physical(place)} if place else {}
    return location | {"logicalLocations": [{"name": finding.slot or report.service, "kind": "member"}]}


def _physical(place: Source) -> dict[str, Any]:
    path = place.name.replace("\\", "/").removeprefix("./")
    region = {"startLine": place.line} | ({"startColumn": place.column} if place.column else {})
    if path.startswith("/"):
        return {"artifactLocation": {"uri": f"file://{quote(path)}"}, "region": region}
    return {"artifactLocation": {"uri": quote(path), "uriBaseId": "%SRCROOT%"}, "region": region}
