"""scan: the names of Claude models in files, judged by one list of the Models API, as a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from modelgate import api
from modelgate.domain.catalogue import LIFECYCLES, Entry
from modelgate.domain.findings import Finding, verdict_of
from modelgate.domain.report import Report
from modelgate.gate.context import Context
from modelgate.scan.baseline import read_baseline, without, write_baseline
from modelgate.scan.files import Reading, need_there
from modelgate.scan.judge import Listed, Place, judge
from modelgate.scan.search import places, reading


@dataclass(frozen=True, slots=True)
class Scan:
    """What is scanned, and what is left out."""

    paths: Sequence[Path]
    offline: bool = False
    documents: bool = False
    baseline: Path | None = None
    write: bool = False
    """Write the baseline instead of leaving out what is in it."""


def scan(context: Context, wanted: Scan) -> Report:
    """Reads the files and judges every name. Raises UsageError, and ApiProblem where the list cannot be had."""
    started = context.clock.now()
    need_there(wanted.paths)  # before anybody is asked, who may want a key
    known = read_baseline(wanted.baseline) if wanted.baseline and not wanted.write else None
    files = reading(documents=wanted.documents)
    found = judged(context, wanted, files)
    said = [_counted(files)]
    if wanted.write and wanted.baseline:
        write_baseline(wanted.baseline, found)
        said.append(f"Written: {wanted.baseline}, which leaves out {len(found)} from now on.")
        found = []
    elif known is not None:
        new = without(found, known)
        said.append(f"Left out, as it stands in {wanted.baseline}: {len(found) - len(new)}.")
        found = new
    if wanted.offline:
        said.append("Offline: what the names mean was not asked.")
    return _report(wanted, tuple(finding for _, finding in found), started, context.clock.now(), tuple(said))


def judged(context: Context, wanted: Scan, files: Reading) -> list[tuple[Place, Finding]]:
    """Every name in the files with its finding, file by file."""
    listed = Listed(_asked(context, wanted), context.clock.now(), context.settings.check.retires_warn_days)
    found = places(files, wanted.paths, listed, context.settings.config_dir)
    return [(place, judge(place, listed)) for place in found]


def _asked(context: Context, wanted: Scan) -> tuple[Entry, ...] | None:
    if wanted.offline:
        return None
    return api.list_models(
        context.settings.api, lifecycles=LIFECYCLES, deadline=context.deadline(), environ=context.environ
    )


def _counted(files: Reading) -> str:
    """`Read 812 files; skipped: 3 binary, 1 huge.`"""
    skipped = ", ".join(
        f"{files.counted[why]} {why}"
        for why in ("binary", "huge", "generated", "link", "unreadable")
        if files.counted[why]
    )
    return f"Read {files.counted['read']} files" + (f"; skipped: {skipped}." if skipped else ".")


def _report(
    wanted: Scan, findings: tuple[Finding, ...], started: datetime, finished: datetime, said: tuple[str, ...]
) -> Report:
    return Report(
        command="scan",
        service=" ".join(path.as_posix() for path in wanted.paths),
        environment="",
        verdict=verdict_of(findings),
        enforced=True,
        started_at=started,
        finished_at=finished,
        as_of=started,
        slots=(),
        findings=findings,
        said=said,
    )
