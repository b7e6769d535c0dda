"""What reading settings costs: nothing is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOCKED = """\
import sys
from pathlib import Path
from modelgate.domain.rows import Scope
from modelgate.settings.lock import read_lock, render_lock
Path("prod.lock.toml").write_text(render_lock(Scope("s", "prod"), []))
read_lock(Path("prod.lock.toml"), Scope("s", "prod"))
print(sorted(name for name in sys.modules if name in ("pydantic", "pydantic_settings", "sqlalchemy", "anthropic")))
"""
LOADED = """\
import sys
from pathlib import Path
from modelgate.settings import load
Path("config").mkdir()
Path("config/prod.toml").write_text("[slots.a]\\nmodel = 'x'")
import pydantic_settings
before = set(sys.modules)
load(environment="prod", environ={})
after = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(after - set(sys.stdlib_module_names)))
"""


def run(script: str, folder: Path) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_the_lock_needs_no_library(tmp_path: Path) -> None:
    """Reading a lock imports none of the libraries."""
    assert run(LOCKED, tmp_path) == "[]"


def test_loading_needs_one_library(tmp_path: Path) -> None:
    """Loading settings imports pydantic-settings and nothing beyond what that imports itself."""
    assert run(LOADED, tmp_path) == "['modelgate']"
