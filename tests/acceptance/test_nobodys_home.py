"""A container's user: a number without a name, without a home, without a key."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.commands import MODELGATE

NOBODY = ["unshare", "--user", "--map-user=12345"]
HAS_NAMESPACES = shutil.which("unshare") and subprocess.run([*NOBODY, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not HAS_NAMESPACES, reason="another user needs a namespace of its own")
@pytest.mark.parametrize("words", [("models",), ("resolve", "claude-haiku-4-5"), ("lock", "--force", "-e", "prod")])
def test_no_key_is_found_and_that_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    """The SDK looks for profiles at home; where there is none it finds no key: `api.credentials`, no defect."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "prod.toml").write_text(
        'service = "checkout"\n[policy]\npins_from = "lock"\n[slots.s]\nmodel = "claude-a"\n'
    )
    done = subprocess.run(
        [*NOBODY, MODELGATE, *words],
        env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, "api.credentials" in done.stdout + done.stderr) == (3, True), done.stdout + done.stderr
