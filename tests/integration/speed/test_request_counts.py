"""How often the API is asked, and what waits for what."""

from __future__ import annotations

import threading

from support.fault_server import ALIAS, ALIAS_ID, CANONICAL, Fault, FaultServer, Wire, model, page
from support.sites import Site

from modelgate.sandbox import Sandbox

ALIASES = [f"alias-{number}" for number in range(50)]


def paths(sandbox: Sandbox) -> list[str]:
    """What was asked, the list first."""
    return sorted((entry["path"] for entry in sandbox.requests()), key=len)


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

    def when_the_alias_was_asked(wire: Wire) -> None:
        while not any(request.call == "retrieve" for request in server.requests):
            if wire.stopped.wait(0.01):
                return
        wire.answer(200, page(model(CANONICAL), model(ALIAS_ID)))

    file_site.asks(policy={"first_use": "accept"}, summarizer=ALIAS)
    with FaultServer() as server:
        file_site.environ["ANTHROPIC_BASE_URL"] = server.base_url
        assert file_site.preflight().exit_code == 0
        assert [request.call for request in server.requests] == ["list", "retrieve"]
    with FaultServer(Fault("waits", when_the_alias_was_asked)) as server:
        file_site.environ["ANTHROPIC_BASE_URL"] = server.base_url
        report = file_site.preflight()
    assert (report.exit_code, report.requests) == (0, 2)


def test_fifty_aliases_are_asked_at_once(file_site: Site) -> None:
    """None of them waits for another's answer: an API that answers the first when all have asked is enough."""

    def when_all_have_asked(wire: Wire) -> None:
        everybody.wait(20)
        wire.answer(200, model(ALIAS_ID))

    everybody = threading.Barrier(len(ALIASES))
    references = {name.replace("-", "_"): name for name in ALIASES}
    file_site.asks(policy={"first_use": "accept"}, **references)
    with FaultServer(Fault("waits", when_all_have_asked), at="retrieve") as server:
        file_site.environ["ANTHROPIC_BASE_URL"] = server.base_url
        report = file_site.preflight()
    assert (report.exit_code, report.requests) == (0, 1 + len(ALIASES))
