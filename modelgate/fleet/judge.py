"""What is wrong with the fleet now: the gate's own checks over snapshots that are made from the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from modelgate.checks.judgement import judge
from modelgate.domain import terms
from modelgate.domain.catalogue import Answer, Facts, Outcome
from modelgate.domain.findings import Finding, Level
from modelgate.domain.fleet import ScopeState
from modelgate.domain.notices import Key, Trouble
from modelgate.domain.pins import SlotPins
from modelgate.domain.settings import ApiSettings, Policy, Slot, WatchSettings
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.times import days_left, to_the_minute
from modelgate.domain.view import SlotView, look
from modelgate.fleet.deployed import Watched

RETIREMENT = ("catalogue.retires-soon", "catalogue.retirement-overdue")
WATCHED = (
    "catalogue.deprecated", *RETIREMENT, "catalogue.retired", "drift.alias-moved", "drift.pin-retired",
    "drift.pin-missing", "drift.retirement-moved", "drift.facts-changed",
)  # fmt: skip
"""The gate's checks that speak of what changed without anybody deploying."""
_ABOUT_THE_ID = frozenset(WATCHED) - {"drift.alias-moved", "catalogue.retired"}
_ABOUT_THE_DATE = (*RETIREMENT, "drift.retirement-moved")


@dataclass(slots=True)
class Seen:
    """What a look at the fleet came to."""

    troubles: list[Trouble] = field(default_factory=list)
    doubted: set[Key] = field(default_factory=set)
    """Of what nobody could know today whether it is over: see `notices.news`."""
    dates: dict[str, datetime | None] = field(default_factory=dict)
    """ID to its date of retirement, where the API says whether there is one."""
    not_asked: list[ScopeState] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Names of which the API did not say what they mean."""
    slots: int = 0


@dataclass(frozen=True, slots=True)
class Around:
    """What all slots are judged by."""

    facts: Facts
    api: ApiSettings
    now: datetime
    watch: WatchSettings


def see(slots: Iterable[Watched], around: Around) -> Seen:
    """Judges every slot. Pure: the same facts give the same troubles."""
    around = replace(around, facts=_named(around.facts))
    entries = around.facts.entries.values()
    seen = Seen(dates={entry.id: entry.retires_at for entry in entries if entry.retires_known and not entry.doubt})
    elsewhere: dict[int, ScopeState] = {}
    scopes: dict[int, ScopeState] = {}
    for each in slots:
        scopes[id(each.state)] = each.state
        if _asks_another(each, around):
            elsewhere[id(each.state)] = each.state
            continue
        seen.slots += 1
        _judge_slot(each, around, seen)
    seen.not_asked = list(elsewhere.values())
    seen.doubted |= {Key(state.scope.service, state.scope.environment, "", "", "") for state in seen.not_asked}
    for state in scopes.values():
        seen.troubles += _silent(state, around)
    seen.troubles = list({trouble.key: trouble for trouble in reversed(seen.troubles)}.values())[::-1]
    return seen


def _named(facts: Facts) -> Facts:
    """As if every ID that is served had been asked for by its name: the list said what it means."""
    listed = {name: Answer(name, Outcome.RESOLVED, name) for name in facts.entries if facts.served(name)}
    return replace(facts, answers={**listed, **facts.answers})


def _asks_another(each: Watched, around: Around) -> bool:
    other_origin = each.state.current.origin not in (None, around.facts.origin)
    return other_origin or terms.platform_of(each.stored) != around.api.platform


def _judge_slot(each: Watched, around: Around, seen: Seen) -> None:
    """Under each of its names; the same ID once."""
    judged: set[str | None] = set()
    for slot, pins in each.faces:
        snapshot = _snapshot(each, slot, pins, around)
        view = look(snapshot, slot)
        about = view.candidate or slot.reference
        if about not in judged:
            _judge(each, view, around, seen)
        judged.add(about)


def _snapshot(each: Watched, slot: Slot, pins: SlotPins, around: Around) -> Snapshot:
    farthest = max(around.watch.retires_within_days, default=0)
    policy = _within(terms.policy_of(each.stored), farthest)
    return Snapshot(
        verb="check",
        now=around.now,
        policy=policy,
        scope=each.state.scope,
        slots=(slot,),
        waivers=terms.waivers_of(each.stored, slot.name),
        pins={slot.name: pins} if pins.pins or pins.hold else {},
        facts=around.facts,
        promoted={},
    )


@lru_cache(maxsize=256)
def _within(policy: Policy, farthest: int) -> Policy:
    """The policy, which warns as early as the watch does. A fleet has few of them."""
    return replace(policy, retires_warn_days=farthest, retires_refuse_days=min(policy.retires_refuse_days, farthest))


def _judge(each: Watched, view: SlotView, around: Around, seen: Seen) -> None:
    if view.answer is None:
        seen.unknown.append(view.slot.reference)
    seen.doubted |= set(_doubts(view, around.facts))
    about, here = view.candidate or view.slot.reference, list[Trouble]()
    elsewhere = terms.workspace_of(each.stored) not in ("", around.api.workspace_id)
    for finding in judge(view.snapshot).findings:
        if finding.id not in WATCHED or not finding.counts or finding.level is Level.UNKNOWN:
            continue
        model_id = about if finding.id in _ABOUT_THE_ID else view.slot.reference
        key = _key(view, finding.id, model_id)
        if finding.id == "drift.pin-missing" and elsewhere:
            seen.doubted.add(key)  # that workspace may see it
        elif trouble := _trouble(key, finding, around):
            here.append(trouble)
    if any(trouble.key.check_id in RETIREMENT for trouble in here):  # which tells the date, and when it moves
        here = [trouble for trouble in here if trouble.key.check_id != "drift.retirement-moved"]
    seen.troubles += here


def _doubts(view: SlotView, facts: Facts) -> Iterator[Key]:
    """What nobody can know today of a slot: what is open of that neither goes on nor ends."""
    if view.answer is None:
        yield _key(view, "", "")
        return
    if view.candidate is None:
        return
    entry = facts.entries.get(view.candidate)
    if facts.standing(view.candidate) == "unknown" or (entry and entry.doubt):
        yield _key(view, "", view.candidate)
    if entry is None:
        return
    if entry.lifecycle is None:
        yield _key(view, "catalogue.deprecated", view.candidate)
    if entry.retires_at is None and not entry.retires_known:
        yield from (_key(view, check, view.candidate) for check in _ABOUT_THE_DATE)
    before = view.choice.pin.entry if view.choice else None
    had = [path for path, supported in before.capabilities.items() if supported] if before else []
    limits = (entry.max_input_tokens, entry.max_tokens)
    if None in limits or any(entry.supports(path) is None for path in had):
        yield _key(view, "drift.facts-changed", view.candidate)


def _key(view: SlotView, check: str, model_id: str) -> Key:
    scope = view.snapshot.scope
    return Key(scope.service, scope.environment, view.slot.name, check, model_id)


def _trouble(key: Key, finding: Finding, around: Around) -> Trouble | None:
    level, entry = finding.level, around.facts.entries.get(key.model_id)
    if finding.id == "drift.alias-moved" and level is Level.NOTE:
        return None  # the policy accepts it: preflight pins it by itself
    if finding.id == "drift.pin-missing":
        level = Level.WARN  # another key may see it
    retires_at = entry.retires_at if entry and finding.id in _ABOUT_THE_DATE else None
    threshold = None
    if retires_at and finding.id in RETIREMENT:
        left = max(0, days_left(retires_at, around.now))
        threshold = min((days for days in around.watch.retires_within_days if days >= left), default=None)
        if threshold is None:
            return None
    return Trouble(key, level, finding.message, finding.hint, threshold, retires_at)


def _silent(state: ScopeState, around: Around) -> Iterator[Trouble]:
    last = state.current
    if last.deployed and around.now - last.recorded_at > timedelta(days=around.watch.quiet_days):
        key = Key(state.scope.service, state.scope.environment, "", "watch.silent", "")
        message = f"no preflight let it start since {to_the_minute(last.recorded_at)}"
        yield Trouble(key, Level.NOTE, message, "ask its owner whether it runs without its gate, or is gone")
