"""The library in an application: it costs next to nothing, and flips no switch of a process that is not ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from modelgate.sandbox import Sandbox

HEAVY = ("click", "rich", "sqlalchemy", "alembic", "pydantic", "pydantic_settings", "anthropic", "httpx2")
IMPORTS = f"""\
import sys, time
began = time.process_time()
import modelgate
{{more}}
seconds = time.process_time() - began
print([name for name in {HEAVY} if name in sys.modules], seconds)
"""
SWITCHES = """\
import gc, signal, sys, threading, time, warnings
def switches():
    lazy = [getattr(sys, name)() for name in ("get_lazy_imports", "get_lazy_imports_filter") if hasattr(sys, name)]
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE)]
    return [lazy, gc.isenabled(), gc.get_threshold(), handlers, list(sys.meta_path), list(warnings.filters),
            sys.excepthook, sys.unraisablehook, threading.excepthook]
watching, seen = True, set()
def watch():
    while watching:
        seen.add(repr(switches()))
        time.sleep(0.001)
thread = threading.Thread(target=watch)
before = switches()
thread.start()
import modelgate
try:
    report = modelgate.check("prod")
finally:
    watching = False
    thread.join()
print(report.verdict.value, repr(switches()) == repr(before), seen <= {repr(before)}, "anthropic" in sys.modules)
"""


def run(code: str, folder: Path | None = None, **environ: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_importing_costs_next_to_nothing() -> None:
    """Under 50 ms of CPU time, where the machine is not busy with other things, and no library is loaded for it."""
    least = 60.0
    for _ in range(5):
        loaded, _, seconds = run(IMPORTS.format(more="")).rpartition(" ")
        assert loaded == "[]"
        least = min(least, float(seconds))
    assert least < 0.05


def test_reading_what_was_handed_over_loads_no_library() -> None:
    """`pinned()` is for applications: the standard library is enough for it."""
    assert run(IMPORTS.format(more="modelgate.pinned()"), MODELGATE_MODEL_A="x").startswith("[] ")


def test_a_check_flips_no_switch_of_the_application(tmp_path: Path, modelgate_sandbox: Sandbox) -> None:
    """Lazy imports, garbage collector, import finders, signals, hooks: as they were, at each moment of it and after."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "prod.toml").write_text('[slots.summarizer]\nmodel = "claude-sonnet-4-6"\n')
    told = run(SWITCHES, tmp_path, MODELGATE_DATABASE_URL=f"sqlite:///{tmp_path}/store.db")
    assert told == "refuse True True True"
