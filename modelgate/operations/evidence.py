"""evidence: record that a suite ran on an ID, and list what was recorded. The API is not asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelgate.api.origin import origin_asked
from modelgate.domain.errors import UsageError
from modelgate.domain.evidence import PROBES, Evidence, EvidenceRow
from modelgate.domain.rows import Head
from modelgate.domain.suite_results import LARGEST, NotResults, SuiteResults, parse
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant
from modelgate.gate.context import Context
from modelgate.operations.selection import need_known
from modelgate.settings import names
from modelgate.small_file import read_small


@dataclass(frozen=True, slots=True)
class Added:
    """What was recorded."""

    row: EvidenceRow
    results: SuiteResults
    head: Head
    notes: tuple[str, ...] = ()


def add(context: Context, slot: str, suite: str, model_id: str, path: Path) -> Added:
    """Reads a result file as numbers and records them. Raises UsageError, SettingsError, Refused, StoreProblem."""
    need_known(context, [slot], everything=False)
    _need_names(suite, model_id)
    content = _read(path)
    try:
        results = parse(content)
    except NotResults as error:
        raise UsageError(
            f"{printable(str(path))}: {error}", hint="docs/evidence.md says which files are read"
        ) from None
    row = EvidenceRow(
        slot=slot,
        model_id=model_id,
        suite=suite,
        outcome="failed" if results.failed else "passed",
        origin=origin_asked(context.api, context.environ),
        workspace_id=context.api.workspace_id,
        passed=results.passed,
        failed=results.failed,
        file_format=results.format,
        file_digest=hashlib.sha256(content).hexdigest(),
    )
    with context.store(context.deadline(), keeps=True) as store:
        head = store.append(context.scope, context.author, [row], now=context.clock.now())
    return Added(row, results, head, _notes(results, model_id))


def _need_names(suite: str, model_id: str) -> None:
    """Raises UsageError for what is no name of a suite or of a model."""
    if suite in PROBES:
        raise UsageError(f"a {suite} is made by `modelgate probe`, not from a file", hint="name the suite that ran")
    for option, name, check in (("--suite", suite, names.suite), ("--id", model_id, names.reference)):
        try:
            check(name)
        except ValueError as error:
            raise UsageError(f"{option}: {error}") from None


def _read(path: Path) -> bytes:
    try:
        return read_small(path, LARGEST)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no path"
        hint = "the result file of an evaluation: JUnit XML, or the JSON of promptfoo or inspect_ai"
        raise UsageError(f"cannot read {printable(str(path))}: {why}", hint=hint) from None


def _notes(results: SuiteResults, model_id: str) -> tuple[str, ...]:
    if not results.models or any(name.endswith(model_id) for name in results.models):
        return ()
    return (f"the file names another model than {printable(model_id)}: {', '.join(results.models)}",)


def recorded(context: Context, slot: str | None, limit: int) -> tuple[Evidence, ...]:
    """The newest evidence, newest first, of one slot or of all. Raises StoreProblem."""
    with context.store(context.deadline(), read_only=True, keeps=True) as store:
        return store.evidence(context.scope, slot, limit=limit)[::-1]


def evidence_json(each: Evidence) -> dict[str, Any]:
    """One proof as JSON values; instants are ISO 8601 in UTC."""
    row = each.row
    return {
        "recorded_at": format_instant(each.recorded_at),
        **row_json(row),
        "actor": each.actor,
        "commit": each.commit_sha,
        "ci_run": each.ci_run,
    }


def row_json(row: EvidenceRow) -> dict[str, Any]:
    """What a proof says, as JSON values."""
    return {
        "slot": row.slot,
        "id": row.model_id,
        "suite": row.suite,
        "outcome": row.outcome,
        "origin": row.origin,
        "workspace_id": row.workspace_id,
        "passed": row.passed,
        "failed": row.failed,
        "file_format": row.file_format,
        "file_digest": row.file_digest,
        "status": row.status,
        "error_type": row.error_type,
        "request_id": row.request_id,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "served_model": row.served_model,
    }
