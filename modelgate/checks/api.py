"""`api.*`: what could not be known of the Models API, and what stands in for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from modelgate.checks.check import about
from modelgate.domain.catalogue import Outcome
from modelgate.domain.findings import Finding, Level
from modelgate.domain.problems import Problem
from modelgate.domain.snapshot import Grace, Snapshot
from modelgate.domain.text import short
from modelgate.domain.view import SlotView


def whole(snapshot: Snapshot) -> list[Finding]:
    """What is wrong with the API as a whole: at most one finding."""
    if snapshot.api_grace and snapshot.api_problem:
        return [grace("api.grace", snapshot.api_grace, snapshot.api_problem, snapshot.now)]
    problem = snapshot.facts.problem if snapshot.facts else snapshot.api_problem
    return [from_problem(problem)] if problem else []


def unreadable(snapshot: Snapshot) -> list[Finding]:
    """Entries of the list that cannot be believed: each is doubted alone."""
    entries = snapshot.facts.entries if snapshot.facts else {}
    doubted = [entries[model_id] for model_id in sorted(entries) if entries[model_id].doubt]
    if not doubted:
        return []
    more = f" and {len(doubted) - 1} more" if len(doubted) > 1 else ""
    message = f"{short(doubted[0].id, 29)}{more}: {short(doubted[0].doubt, 40)}"
    hint = "nothing is judged by such an entry; the API's support should know of it"
    return [Finding("api.entry-unreadable", Level.NOTE, message, hint)]


def one_name(view: SlotView) -> list[Finding] | None:
    """What could not be known of the slot's reference, or of the ID that it may run."""
    snapshot, facts = view.snapshot, view.snapshot.facts
    if facts is None or facts.problem:
        return None
    found = []
    answer = facts.answers.get(view.slot.reference)
    if answer is None or answer.outcome is Outcome.FAILED:
        finding = _slot_problem(view, (answer.problem if answer else None) or snapshot.api_problem)
        # A held slot runs its ID whatever the reference means, unless the application reads the settings itself.
        indifferent = view.held and snapshot.policy.hand_off == "pins"
        found.append(replace(finding, level=Level.NOTE) if indifferent else finding)
    if view.choice and not facts.knows(view.choice.model_id):
        failed = facts.answers.get(view.choice.model_id)
        found.append(_slot_problem(view, (failed.problem if failed else None) or snapshot.api_problem))
    return found[-1:]


def from_problem(problem: Problem) -> Finding:
    """The finding that a problem becomes: unknown, but for an origin that is not approved, which is a no."""
    level = Level.REFUSE if problem.is_refusal else Level.UNKNOWN
    return Finding(problem.check, level, _message(problem), problem.hint, commands=_command(problem))


def grace(check: str, period: Grace, problem: Problem, now: datetime) -> Finding:
    """The warning that old facts or pins stand in, and for how long they still may."""
    left = period.until - now
    hours = left.total_seconds() / 3600
    message = f"verified {period.verified_at:%Y-%m-%d %H:%M}Z, good for {hours:.1f} more hours"
    hint = f"because {_message(problem)}; {problem.hint}".rstrip("; ")
    return Finding(check, Level.WARN, message, hint, commands=_command(problem))


def _slot_problem(view: SlotView, problem: Problem | None) -> Finding:
    known = problem or Problem("api.unreachable", "nothing is known of this model", "run it again")
    return about(view, known.check, from_problem(known).level, _message(known), known.hint, _command(known))


def _command(problem: Problem) -> tuple[str, ...]:
    return (problem.command,) if problem.command else ()


def _message(problem: Problem) -> str:
    request = f" ({short(problem.request_id, 36)})" if problem.request_id else ""
    return short(problem.message, 79 - len(request)) + request
