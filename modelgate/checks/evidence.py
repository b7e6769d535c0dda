"""`evidence.*`: what approvals of an environment need to be shown first, and is not."""

from __future__ import annotations

from modelgate.checks.check import name
from modelgate.domain import command_line
from modelgate.domain.command_line import typed
from modelgate.domain.evidence import PROBE, PROBE_LIVE, Lack, Subject, lacking
from modelgate.domain.findings import Finding, Level
from modelgate.domain.rows import Scope
from modelgate.domain.source import Source
from modelgate.domain.text import short
from modelgate.domain.view import SlotView


def unproved(view: SlotView) -> list[Finding] | None:
    """Where approvals live in git: an ID of the lock that was never handed over here lacks what was to be shown."""
    snapshot, facts, choice = view.snapshot, view.snapshot.facts, view.choice
    proofs = snapshot.proofs
    if proofs is None or facts is None or facts.problem:
        return None
    if choice is None or view.held or (view.slot.name, choice.model_id) in proofs.handed:
        return []
    subject = Subject(view.slot.name, choice.model_id, facts.origin, proofs.workspace_id)
    policy = snapshot.policy
    lacks = lacking(policy.accept_needs, subject, proofs.evidence, days=policy.evidence_days, now=snapshot.now)
    return [told(lack, snapshot.scope, policy.evidence_days, view.slot.source) for lack in lacks]


def told(lack: Lack, scope: Scope, days: float, source: Source | None = None) -> Finding:
    """One lack, and the command that makes what is lacking; `scope` is where it is to be recorded."""
    message = short(f"{lack.need} of {name(lack.subject.model_id)}: {_what(lack, days)}", 79)
    commands = (_making(lack, scope),)
    return Finding(lack.check, Level.REFUSE, message, _HOW[lack.kind], lack.subject.slot, source, commands=commands)


def _what(lack: Lack, days: float) -> str:
    newest = lack.newest
    if newest is None:
        return "nothing is recorded"
    day, row = newest.recorded_at.date().isoformat(), newest.row
    if lack.kind == "stale":
        return f"shown {day}, over {days:g} days ago"
    counts = f", {row.failed} of {(row.passed or 0) + (row.failed or 0)} tests" if row.file_format else ""
    return f"failed {day}{counts}"


_HOW = {"missing": "", "stale": "show it again", "failed": "if that was put right, show it again"}


def _making(lack: Lack, scope: Scope) -> str:
    slot, model_id = lack.subject.slot, typed(lack.subject.model_id)
    if lack.need == PROBE:
        return command_line.command(scope, "probe", slot, "--to", model_id)
    if lack.need == PROBE_LIVE:
        return command_line.command(scope, "probe", slot, "--to", model_id, "--live")
    return command_line.command(scope, "evidence add", slot, "--suite", lack.need, "--id", model_id, "FILE")
