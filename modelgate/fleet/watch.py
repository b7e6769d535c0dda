"""watch: judges what every service runs now, records what is news, and tells each channel once."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from modelgate import api
from modelgate.domain.catalogue import Facts
from modelgate.domain.digests import digest, digest_id
from modelgate.domain.errors import AnotherWatcher, ApiProblem
from modelgate.domain.findings import Level
from modelgate.domain.notices import BEGUN, REFUSED, RESERVED, NoticeRow, TellingRow, news
from modelgate.domain.problems import Problem
from modelgate.fleet.channels import Channel, channels, mark, send
from modelgate.fleet.deployed import Watched, watched
from modelgate.fleet.fleet import open_whole
from modelgate.fleet.judge import Around, Seen, see
from modelgate.gate.context import Context
from modelgate.store import Store

LEASE = "modelgate-watch"
LEASE_SECONDS = 300.0
"""Longer than a whole look may take: after a kill the next watcher begins when it has passed."""

MOST_NAMES = 300
"""Of the names that most slots ask for; the others are not known. Who may add rows could name any number."""
PORTION = 5000
"""Notices that are recorded in one transaction."""
_BUSY = Problem("store.unreachable", "another watcher is at work on this store", "wait for its end")


@dataclass(frozen=True, slots=True)
class WatchResult:
    """What one look came to."""

    seen: Seen
    news: tuple[NoticeRow, ...]
    told: tuple[str, ...] = ()
    """Channels that took their digest."""
    failed: tuple[str, ...] = ()
    """Channels that did not, and why."""

    @property
    def exit_code(self) -> int:
        """1 something refuses or warns now; 3 could not know, or a channel did not take its digest; else 0."""
        if any(trouble.level in (Level.REFUSE, Level.WARN) for trouble in self.seen.troubles):
            return 1
        return 3 if self.failed or self.seen.unknown else 0


def watch(context: Context, *, notify: bool = True, dry_run: bool = False) -> WatchResult:
    """One look. Raises ApiProblem where nothing could be known, StoreProblem, and SettingsError."""
    told = channels(context.settings.notify) if notify and not dry_run else []
    store = open_whole(context, read_only=dry_run)
    if dry_run:
        seen = _look(context, store)
        return WatchResult(seen, tuple(_news(store, seen)))
    holder = secrets.token_hex(8)
    if store.take_lease(LEASE, holder, LEASE_SECONDS) != holder:
        raise AnotherWatcher(_BUSY)
    try:
        seen = _look(context, store)
        rows = _news(store, seen)
        if not store.renew_lease(LEASE, holder, LEASE_SECONDS):
            raise AnotherWatcher(_BUSY)  # this one was asleep for so long that its news is old
        for start in range(0, len(rows), PORTION):  # what is not recorded when it is killed is news to the next look
            store.append(RESERVED, context.author, rows[start : start + PORTION], now=context.clock.now())
        return _tell(context, store, holder, told, WatchResult(seen, tuple(rows)))
    finally:
        store.give_back_lease(LEASE, holder)


def _look(context: Context, store: Store) -> Seen:
    now, watch = context.clock.now(), context.settings.watch
    forgotten = now - timedelta(days=watch.forget_days)
    states = store.census(now, forgotten, lambda census: tuple(census.states(judged=True)))
    quiet = timedelta(days=watch.quiet_days)
    facts = _ask(context, watched(states, now, quiet))
    return see(watched(states, now, quiet), Around(facts, context.api, now, watch)) if facts else Seen()


def _news(store: Store, seen: Seen) -> list[NoticeRow]:
    before = {key: last.notice for key, last in store.last_news().items()}
    return news(seen.troubles, before, seen.doubted, seen.dates)


def _ask(context: Context, slots: Iterable[Watched]) -> Facts | None:
    """One list of all lifecycles, and one question for each distinct alias; None where nobody runs anything.

    Raises ApiProblem.
    """
    names, aliases, ids = Counter[str](), set[str](), set[str]()
    for each in slots:
        names[each.slot.reference] += 1
        names.update(name for name, is_id in each.also.items() if not is_id)
        ids.update(name for name, is_id in each.also.items() if is_id)
        ids.update(pin.model_id for pin in (*each.pins.pins, each.pins.hold) if pin)
        if each.is_alias:
            aliases.add(each.slot.reference)
    if not names:
        return None
    facts = api.ask(
        context.api,
        [name for name, _ in names.most_common(MOST_NAMES)],
        known_aliases=aliases,
        pinned=ids,
        deadline=context.deadline(),
        clock=context.clock,
        environ=context.environ,
    )
    if facts.problem:
        raise ApiProblem(facts.problem)
    return facts


def _tell(context: Context, store: Store, holder: str, listed: Sequence[Channel], result: WatchResult) -> WatchResult:
    told, failed = [], []
    for channel in listed:
        if not store.renew_lease(LEASE, holder, LEASE_SECONDS):
            failed.append(f"{channel.name}: another watcher took over")
            continue
        if problem := _tell_one(context, store, channel):
            failed.append(f"{channel.name}: {problem}")
        else:
            told.append(channel.name)
    return WatchResult(result.seen, result.news, tuple(told), tuple(failed))


def _tell_one(context: Context, store: Store, channel: Channel) -> str:
    """Tells what the channel was not told; empty, or why it did not take it."""
    name = mark(channel, store.salt)
    through, newest = store.told(name) or 0, store.last_news()
    pending = [each for each in newest.values() if each.sequence > through]
    if not pending:
        return ""
    lost = _lost(store, name, through)
    perhaps = [each.notice for each in store.news(through) if each.sequence <= lost]
    before = {key: last.notice for key, last in store.last_news(through).items()}
    rows = digest((each.notice for each in pending), before, perhaps)
    row = TellingRow(name, digest_id(name, rows), pending[-1].sequence, len(rows))
    if rows:
        _note(context, store, replace(row, channel=f"{name}{BEGUN}"))
        sent = send(channel, row.digest_id, rows, context.clock)
        if sent.problem:
            if sent.certain and not lost:
                _note(context, store, replace(row, channel=f"{name}{REFUSED}"))
            return sent.problem
    _note(context, store, row)
    return ""


def _lost(store: Store, name: str, through: int) -> int:
    """The sequence up to which the channel may have been told, without an answer that says so; 0 if that cannot be."""
    begun = store.told(f"{name}{BEGUN}") or 0
    return begun if begun > max(through, store.told(f"{name}{REFUSED}") or 0) else 0


def _note(context: Context, store: Store, row: TellingRow) -> None:
    store.append(RESERVED, context.author, [row], now=context.clock.now())
