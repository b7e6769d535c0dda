"""How often the API is asked, and when, by the sandbox's own log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sites import Site

from modelgate.sandbox import Sandbox

LATENCY = 1.0
"""Seconds before every answer: a request that came sooner after another one did not wait for its answer."""
ALIASES = [f"alias-{number}" for number in range(50)]


def paths(sandbox: Sandbox) -> list[str]:
    """What was asked, the list first."""
    return sorted((entry["path"] for entry in sandbox.requests()), key=len)


def spread(requests: list[dict[str, Any]]) -> float:
    """Seconds from the first request to the last."""
    times = sorted(datetime.fromisoformat(request["at"]) for request in requests)
    return (times[-1] - times[0]).total_seconds()


def test_any_number_of_canonical_references_is_one_request(file_site: Site) -> None:
    """The list answers for all of them, and for all pins."""
    canonical = ["claude-sonnet-4-6", "claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5-20251001"]
    file_site.asks(policy={"first_use": "accept"}, **{f"slot_{n}": name for n, name in enumerate(canonical * 5)})
    assert [file_site.preflight().requests, file_site.preflight().requests] == [1, 1]
    assert paths(file_site.sandbox) == ["/v1/models"] * 2


def test_each_distinct_alias_is_one_more(file_site: Site) -> None:
    """Two slots that share an alias share its request."""
    file_site.asks(policy={"first_use": "accept"}, a="claude-sonnet-4-5", b="claude-sonnet-4-5", c="claude-haiku-4-5")
    assert file_site.preflight().requests == 3
    assert paths(file_site.sandbox) == ["/v1/models", "/v1/models/claude-haiku-4-5", "/v1/models/claude-sonnet-4-5"]


def test_an_alias_that_the_store_knows_is_asked_beside_the_list(file_site: Site) -> None:
    """The first run waits for the list to learn what it does not hold; the second asks for all at once."""
    file_site.asks(policy={"first_use": "accept"}, summarizer="claude-sonnet-4-5")
    file_site.sandbox.configure(latency_ms=LATENCY * 1000)
    file_site.preflight()
    first = file_site.sandbox.requests()
    file_site.sandbox.forget_requests()
    file_site.preflight()
    assert [spread(first) >= LATENCY, spread(file_site.sandbox.requests()) >= LATENCY] == [True, False]


def test_fifty_aliases_are_asked_at_once(file_site: Site) -> None:
    """None of them waits for another's answer."""
    for alias in ALIASES:
        file_site.sandbox.move_alias(alias, "claude-sonnet-5")
    file_site.asks(policy={"first_use": "accept"}, **{name.replace("-", "_"): name for name in ALIASES})
    file_site.sandbox.configure(latency_ms=LATENCY * 1000)
    assert file_site.preflight().requests == 1 + len(ALIASES)
    listed, *retrieved = sorted(file_site.sandbox.requests(), key=lambda request: len(request["path"]))
    assert listed["path"] == "/v1/models"
    assert len(retrieved) == len(ALIASES)
    assert spread(retrieved) < LATENCY
