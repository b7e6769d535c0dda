"""What the audit store tells of the past, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from support.databases import append_at, opened
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row

from modelgate.domain.rows import ResolutionRow, Scope
from modelgate.store import Store

STAGING = Scope("checkout", "staging")


def hour(number: int) -> datetime:
    """So many hours after NOW."""
    return NOW + timedelta(hours=number)


def hands_over(store: Store, number: int, scope: Scope = PROD, **models: str) -> None:
    """A passing preflight in hour `number` that hands these IDs to these slots."""
    run_id = f"{scope.environment}-{number}"
    rows = [handed(run_id, slot, model_id) for slot, model_id in models.items()]
    append_at(store, scope, AUTHOR, [run_row(run_id), *rows], now=hour(number))


def test_the_previous_hand_over_is_that_of_another_id(database_url: str) -> None:
    """A rollback goes to what ran before, however often the present ID was handed over since."""
    store = opened(database_url)
    for number, model_id in enumerate(["old", "middle", "old", "new", "new"]):
        hands_over(store, number, summarizer=model_id, grader="elsewhere")
    found = store.previous_hand_over(PROD, "summarizer", "new")
    assert found is not None
    assert (found.model_id, found.recorded_at, found.run_id, found.host) == ("old", hour(2), "prod-2", "pod-1")
    assert store.previous_hand_over(PROD, "grader", "elsewhere") is None
    assert store.previous_hand_over(PROD, "unheard-of", None) is None


def test_what_was_ever_handed_over(database_url: str) -> None:
    """Only IDs that this slot was handed here count."""
    store = opened(database_url)
    hands_over(store, 0, summarizer="a", grader="b")
    refused = ResolutionRow("r", "summarizer", "c", "resolved", "c", "c")
    append_at(store, PROD, AUTHOR, [run_row("r", verdict="refuse"), refused], now=hour(1))
    asked = [("summarizer", "a"), ("summarizer", "b"), ("summarizer", "c"), ("grader", "b")]
    assert [store.was_handed_over(PROD, *each) for each in asked] == [True, False, False, True]
    assert store.was_handed_over(STAGING, "summarizer", "a") is False


def test_what_ran_at_a_time(database_url: str) -> None:
    """At an instant each slot ran what it was last handed at or before it."""
    store = opened(database_url)
    hands_over(store, 0, summarizer="a", grader="g")
    hands_over(store, 2, summarizer="b")
    at = {n: {h.slot: h.model_id for h in store.handed_over_at(PROD, hour(n))} for n in (-1, 0, 1, 2, 9)}
    both = {"grader": "g", "summarizer": "b"}
    assert at == {
        -1: {},
        0: {"grader": "g", "summarizer": "a"},
        1: {"grader": "g", "summarizer": "a"},
        2: both,
        9: both,
    }
    assert {h.slot: h.model_id for h in store.handed_over_at(PROD)} == both


def test_history_tells_revisions_and_changes_newest_first(database_url: str) -> None:
    """A repeated hand-over of the same ID is no news; a return to an earlier one is."""
    store = opened(database_url)
    append_at(store, PROD, AUTHOR, [pin_row(1, model_id="a")], now=hour(0))
    for number, model_id in enumerate(["a", "a", "b", "b", "a"], 1):
        hands_over(store, number, summarizer=model_id)
    append_at(store, PROD, AUTHOR, [pin_row(2, action="rollback", model_id="b", revokes=1, reason="why")], now=hour(6))
    told = [(e.action, e.model_id, e.before, e.envelope.recorded_at) for e in store.history(PROD)]
    assert told == [
        ("rollback", "b", None, hour(6)),
        (None, "a", "b", hour(5)),
        (None, "b", "a", hour(3)),
        (None, "a", None, hour(1)),
        ("accept", "a", None, hour(0)),
    ]
    assert [e.action for e in store.history(PROD, limit=2)] == ["rollback", None]
    assert [e.envelope.recorded_at for e in store.history(PROD, since=hour(3))] == [hour(6), hour(5), hour(3)]
    assert store.history(PROD, slot="grader") == ()
    newest = store.history(PROD, slot="summarizer")[0]
    assert (newest.reason, newest.held, newest.revokes, newest.envelope.author) == ("why", True, 1, AUTHOR)


def test_history_of_several_slots_is_one_order(database_url: str) -> None:
    """The events of all slots are merged by their place in the chain, page by page."""
    store = opened(database_url)
    for number in range(3):
        hands_over(store, number, a=f"a{number}", b="b")
    rows = [pin_row(revision) for revision in range(1, 451)]
    append_at(store, PROD, AUTHOR, rows, now=hour(9))
    events = store.history(PROD, limit=None)
    places = [event.envelope.sequence for event in events]
    assert (len(events), places) == (454, sorted(places, reverse=True))


def test_soak_counts_from_the_first_hand_over(database_url: str) -> None:
    """An ID soaks from when the other environment began to hand it over, not from when it last did."""
    store = opened(database_url)
    hands_over(store, 0, STAGING, summarizer="a")
    hands_over(store, 1, STAGING, summarizer="b", grader="b")
    hands_over(store, 2, STAGING, summarizer="a")
    promoted = store.state(PROD, promote_from="staging").promoted
    assert promoted == {("summarizer", "a"): hour(0), ("summarizer", "b"): hour(1), ("grader", "b"): hour(1)}
    assert store.state(PROD).promoted == {}


def test_soak_counts_anew_after_a_rollback(database_url: str) -> None:
    """An ID that a rollback left is not promoted until it is handed over again; the one rolled back to is."""
    store = opened(database_url)
    append_at(store, STAGING, AUTHOR, [pin_row(1, model_id="a"), pin_row(2, model_id="b")], now=hour(0))
    hands_over(store, 1, STAGING, summarizer="a")
    hands_over(store, 2, STAGING, summarizer="b")
    append_at(store, STAGING, AUTHOR, [pin_row(3, action="rollback", model_id="a", revokes=2)], now=hour(3))
    hands_over(store, 4, STAGING, summarizer="a")
    assert store.state(PROD, promote_from="staging").promoted == {("summarizer", "a"): hour(1)}
    append_at(store, STAGING, AUTHOR, [pin_row(4, action="rollback", model_id="b")], now=hour(5))
    hands_over(store, 6, STAGING, summarizer="b")
    assert store.state(PROD, promote_from="staging").promoted == {("summarizer", "b"): hour(6)}


def test_a_hold_in_place_does_not_end_the_soak(database_url: str) -> None:
    """A rollback to the ID that runs already leaves nothing."""
    store = opened(database_url)
    append_at(store, STAGING, AUTHOR, [pin_row(1, model_id="a")], now=hour(0))
    hands_over(store, 1, STAGING, summarizer="a")
    append_at(store, STAGING, AUTHOR, [pin_row(2, action="rollback", model_id="a")], now=hour(2))
    assert store.state(PROD, promote_from="staging").promoted == {("summarizer", "a"): hour(1)}


def test_known_aliases_are_of_the_newest_resolution(database_url: str) -> None:
    """A reference counts as an alias if it last resolved to another name; a failed look tells nothing."""
    store = opened(database_url)

    def resolves(number: int, reference: str, resolved: str | None) -> None:
        row = ResolutionRow(f"r{number}", "s", reference, "resolved" if resolved else "failed", resolved)
        append_at(store, PROD, AUTHOR, [run_row(f"r{number}", command="check"), row], now=hour(number))

    resolves(1, "alias", "id-1")
    resolves(2, "was-alias", "id-1")
    resolves(3, "was-alias", "was-alias")
    resolves(4, "alias", None)
    resolves(5, "canonical", "canonical")
    assert store.state(PROD).known_aliases == {"alias"}


def test_the_newest_facts_with_a_fingerprint(database_url: str) -> None:
    """Facts are found by the fingerprint of their use; runs without facts are passed over."""
    store = opened(database_url)
    text = '{"answers":{"n":{"id":"i","outcome":"resolved"}},"entries":{"i":{"id":"i"}},"gone":[],"origin":"https://o"}'
    for number in range(3):
        run = run_row(
            f"r{number}", facts=text, asked_at=hour(number), reuse_fingerprint="u", grace_fingerprint=f"g{number}"
        )
        append_at(store, PROD, AUTHOR, [run], now=hour(number))
    append_at(store, PROD, AUTHOR, [run_row("r3", reused_from="r2")], now=hour(3))
    newest, older = store.facts(PROD, reuse_fingerprint="u"), store.facts(PROD, grace_fingerprint="g1")
    assert newest is not None
    assert older is not None
    assert (newest.run_id, newest.asked_at, older.run_id) == ("r2", hour(2), "r1")
    assert (newest.facts.origin, newest.facts.answers["n"].id, set(newest.facts.entries)) == ("https://o", "i", {"i"})
    anyones = store.facts(PROD)
    assert anyones is not None
    assert (anyones.run_id, store.facts(PROD, reuse_fingerprint="other")) == ("r2", None)


def test_the_last_preflight_is_the_newest_that_passed(database_url: str) -> None:
    """Checks and refused preflights do not count."""
    store = opened(database_url)
    assert store.last_preflight(PROD) is None
    hands_over(store, 1, summarizer="a")
    append_at(store, PROD, AUTHOR, [run_row("refused", verdict="refuse")], now=hour(2))
    append_at(store, PROD, AUTHOR, [run_row("check", command="check")], now=hour(3))
    found = store.last_preflight(PROD)
    assert found is not None
    assert (found.run.run_id, found.envelope.recorded_at, found.envelope.author.host) == ("prod-1", hour(1), "pod-1")


def test_a_host_that_is_ahead_hides_nothing(postgresql_url: str) -> None:
    """What a host a day ahead of the server did does not stand before what others did since: the server dates both."""
    store, now = opened(postgresql_url), datetime.now(UTC)
    store.append(PROD, AUTHOR, [run_row("r1"), handed("r1", "summarizer", "x")], now=now + timedelta(days=1))
    store.append(PROD, AUTHOR, [run_row("r2"), handed("r2", "summarizer", "y")], now=now)
    then = store.handed_over_at(PROD, now + timedelta(minutes=10))
    assert [(each.model_id, each.recorded_at < now + timedelta(minutes=10)) for each in then] == [("y", True)]


def test_chains_are_apart(database_url: str) -> None:
    """Each service and environment has its own chain."""
    store = opened(database_url)
    for scope in (PROD, Scope("a", "z"), Scope("b", "a"), Scope("b", "b")):
        assert append_at(store, scope, AUTHOR, [pin_row(1)], now=NOW).sequence == 1
    hands_over(store, 1, STAGING, summarizer="a")
    assert store.verify(PROD).rows == 1
