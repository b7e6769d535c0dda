"""Work that an answer made pointless is walked away from, and leaves nothing behind."""

from __future__ import annotations

import gc
import threading
import time

from modelgate import api
from modelgate.clock import Deadline, SystemClock
from modelgate.domain.settings import ApiSettings
from modelgate.sandbox import Sandbox

NAMES = tuple(f"claude-alias-{number}" for number in range(12))


def test_a_list_that_fails_leaves_no_request_and_no_socket_behind(modelgate_sandbox: Sandbox) -> None:
    """The aliases were asked for beside it: their requests end, none is tried again, and no socket is left open."""
    modelgate_sandbox.fail_next(503, count=None, path="/v1/models/*")
    modelgate_sandbox.fail_next(503, count=None, path="/v1/models", headers={"x-should-retry": "false"})
    clock = SystemClock()
    for _ in range(5):
        facts = api.ask(
            ApiSettings(base_url=modelgate_sandbox.url),
            NAMES,
            known_aliases=NAMES,
            deadline=Deadline.after(60, clock),
            clock=clock,
            environ={"ANTHROPIC_API_KEY": "sandbox-key"},
        )
        assert facts.problem is not None
    ends = time.monotonic() + 30
    while any(thread.name == "modelgate-api" for thread in threading.enumerate()) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not [thread for thread in threading.enumerate() if thread.name == "modelgate-api"]
    gc.collect()  # an open socket would warn here, and a warning fails the test
