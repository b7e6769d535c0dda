"""Every failure of the API at every call that an operator's command makes: 3 with the cause, and nothing changes."""

from __future__ import annotations

from itertools import product

import pytest
from click.testing import CliRunner
from scene import ADA, ALIASED, Place
from support.fault_server import CANONICAL, REQUEST_ID
from support.faults import FAULTS, Fault, FaultServer

from modelgate.api import import_sdk
from modelgate.cli.group import cli
from modelgate.clock import SystemClock
from modelgate.domain.errors import CouldNotKnow
from modelgate.domain.rows import PinRow

REASON = ("--reason", "tested")
BOTH = ("list", "retrieve")
COMMANDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "accept": (("accept", "--all", *REASON), BOTH),
    "rollback": (("rollback", "main", "--to", CANONICAL, "--yes", *REASON), ("list",)),
    "release": (("release", "aliased", "--accept", "--yes", *REASON), BOTH),
    "lock": (("lock", "--force"), BOTH),
    "upgrade": (("upgrade", "--newer", "--write"), ("list",)),  # what runs is pinned: what an alias means matters not
    "models": (("models",), ("list",)),
    "resolve": (("resolve", "claude-haiku-4-5"), BOTH),
}
"""By name: the command, and the calls that it makes."""


def _matrix() -> list[object]:
    """Every fault at every call of every command; the bounded part has a few of each command."""
    params = []
    for number, ((name, fault), command) in enumerate(product(FAULTS.items(), COMMANDS)):
        for call in (each for each in COMMANDS[command][1] if each in fault.calls):
            marks = [pytest.mark.fault("API, at an operator's call")]
            marks += [] if number % 97 == 0 and call == COMMANDS[command][1][-1] else [pytest.mark.whole]
            params.append(pytest.param(fault, command, call, marks=marks, id=f"{name}-{command}-{call}"))
    return params


@pytest.mark.parametrize(("fault", "command", "call"), _matrix())
def test_a_fault_of_the_api_changes_nothing(fault: Fault, command: str, call: str, place: Place) -> None:
    """It could not know, says why and which request, and no row and no file came of it."""
    import_sdk()
    with FaultServer(fault, at=call) as server:
        scene = place.scene("sqlite", server.base_url, ALIASED, deadline_seconds=2 if fault.lasting else 30)
        if command == "release":
            hold = PinRow("aliased", 2, "rollback", *ALIASED["aliased"], "tested")
            scene.store().append(scene.scope, ADA, [hold], now=SystemClock().now())
        before = scene.store().verify(scene.scope)
        arguments = (*COMMANDS[command][0], "-e", "prod", "--config-dir", str(scene.config))
        ended = CliRunner().invoke(cli, arguments, env=scene.environ, standalone_mode=False)
    if isinstance(ended.exception, CouldNotKnow):
        problem = ended.exception.problem
        assert (problem.check, problem.request_id) == (fault.check, REQUEST_ID if fault.request_id else None)
        assert 0 < len(problem.message) < 80
    else:
        assert (ended.exception, ended.return_value) == (None, 3)
        assert fault.check in ended.output
    assert scene.store().verify(scene.scope) == before
    assert [path.name for path in scene.config.iterdir()] == ["prod.toml"]
