"""On Python 3.15 and later the SDK is imported under a lazy-import filter of its own, and nobody else is.

That every feature of the SDK works under it is what all tests of `api`, `batches` and `telemetry` show on that Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from modelgate.api import ask, import_sdk, lazy_imports
from modelgate.clock import Deadline, SystemClock
from modelgate.domain.settings import ApiSettings
from modelgate.errors import SettingsError
from modelgate.sandbox import Sandbox

interpreter: Any = sys
pytestmark = pytest.mark.skipif(not hasattr(sys, "set_lazy_imports_filter"), reason="no lazy imports before 3.15")

ASKS = """\
import os, sys
from modelgate.api import ask
from modelgate.clock import Deadline, SystemClock
from modelgate.domain.settings import ApiSettings
clock = SystemClock()
names = {"claude-sonnet-4-5", "claude-sonnet-4-6", "no-such-model"}
facts = ask(ApiSettings(), names, deadline=Deadline.after(60, clock), clock=clock, environ=os.environ)
print(sorted(str(answer.outcome.value) for answer in facts.answers.values()))
print(sum(name.startswith("anthropic.") for name in sys.modules))
"""


def now() -> tuple[object, object]:
    """How the interpreter imports at the moment."""
    return interpreter.get_lazy_imports(), interpreter.get_lazy_imports_filter()


def test_asking_loads_a_part_of_the_sdk(modelgate_sandbox: Sandbox) -> None:
    """In a fresh process the answers are right, and most of the SDK's 2,900 modules were never loaded (566 were)."""
    done = subprocess.run(
        [sys.executable, "-c", ASKS], env=dict(os.environ), capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    outcomes, modules = done.stdout.splitlines()
    assert outcomes == "['resolved', 'resolved', 'unknown']"
    assert 0 < int(modules) < 1000


def test_the_filter_is_taken_off_after_asking(modelgate_sandbox: Sandbox) -> None:
    """The application's own imports are as eager as they were."""
    before, clock = now(), SystemClock()
    facts = ask(
        ApiSettings(), ["claude-sonnet-4-6"], deadline=Deadline.after(60, clock), clock=clock, environ=dict(os.environ)
    )
    assert facts.problem is None
    assert now() == before


def test_the_filter_is_taken_off_after_an_error(modelgate_sandbox: Sandbox) -> None:
    """Settings that cannot work leave nothing behind either."""
    before, clock = now(), SystemClock()
    with pytest.raises(SettingsError):
        ask(
            ApiSettings(base_url="ftp://nowhere"), ["x"], deadline=Deadline.after(9, clock), clock=clock,
            environ={"ANTHROPIC_API_KEY": "k"},
        )  # fmt: skip
    assert now() == before


def test_the_filter_is_the_sdks_alone() -> None:
    """While it is on, only modules of the SDK import lazily."""
    with lazy_imports():
        mode, decides = now()
        assert callable(decides)
        assert (mode, decides("anthropic.types", "x", None), decides("httpx2", "x", None)) == ("all", True, False)


def test_blocks_that_overlap_restore_what_was_before_the_first() -> None:
    """A thread that ends last takes the filter off; one that ends earlier does not."""
    before = now()
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with lazy_imports():
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with lazy_imports():
        import_sdk()
        thread.start()
        assert entered.wait(60)
    within = now()
    leave.set()
    thread.join(60)
    assert (within[0], now()) == ("all", before)
