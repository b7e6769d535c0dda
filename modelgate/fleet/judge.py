"""What is wrong with the fleet now: the gate's own checks over snapshots that are made from the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from modelgate.checks.judgement import judge
from modelgate.domain import terms
from modelgate.domain.catalogue import Facts, Outcome
from modelgate.domain.findings import Finding, Level
from modelgate.domain.fleet import ScopeState
from modelgate.domain.notices import Key, Trouble
from modelgate.domain.pins import Pin, SlotPins
from modelgate.domain.settings import Slot, WatchSettings
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.source import Source
from modelgate.domain.times import days_left, to_the_minute
from modelgate.domain.view import look

RETIREMENT = ("catalogue.retires-soon", "catalogue.retirement-overdue")
WATCHED = (
    "catalogue.deprecated", *RETIREMENT, "catalogue.retired", "drift.alias-moved", "drift.pin-retired",
    "drift.pin-missing", "drift.retirement-moved", "drift.facts-changed",
)  # fmt: skip
"""The gate's checks that speak of what changed without anybody deploying."""
_ABOUT_THE_ID = frozenset(WATCHED) - {"drift.alias-moved", "catalogue.retired"}


@dataclass(frozen=True, slots=True)
class Watched:
    """One slot of one scope, as the run that is deployed had it."""

    state: ScopeState
    slot: Slot
    stored: Mapping[str, Any]
    pins: SlotPins
    also: tuple[str, ...]
    """Other IDs that were handed over within `quiet_days`: pods of an earlier deployment may run them still."""
    is_alias: bool


@dataclass(slots=True)
class Seen:
    """What a look at the fleet came to."""

    troubles: list[Trouble] = field(default_factory=list)
    doubted: set[Key] = field(default_factory=set)
    not_asked: list[ScopeState] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Names of which the API did not say what they mean."""
    slots: int = 0


def watched(states: Iterable[ScopeState], now: datetime, quiet: timedelta) -> Iterator[Watched]:
    """Every slot that is to be judged."""
    for state in states:
        stored = {each.get("slot"): each for each in _slots(state)}
        rows = {row.slot: row for row in state.resolutions.get(state.current.run_id, ())}
        for name, told in stored.items():
            row = rows.get(str(name))
            if row is None:
                continue
            needs = tuple(str(need) for need in told.get("requires") or ())
            limits = (_tokens(told, "min_input_tokens"), _tokens(told, "min_output_tokens"))
            slot = Slot(row.slot, row.reference, Source(f"run {state.current.run_id}"), needs, *limits)
            pins = state.pins.get(row.slot, SlotPins(row.slot))
            if state.current.lock_commit and row.pinned_id and not pins.hold:
                pins = _approved(row.slot, row.reference, row.pinned_id)
            recent = [h for h in state.handed if h.slot == row.slot and now - h.recorded_at <= quiet]
            present = row.handed_off_id or row.pinned_id
            also = tuple(dict.fromkeys(h.model_id for h in recent if h.model_id != present))
            yield Watched(state, slot, told, pins, also, row.resolved_id not in (None, row.reference))


def _slots(state: ScopeState) -> list[dict[str, Any]]:
    try:
        found = json.loads(state.current.slots)
    except ValueError:
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _tokens(told: Mapping[str, Any], limit: str) -> int | None:
    found = told.get(limit)
    return found if isinstance(found, int) else None


def _approved(slot: str, reference: str, model_id: str) -> SlotPins:
    return SlotPins(slot, (Pin(slot, None, "accept", model_id, reference),))


def see(slots: Iterable[Watched], facts: Facts, platform: str, now: datetime, watch: WatchSettings) -> Seen:
    """Judges every slot. Pure: the same facts give the same troubles."""
    seen = Seen()
    elsewhere: dict[int, ScopeState] = {}
    scopes: dict[int, ScopeState] = {}
    for each in slots:
        scopes[id(each.state)] = each.state
        other = each.state.current.origin not in (None, facts.origin)
        if other or each.stored.get("platform", "anthropic") != platform:
            elsewhere[id(each.state)] = each.state
            continue
        seen.slots += 1
        for slot, pins in _faces(each):
            snapshot = _snapshot(each, slot, pins, facts, now, watch)
            _judge(snapshot, slot, seen, watch)
    seen.not_asked = list(elsewhere.values())
    seen.troubles += [trouble for state in scopes.values() for trouble in _silent(state, now, watch)]
    return seen


def _faces(each: Watched) -> Iterator[tuple[Slot, SlotPins]]:
    """The slot itself, and each other ID that it may still run, as if it were approved by its own name."""
    yield each.slot, each.pins
    for model_id in each.also:
        yield replace(each.slot, reference=model_id), _approved(each.slot.name, model_id, model_id)


def _snapshot(each: Watched, slot: Slot, pins: SlotPins, facts: Facts, now: datetime, watch: WatchSettings) -> Snapshot:
    farthest = max(watch.retires_within_days, default=0)
    policy = terms.policy_of(each.stored)
    policy = replace(policy, retires_warn_days=farthest, retires_refuse_days=min(policy.retires_refuse_days, farthest))
    return Snapshot(
        verb="check",
        now=now,
        policy=policy,
        scope=each.state.scope,
        slots=(slot,),
        waivers=terms.waivers_of(each.stored, slot.name),
        pins={slot.name: pins} if pins.pins or pins.hold else {},
        facts=facts,
        promoted={},
    )


def _judge(snapshot: Snapshot, slot: Slot, seen: Seen, watch: WatchSettings) -> None:
    scope, view = snapshot.scope, look(snapshot, slot)
    answer = (snapshot.facts.answers if snapshot.facts else {}).get(slot.reference)
    if answer and answer.outcome is Outcome.FAILED:
        seen.unknown.append(slot.reference)
    about = view.candidate or slot.reference
    here: list[Trouble] = []
    if view.answer is None:  # what is open about this slot can neither go on nor end by what was asked
        seen.doubted |= {Key(scope.service, scope.environment, slot.name, check, about) for check in WATCHED}
    for finding in judge(snapshot).findings:
        if finding.id in WATCHED and finding.counts and finding.level is not Level.UNKNOWN:
            model_id = about if finding.id in _ABOUT_THE_ID else slot.reference
            if trouble := _trouble(snapshot, finding, model_id, watch):
                here.append(trouble)
    if any(trouble.key.check_id in RETIREMENT for trouble in here):  # which tells the date, and when it moves
        here = [trouble for trouble in here if trouble.key.check_id != "drift.retirement-moved"]
    seen.troubles += here


def _trouble(snapshot: Snapshot, finding: Finding, model_id: str, watch: WatchSettings) -> Trouble | None:
    level, scope = finding.level, snapshot.scope
    if finding.id == "drift.alias-moved" and level is Level.NOTE:
        return None  # the policy accepts it: preflight pins it by itself
    if finding.id == "drift.pin-missing":
        level = Level.WARN  # another key may see it
    entry = snapshot.facts.entries.get(model_id) if snapshot.facts else None
    retires_at = entry.retires_at if entry and finding.id in (*RETIREMENT, "drift.retirement-moved") else None
    threshold = None
    if retires_at and finding.id in RETIREMENT:
        left = max(0, days_left(retires_at, snapshot.now))
        threshold = min((days for days in watch.retires_within_days if days >= left), default=None)
        if threshold is None:
            return None
    hint = getattr(finding, "hint", "")
    key = Key(scope.service, scope.environment, finding.slot or "", finding.id, model_id)
    return Trouble(key, level, finding.message, hint, threshold, retires_at)


def _silent(state: ScopeState, now: datetime, watch: WatchSettings) -> Iterator[Trouble]:
    last = state.current
    if last.deployed and now - last.recorded_at > timedelta(days=watch.quiet_days):
        key = Key(state.scope.service, state.scope.environment, "", "watch.silent", "")
        message = f"no preflight let it start since {to_the_minute(last.recorded_at)}"
        yield Trouble(key, Level.NOTE, message, "ask its owner whether it runs without its gate, or is gone")
