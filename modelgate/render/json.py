"""The report for programs: `modelgate.report/2`, as `report.schema.json` describes it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from modelgate.domain.findings import Finding
from modelgate.domain.report import SCHEMA, Report, SlotReport
from modelgate.domain.times import format_instant


def render(report: Report) -> str:
    """The report as ASCII JSON, keys in the order of the schema."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=True) + "\n"


def to_json(report: Report) -> dict[str, Any]:
    """The report as JSON values; instants are ISO 8601 in UTC."""
    return {
        "schema": SCHEMA,
        "command": report.command,
        "service": report.service,
        "environment": report.environment,
        "verdict": report.verdict.value,
        "enforced": report.enforced,
        "observed": report.observed,
        "exit_code": report.exit_code,
        "run_id": report.run_id,
        "started_at": format_instant(report.started_at),
        "finished_at": format_instant(report.finished_at),
        "as_of": format_instant(report.as_of),
        "dry_run": report.dry_run,
        "reused_from": report.reused_from,
        "api": {"origin": report.origin, "requests": report.requests},
        "audit": {"store": report.store, "sequence": report.audit_sequence, "head": report.audit_head},
        "slots": [_slot(slot) for slot in report.slots],
        "findings": [_finding(finding) for finding in report.findings],
    }


def _slot(slot: SlotReport) -> dict[str, Any]:
    return {
        "slot": slot.slot,
        "reference": slot.reference,
        "source": str(slot.source),
        "resolved": slot.resolved,
        "pinned": slot.pinned,
        "handed_off": slot.handed_off,
        "revision": slot.revision,
        "held": slot.held,
        "lifecycle": slot.lifecycle,
        "retires_at": _instant(slot.retires_at),
        "days_left": slot.days_left,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "level": finding.level.value,
        "slot": finding.slot,
        "message": finding.message,
        "hint": finding.hint,
        "commands": list(finding.commands),
        "source": str(finding.source) if finding.source else None,
        "waived": finding.waived,
    }


def _instant(instant: datetime | None) -> str | None:
    return format_instant(instant) if instant else None
