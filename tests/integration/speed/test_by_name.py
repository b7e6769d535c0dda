"""A process of modelgate's own opens the SDK by name; an application gets it whole.

That every feature of the SDK works so is what all other tests show: they open it as the commands do.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from test_lazy_sdk import ASKS

from modelgate.sandbox import Sandbox

OPENED = "from modelgate.cli.start.by_name import open_by_name; open_by_name(); "
LOADED = "print(sum(name.startswith('anthropic.') for name in __import__('sys').modules))"
COMPARES = """\
import importlib.util, sys
import anthropic, anthropic.types, anthropic.types.beta, anthropic.resources
different, names = [], 0
for package in (anthropic.types, anthropic.types.beta, anthropic.resources, anthropic):
    spec = importlib.util.spec_from_file_location(package.__name__, package.__file__)
    whole = importlib.util.module_from_spec(spec)
    whole.__path__ = package.__path__
    spec.loader.exec_module(whole)
    for name, value in vars(whole).items():
        if not name.startswith("_") and name != "resources":  # which the SDK itself replaces by a proxy
            names += 1
            different += [name] * (getattr(package, name) is not value)
print(names > 1000, different)
"""


def run(code: str, **environ: str) -> list[str]:
    """The lines that a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environ}, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_asking_loads_a_part_of_the_sdk(modelgate_sandbox: Sandbox) -> None:
    """The answers are right, and most of the SDK's 2,900 modules were never loaded (941 were, on Python 3.11)."""
    outcomes, modules = run(OPENED + ASKS)
    assert outcomes == "['resolved', 'resolved', 'unknown']"
    assert 0 < int(modules) < 1500


def test_a_command_opens_the_sdk_by_name(tmp_path: Path, modelgate_sandbox: Sandbox) -> None:
    """`modelgate resolve` in a process of its own loads that part alone."""
    code = (
        f"import atexit, sys\natexit.register(lambda: {LOADED})\nfrom modelgate.cli.start import main\n"
        "sys.argv = ['modelgate', 'resolve', 'claude-sonnet-4-5', '-e', 'dev']\nmain()"
    )
    (tmp_path / "dev.toml").write_text('service = "checkout"\n[slots.summarizer]\nmodel = "claude-sonnet-4-5"\n')
    there = {"MODELGATE_CONFIG_DIR": str(tmp_path), "MODELGATE_DATABASE_URL": f"sqlite:///{tmp_path}/store.db"}
    assert 0 < int(run(code, **there)[-1]) < 1500


def test_every_name_is_the_one_that_the_sdk_gives() -> None:
    """Each public name of the largest packages, found by name, is the object that running the package finds."""
    assert run(OPENED + COMPARES) == ["True []"]


def test_a_name_that_is_not_listed_runs_the_package() -> None:
    """What the top package takes from others by `*` is there, and what nobody has is missing as always."""
    code = "import anthropic; print(anthropic.AnthropicBedrock.__name__, hasattr(anthropic, 'nothing'))"
    assert run(OPENED + code) == ["AnthropicBedrock False"]


def test_a_module_that_lacks_a_library_says_so() -> None:
    """The missing library is named, not the SDK's own module that needs it."""
    code = """\
import sys
sys.modules["httpx2"] = None
import anthropic
try:
    anthropic.Anthropic
except ModuleNotFoundError as missing:
    print(missing.name)
"""
    assert run(OPENED + code) == ["httpx2"]


def test_an_application_gets_the_sdk_whole(modelgate_sandbox: Sandbox) -> None:
    """The library changes nothing about how a process imports."""
    before = "import sys; before = list(sys.meta_path); import modelgate\n"
    after = "print(sys.meta_path == before, '__getattr__' in vars(sys.modules['anthropic']))"
    assert run(before + ASKS + after)[2:] == ["True False"]


def test_the_sdks_own_log_is_turned_on_where_it_is_asked_for() -> None:
    """With ANTHROPIC_LOG the SDK is imported whole: its top package sets up the log."""
    code = "import anthropic, logging; anthropic.Anthropic; print(logging.getLogger('anthropic').level)"
    assert run(OPENED + code, ANTHROPIC_LOG="debug") == ["10"]
