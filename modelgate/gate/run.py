"""The gate: gather a snapshot, judge it, record that, report. `check` and `preflight` are its two verbs."""

from __future__ import annotations

from modelgate.checks.judgement import Judgement, judge
from modelgate.domain.errors import Conflict, SettingsError, StoreProblem
from modelgate.domain.findings import Verdict
from modelgate.domain.report import Report
from modelgate.domain.settings import Verb
from modelgate.gate.context import Context
from modelgate.gate.gather import Gathered, gather, gather_again, without_store
from modelgate.gate.options import Options, Run
from modelgate.gate.record import hand_over, record
from modelgate.gate.report import repeated, report, says_the_same

__all__ = ["Options", "run_gate"]

_EVERYTHING = Options()
"""A run that leaves nothing out."""
_RACES = 20
"""How often a run judges again because somebody changed a pin in the same moment."""


def run_gate(context: Context, verb: Verb, options: Options = _EVERYTHING) -> Report:
    """Runs the gate once. Raises SettingsError where settings or lock cannot be used."""
    policy = context.settings.policy(verb)
    if policy.enforce and not options.offline:
        context.settings.need_references([options.only] if options.only else None)
    if not (context.settings.slots or context.settings.unset):
        source = str(context.settings.environment_file)
        raise SettingsError("it has no slots: nothing to judge", source=source, hint='[slots.NAME] model = "…"')
    run = Run.begin(context, verb, options)
    known = gather(run)
    try:
        for _ in range(_RACES):
            judgement = judge(known.snapshot)
            if not options.records or known.approvals.store is None or known.approvals.problem:
                return _unrecorded(run, known, judgement)
            if options.before and says_the_same(judgement, options.before):
                return repeated(run, known, judgement, options.before)
            try:
                return record(run, known, judgement)
            except Conflict:
                known = gather_again(run, known)
            except StoreProblem as error:
                known = without_store(run, known, error.problem, passed=judgement.verdict is Verdict.PASS)
        if run.observes:  # it pins nothing, and nothing must stop this start
            return _unrecorded(run, known, judge(known.snapshot))
    finally:
        known.leave()
    raise Conflict("pins of this environment change faster than they can be read", hint="run it again")


def _unrecorded(run: Run, known: Gathered, judgement: Judgement) -> Report:
    told = report(run, known, judgement)
    if failed := hand_over(run, told):
        raise failed
    return told
