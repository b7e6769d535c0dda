"""The fleet against random stores: what is read of many scopes at once is what their rows say, one after the other; and
who asks for a part of it gets that part of the whole.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.databases import append_at, opened
from support.ledger import NOW, run_row

from modelgate.clock import SystemClock
from modelgate.domain.fleet import IN_LOCK, Fleet, Look, ScopeState, Sighting, fleet_of, model_facts
from modelgate.domain.pins import Pin, fold
from modelgate.domain.rows import Author, HandOver, PinRow, ResolutionRow, Row, RunRow, Scope
from modelgate.fleet.fleet import fleet
from modelgate.gate.context import Context, prepare
from modelgate.store import fleet as store_fleet

IDS = tuple(f"claude-m-{n}" for n in range(5))
ALIASES = ("claude-a", "claude-b", "clàude'\"")
SLOTS = ("one", "two", 'thr,e "\\n[1]é')
ORIGINS = ("https://one.example", "https://two.example", None)


class Still(SystemClock):
    """It is an hour after the last row."""

    def now(self) -> datetime:
        """Then."""
        return NOW + timedelta(days=390, hours=1)


@dataclass
class Written:
    """A scope, and what was added to it: each row with its time and author."""

    scope: Scope
    rows: list[tuple[datetime, Author, Row]] = field(default_factory=list)
    revisions: dict[str, int] = field(default_factory=dict)


def some_run(dice: random.Random, number: str) -> list[Row]:
    """A check or a preflight of any outcome, of some of the slots."""
    command, verdict = (
        dice.choice(("check", "preflight", "preflight")),
        dice.choice(("pass", "pass", "refuse", "unknown")),
    )
    enforced, locked = dice.random() < 0.7, dice.random() < 0.2
    slots = '[{"policy":{"pins_from":"lock"}}]' if locked else "[]"
    rows: list[Row] = [
        run_row(number, command=command, verdict=verdict, enforced=enforced, slots=slots, origin=dice.choice(ORIGINS))
    ]
    for slot in dice.sample(SLOTS, dice.randint(0, 3)):
        resolved, pinned = (dice.choice((*IDS, None)) for _ in range(2))
        starts = command == "preflight"
        dated = NOW + timedelta(days=400 + dice.randint(-20, 60))
        rows.append(
            ResolutionRow(
                number, slot, dice.choice((*ALIASES, *IDS)), "resolved", resolved, pinned,
                pinned if starts and enforced and verdict == "pass" else None, 1, dice.random() < 0.1,
                dice.choice(("active", "deprecated", "retired", None)), dice.choice((dated, None)),
                resolved if starts and not enforced else None,
            )
        )  # fmt: skip
    return rows


def some_pin(dice: random.Random, written: Written) -> PinRow:
    """The next revision of one of the slots: an approval, a hold or its end."""
    slot = dice.choice(SLOTS)
    revision = written.revisions[slot] = written.revisions.get(slot, 0) + 1
    action = dice.choice(("accept", "accept", "rollback", "release"))
    revokes = dice.randint(1, revision - 1) if action == "rollback" and revision > 1 else None
    names = dice.choice((*ALIASES, *IDS)), dice.choice(IDS)
    return PinRow(slot, revision, action, *names, "so", expires_at=dice.choice((None, NOW)), revokes=revokes)  # type: ignore[arg-type]  # an action


def filled(url: str, seed: int) -> list[Written]:
    """A store of some scopes, whose rows came in the order of their times, one scope among the others."""
    dice, store = random.Random(seed), opened(url)
    scopes = [Written(Scope(f"s{n // 2}\u00e9", f"e{n % 2}'")) for n in range(8)]
    for step in range(40):
        written, at = dice.choice(scopes), NOW + timedelta(days=10 * step)
        author = Author("ada", f"pod-{dice.randint(1, 3)}", "0.1.0")
        rows = some_run(dice, f"run_{step}") if dice.random() < 0.7 else [some_pin(dice, written)]
        append_at(store, written.scope, author, rows, now=at)
        written.rows += [(at, author, row) for row in rows]
    return scopes


def looks(written: Written) -> Iterator[Look]:
    """Its runs, oldest first."""
    for number, (at, author, row) in enumerate(written.rows, 1):
        if isinstance(row, RunRow):
            yield Look(
                written.scope, number, at, author.host, row.run_id, row.command, row.verdict, row.enforced, row.origin,
                row.asked_at, row.lock_commit,
            )  # fmt: skip


def state_of(written: Written, now: datetime) -> ScopeState | None:
    """The scope, looked through row by row; None if it is forgotten."""
    told = list(looks(written))
    if not told or now - told[-1].recorded_at > timedelta(days=365):
        return None
    current = next((look for look in reversed(told) if look.deployed), None) or passing_check(told) or told[-1]
    handed: dict[tuple[str, str, bool], HandOver] = {}
    for at, author, row in written.rows:
        if isinstance(row, ResolutionRow):
            for model_id, observed in ((row.handed_off_id, False), (row.observed_id, True)):
                if model_id:
                    handed.pop((row.slot, model_id, observed), None)  # the newest is the last
                    handed[row.slot, model_id, observed] = HandOver(
                        row.slot, model_id, row.reference, at, row.run_id, author.host, author.actor, author.version,
                        row.revision, row.held, observed,
                    )  # fmt: skip
    pins = [row for _, _, row in written.rows if isinstance(row, PinRow)]
    revisions = [
        Pin(p.slot, p.revision, p.action, p.model_id, p.reference, expires_at=p.expires_at, revokes=p.revokes)
        for p in pins
    ]
    started = {look.host for look in told if look.deployed and now - look.recorded_at <= timedelta(days=1)}
    ran = [row for _, _, row in written.rows if isinstance(row, RunRow)]
    slots = next(row.slots for row in ran if row.run_id == current.run_id)
    return ScopeState(
        written.scope, {look.command: look for look in told}, current, resolutions_of(written, current),
        fold(revisions), tuple(reversed(handed.values())), len(started), IN_LOCK in slots, {},
    )  # fmt: skip


def passing_check(told: list[Look]) -> Look | None:
    """The newest."""
    return next((look for look in reversed(told) if (look.command, look.verdict) == ("check", "pass")), None)


def resolutions_of(written: Written, look: Look) -> tuple[ResolutionRow, ...]:
    """What the run recorded of its slots."""
    return tuple(r for _, _, r in written.rows if isinstance(r, ResolutionRow) and r.run_id == look.run_id)


def sightings(written: Written, state: ScopeState) -> Iterator[Sighting]:
    """What the present run and a younger check that passed say of models."""
    check = passing_check(list(looks(written)))
    for look in (state.current, *([check] if check and check.sequence > state.current.sequence else [])):
        for row in resolutions_of(written, look):
            if row.lifecycle:
                ids = row.handed_off_id, row.pinned_id, row.resolved_id
                yield Sighting(look.origin, *ids, row.lifecycle, row.retires_at, look.known_at)


def whole(scopes: list[Written], context: Context) -> Fleet:
    """The fleet, looked through row by row."""
    now = context.clock.now()
    states = {written.scope: (written, state) for written in scopes if (state := state_of(written, now))}
    models = model_facts(sighting for written, state in states.values() for sighting in sightings(written, state))
    ordered = [states[scope][1] for scope in sorted(states, key=lambda scope: (scope.service, scope.environment))]
    return Fleet(now, tuple(fleet_of(ordered, models, now, due=90, quiet=timedelta(days=30))))


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 20))])
def test_the_whole_and_each_part_of_a_random_store(
    database_url: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slot by slot the same; asked for a model, or for days, or for both, exactly the slots of the whole that fit."""
    monkeypatch.setattr(store_fleet, "IN_ONE_GO", 1 + seed % 4)  # questions overlap, as those of a large fleet do
    scopes = filled(database_url, seed)
    context = prepare({"MODELGATE_DATABASE_URL": database_url}, config_dir=tmp_path, clock=Still(), anywhere=True)
    expected = whole(scopes, context)
    assert fleet(context) == expected
    for name in (*IDS, *ALIASES, "claude-never"):
        assert (name, fleet(context, model=name)) == (name, expected.of_model(name))
        assert (name, fleet(context, model=name, due=10)) == (name, expected.of_model(name).due(10))
    for days in (0, 10, 50, 36600):
        assert (days, fleet(context, due=days)) == (days, expected.due(days))


@pytest.mark.parametrize("seed", [1, 7])
def test_what_is_judged_is_the_same_in_parts(database_url: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what earlier runs recorded of slots that are gone, which is asked while the next part is under way."""
    filled(database_url, seed)
    now, found = Still().now(), []
    for size in (1, 1000):
        monkeypatch.setattr(store_fleet, "IN_ONE_GO", size)
        store = opened(database_url)
        found.append(store.census(now, now - timedelta(days=365), lambda census: tuple(census.states(judged=True))))
    assert found[0] == found[1]
    assert any(set(state.recorded) - {state.current.run_id} for state in found[0])
