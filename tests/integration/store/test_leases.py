"""Leases between gates, on both databases."""

from __future__ import annotations

from support.databases import opened


def test_a_lease_is_one_gates_at_a_time(database_url: str) -> None:
    """The second gate is told no until the first gives the lease back; the first may extend its own."""
    first, second = opened(database_url), opened(database_url)
    for store in (first, second, first):
        assert store.take_lease("f", store.holder, 60) == first.holder
    second.give_back_lease("f", second.holder)
    assert second.take_lease("f", second.holder, 60) == first.holder
    first.give_back_lease("f", first.holder)
    assert second.take_lease("f", second.holder, 60) == second.holder


def test_a_lease_that_ran_out_is_free(database_url: str) -> None:
    """A gate that died keeps nobody waiting for longer than it asked for."""
    first, second = opened(database_url), opened(database_url)
    assert first.take_lease("f", first.holder, -1) == first.holder
    assert second.take_lease("f", second.holder, 60) == second.holder


def test_a_named_holder_keeps_its_lease_across_processes(database_url: str) -> None:
    """The same holder takes its own lease again from another connection; others do not."""
    first, second = opened(database_url), opened(database_url)
    assert first.take_lease("job", "host-1", 60) == "host-1"
    assert second.take_lease("job", "host-1", 60) == "host-1"
    assert second.take_lease("job", "host-2", 60) == "host-1"


def test_a_lease_of_a_clock_that_jumped_ends_by_itself(database_url: str) -> None:
    """One that is longer than a lease can be was taken before the clock was set back: the next one takes it over."""
    first, second = opened(database_url), opened(database_url)
    assert first.take_lease("job", "host-1", 3600) == "host-1"
    assert second.take_lease("job", "host-2", 15) == "host-2"
    assert first.take_lease("job", "host-1", 15) == "host-2"
