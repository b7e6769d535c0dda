"""Every fault at every call, over real sockets: could not know, with the cause, inside the deadline."""

from __future__ import annotations

import pytest
from support.fault_server import ALIAS, CANONICAL, REQUEST_ID, RETIRED
from support.faults import CALLS, DOUBTS, FAULTS, Fault, FaultServer, doubtful

from modelgate.api import ask, import_sdk
from modelgate.clock import Deadline, SystemClock
from modelgate.domain.catalogue import Facts, Outcome
from modelgate.domain.problems import Problem
from modelgate.domain.settings import ApiSettings

MATRIX = [pytest.param(fault, call, id=f"{call}-{name}") for name, fault in FAULTS.items() for call in fault.calls]


@pytest.fixture(autouse=True, scope="module")
def _imported() -> None:
    """The SDK's import is not what these deadlines measure."""
    import_sdk()


def _ask(server: FaultServer, seconds: float) -> Facts:
    clock = SystemClock()
    return ask(
        ApiSettings(base_url=server.base_url),
        {CANONICAL, ALIAS},
        pinned={RETIRED},
        deadline=Deadline.after(seconds, clock),
        clock=clock,
        environ={"ANTHROPIC_API_KEY": "sk-canary"},
        seed=7,
    )


def _problem(facts: Facts, call: str) -> Problem | None:
    if call == "list":
        return facts.problem
    return facts.answers[ALIAS if call == "retrieve" else RETIRED].problem


@pytest.mark.parametrize(("fault", "call"), MATRIX)
def test_a_fault_becomes_one_problem_that_names_it(fault: Fault, call: str) -> None:
    """A fault at any call is the problem that the contract says, at the place it happened, and nothing else breaks."""
    with FaultServer(fault, at=call) as server:
        facts = _ask(server, 1.5 if fault.lasting else 30.0)
    problem = _problem(facts, call)
    assert problem is not None
    assert (problem.check, problem.graceable) == (fault.check, fault.graceable)
    assert problem.request_id == (REQUEST_ID if fault.request_id else None)
    assert 0 < len(problem.message) < 80
    assert problem.message.isprintable()
    assert problem.hint
    assert "sk-canary" not in repr(facts)
    if call != "list":
        assert facts.answers[CANONICAL].outcome is Outcome.RESOLVED
        assert facts.problem is None


@pytest.mark.parametrize("name", DOUBTS)
def test_an_odd_entry_is_doubted_alone(name: str) -> None:
    """One fact that cannot be read: the model is served, its entry is in doubt, and all else is known."""
    with FaultServer(doubtful(name), at="list") as server:
        facts = _ask(server, 30.0)
    assert facts.problem is None
    assert (facts.standing(CANONICAL), facts.answers[CANONICAL].id) == ("served", CANONICAL)
    assert facts.entries[CANONICAL].doubt


@pytest.mark.parametrize("call", CALLS)
def test_no_redirect_is_followed(call: str) -> None:
    """A redirect to a server that would say anything is not followed: nothing reaches it."""
    with FaultServer() as trap:
        fault = Fault("trap", lambda wire: wire.answer(307, b"", location=trap.base_url + wire.request.target))
        with FaultServer(fault, at=call) as server:
            problem = _problem(_ask(server, 30.0), call)
    assert problem is not None
    assert problem.message == f"redirect (307) to {trap.base_url} not followed"
    assert trap.requests == []
