"""On Python 3.15 and later a command imports the SDK lazily, and nothing else: a switch of a process of ours alone.

That every feature of the SDK works so is what all other tests show on that Python: they switch it as the commands do.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from modelgate.cli.start.by_name import _is_the_sdks
from modelgate.sandbox import Sandbox

lazy = pytest.mark.skipif(not hasattr(sys, "set_lazy_imports_filter"), reason="no lazy imports before 3.15")

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


@lazy
def test_asking_loads_a_part_of_the_sdk(modelgate_sandbox: Sandbox) -> None:
    """The answers are right, and most of the SDK's 2,900 modules were never loaded (566 were)."""
    switch = "from modelgate.cli.start.by_name import import_sdk_lazily; import_sdk_lazily()\n"
    done = subprocess.run(
        [sys.executable, "-c", switch + ASKS], env=dict(os.environ), capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    outcomes, modules = done.stdout.splitlines()
    assert outcomes == "['resolved', 'resolved', 'unknown']"
    assert 0 < int(modules) < 1000


@pytest.mark.parametrize(
    ("importer", "is_lazy"),
    [
        ("anthropic", True),
        ("anthropic.types.beta", True),
        ("anthropic_extras", False),
        ("anthropical.types", False),
        ("httpx2", False),
        ("modelgate.api.client", False),
    ],
)
def test_only_the_sdk_imports_lazily(importer: str, is_lazy: bool) -> None:
    """The SDK and what is in it, and no library whose name begins like its."""
    assert _is_the_sdks(importer, "x", None) is is_lazy
