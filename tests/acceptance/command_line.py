"""The installed command, as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.sites import Site

MODELGATE = str(Path(sys.executable).parent / "modelgate")
_NEEDED = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
SECONDS = 120


@dataclass
class Shell:
    """A shell in the checkout of a site: nothing of the developer's environment is in it."""

    site: Site
    environ: dict[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a process."""
        needed = {name: os.environ[name] for name in _NEEDED if name in os.environ}
        return {**needed, "HOME": str(self.site.folder), **self.site.environ, **self.environ, **more}

    def start(self, *words: str, command: tuple[str, ...] = (MODELGATE,), **options: Any) -> subprocess.Popen[str]:
        """A process that runs on: its standard output and error are pipes unless `options` say otherwise."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environ = self.environment(**given.pop("environ", {}))
        return subprocess.Popen([*command, *words], cwd=self.site.folder, env=environ, text=True, **given)

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """A process, ended."""
        text = options.pop("input", None)
        if text is not None:
            options["stdin"] = subprocess.PIPE
        with self.start(*words, **options) as process:
            out, err = process.communicate(text, timeout=SECONDS)
        print(f"exit {process.returncode} of {words}: {err}")  # shown where the test fails
        return subprocess.CompletedProcess([*words], process.returncode, out, err)

    def report(self, *words: str, **options: Any) -> dict[str, Any]:
        """The JSON report of a gate."""
        report: dict[str, Any] = json.loads(self.run(*words, "--format", "json", **options).stdout)
        return report


def files(folder: Path) -> set[str]:
    """Every file below the folder, but the store's."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if not name.startswith(("config/", "modelgate.db", "."))}
