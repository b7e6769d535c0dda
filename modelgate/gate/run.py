"""The gate: gather a snapshot, judge it, add it to the store, report. `check` and `preflight` are its two verbs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from modelgate import api
from modelgate.checks.check import RUN
from modelgate.checks.judgement import Judgement, judge
from modelgate.clock import Deadline
from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.domain.report import Report, SlotReport
from modelgate.domain.settings import Policy, Verb
from modelgate.domain.snapshot import Snapshot
from modelgate.errors import Conflict, SettingsError, StoreProblem
from modelgate.gate import approvals, asking, record
from modelgate.gate.approvals import Approvals
from modelgate.gate.asking import Asked
from modelgate.gate.context import Context
from modelgate.gate.handoff import exports
from modelgate.store import Store

_RACES = 20
"""How often a run judges again because somebody changed a pin in the same moment."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run leaves out."""

    dry_run: bool = False
    """Record nothing: a role that may only SELECT is enough."""
    as_of: datetime | None = None
    """Judge dates, waivers and holds as of then; implies `dry_run`."""
    offline: bool = False
    no_store: bool = False
    only: str = ""
    """Judge this slot alone, as a batch needs no other."""
    before: Report | None = None
    """The recorded try before this one. A try that comes to the same is not recorded again, and is told as that run."""

    @property
    def records(self) -> bool:
        """Whether anything is written at all."""
        return not (self.dry_run or self.as_of or self.offline or self.no_store)


@dataclass(frozen=True, slots=True)
class Run:
    """A run on its way to a report."""

    context: Context
    verb: Verb
    options: Options
    started: datetime
    run_id: str

    @property
    def policy(self) -> Policy:
        """The policy of the run's verb."""
        return self.context.settings.policy(self.verb)


def run_gate(context: Context, verb: Verb, options: Options = Options()) -> Report:  # frozen
    """Runs the gate once. Raises SettingsError where settings or lock cannot be used."""
    policy = context.settings.policy(verb)
    if policy.enforce and not options.offline:
        context.settings.need_references([options.only] if options.only else None)
    if not (context.settings.slots or context.settings.unset):
        source = str(context.settings.environment_file)
        raise SettingsError("it has no slots: nothing to judge", source=source, hint='[slots.NAME] model = "…"')
    started = context.clock.now()
    this = Run(context, verb, options, started, record.new_run_id(started, secrets.token_hex(4)))
    deadline = Deadline.after(this.policy.deadline_seconds, context.clock)
    known, asked = _gather(this, deadline)
    judgement = judge(_snapshot(this, known, asked))
    if not options.records or known.store is None or known.problem:
        return _report(this, judgement, asked)
    if options.before and _says_the_same(judgement, options.before):
        report = _repeated(this, judgement, asked, options.before)
    else:
        report = _recorded(this, known.store, known, asked, judgement, deadline)
    if asked.claimed and asked.reuse_fingerprint:
        with suppress(StoreProblem):  # the claim ends by itself, only later
            known.store.release_claim(asked.reuse_fingerprint)
    return report


def _gather(this: Run, deadline: Deadline) -> tuple[Approvals, Asked]:
    context, options = this.context, this.options
    if options.offline:
        lock_required = this.policy.pins_from == "lock"
        return approvals.without_store(context, lock_required=lock_required), Asked()
    if options.no_store:
        known = approvals.without_store(context, lock_required=True)
    else:
        patience = Deadline.after(deadline.remaining / 2, context.clock)
        ahead = None if asking.may_reuse(context, this.policy) else api.import_ahead
        known = approvals.from_store(context, this.policy, patience, read_only=not options.records, meanwhile=ahead)
    asked = asking.find_out(context, this.policy, known, deadline, read_only=not options.records)
    if known.store:
        known.store.extend(deadline)
    return known, asked


def _snapshot(this: Run, known: Approvals, asked: Asked) -> Snapshot:
    settings, only = this.context.settings, this.options.only
    return Snapshot(
        verb=this.verb,
        now=this.options.as_of or this.context.clock.now(),
        policy=this.policy,
        scope=this.context.scope,
        slots=tuple(slot for slot in settings.slots if not only or slot.name == only),
        unset=() if only else settings.unset,
        waivers=settings.waivers,
        pins={slot: pins for slot, pins in known.pins.items() if slot == only} if only and known.pins else known.pins,
        facts=asked.facts,
        offline=this.options.offline,
        promoted=known.promoted,
        api_problem=asked.problem,
        store_problem=known.problem,
        notices=known.notices,
        unknown_variables=settings.unknown_variables,
        lock_stale=known.lock_stale,
        api_grace=asked.grace,
        store_grace=known.grace,
    )


def _recorded(
    this: Run, store: Store, known: Approvals, asked: Asked, judgement: Judgement, deadline: Deadline
) -> Report:
    """Writes the run down; judges again if a pin was changed since, or if it cannot be written."""
    context = this.context
    for race in range(_RACES):
        try:
            if race:
                known = approvals.read(known, store, context, this.policy)
                if asked.reused_from:  # those facts may say nothing of what was pinned since
                    asked = asking.find_out(context, this.policy, known, deadline, read_only=False)
                judgement = judge(_snapshot(this, known, asked))
            report = _report(this, judgement, asked, recorded=True)
            command = "batch" if this.options.only else this.verb
            rows = record.rows(context, command, judgement, asked, report, known.eligible())
            head = store.append(
                context.scope, context.author, rows, expect=_expected(this, known), now=report.finished_at
            )
            return replace(report, audit_sequence=head.sequence, audit_head=str(head))
        except Conflict:
            continue
        except StoreProblem as error:
            known = approvals.unreachable(known, context, this.policy, error.problem)
            if judgement.verdict is not Verdict.PASS:
                known = replace(known, grace=None)  # grace never turns a no into a yes
            return _report(this, judge(_snapshot(this, known, asked)), asked)
    raise Conflict("pins of this environment change faster than they can be read", hint="run it again")


def _says_the_same(judgement: Judgement, before: Report) -> bool:
    """Whether the same was asked and answered, and does not pass for the same reasons."""

    def said(verdict: Verdict, slots: Iterable[SlotReport], findings: Iterable[Finding]) -> tuple[object, ...]:
        looks = [(s.slot, s.reference, s.resolved, s.pinned, s.held) for s in slots]
        reasons = [(f.id, f.slot) for f in findings if f.counts and f.level in (Level.REFUSE, Level.UNKNOWN)]
        return verdict, looks, reasons

    now = said(judgement.verdict, judgement.slots, judgement.findings)
    return now == said(before.verdict, before.slots, before.findings)


def _repeated(this: Run, judgement: Judgement, asked: Asked, before: Report) -> Report:
    """The report of a try that adds nothing to the recorded one before it."""
    report = _report(replace(this, run_id=before.run_id or ""), judgement, asked, recorded=True)
    return replace(report, audit_sequence=before.audit_sequence, audit_head=before.audit_head)


def _expected(this: Run, known: Approvals) -> dict[str, int]:
    return {slot.name: known.revisions.get(slot.name, 0) for slot in this.context.settings.slots}


def _report(this: Run, judgement: Judgement, asked: Asked, *, recorded: bool = False) -> Report:
    settings, facts, store_grace = this.context.settings, asked.facts, judgement.snapshot.store_grace
    models = {s.slot: s.handed_off for s in judgement.slots if s.handed_off}
    export_as = {slot.name: slot.export_as for slot in settings.slots if slot.export_as}
    return Report(
        command=this.verb,
        service=settings.service,
        environment=settings.environment,
        verdict=judgement.verdict,
        enforced=this.policy.enforce,
        started_at=this.started,
        finished_at=max(this.started, this.context.clock.now()),
        as_of=judgement.snapshot.now,
        slots=judgement.slots,
        findings=tuple(_with_run(finding, this.run_id if recorded else None) for finding in judgement.findings),
        run_id=this.run_id if recorded else None,
        dry_run=not this.options.records,
        reused_from=asked.reused_from,
        origin=facts.origin if facts else None,
        requests=facts.requests if facts else 0,
        exports=exports(models, export_as),
        fallback_made_at=store_grace.verified_at if store_grace else None,
    )


def _with_run(finding: Finding, run_id: str | None) -> Finding:
    """The hint with the run's ID in it; without `--run` where nothing was recorded."""
    hint = finding.hint.replace(RUN, run_id) if run_id else finding.hint.replace(f" --run {RUN}", "")
    return replace(finding, hint=hint)
