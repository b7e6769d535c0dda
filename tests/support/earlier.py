"""The version before, for tests of gates of two versions on one store. Run as a program it packs a wheel:

    python tests/support/earlier.py modelgate_preflight-0.1.0-py3-none-any.whl tests/earlier/0007.tar.xz

A pack is named after the newest schema that its version knows. What no gate needs is left out, to keep it small.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from support.sites import Site

PACK = Path(__file__).parents[1] / "earlier" / "0007.tar.xz"
_LEFT_OUT = tuple(f"modelgate/{room}/" for room in ("demo", "sandbox", "scan", "batches"))


@dataclass(frozen=True)
class Earlier:
    """The version before, unpacked in a folder."""

    folder: Path

    @classmethod
    def unpacked(cls, folder: Path) -> Earlier:
        """Its package in that folder."""
        with tarfile.open(PACK) as pack:
            pack.extractall(folder, filter="data")
        return cls(folder)

    def start(self, site: Site, *words: str) -> subprocess.Popen[str]:
        """`modelgate WORDS` of that version, as a process at the site."""
        command = [sys.executable, "-m", "modelgate", *words]
        environ = {**site.environ, "PYTHONPATH": str(self.folder), "MODELGATE_CONFIG_DIR": str(site.config)}
        return subprocess.Popen(
            command, cwd=self.folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, site: Site, *words: str) -> tuple[int, str]:
        """Its exit code and what it printed."""
        process = self.start(site, *words)
        out, err = process.communicate(timeout=120)
        print(f"exit {process.returncode} of {words}: {err}")  # shown where the test fails
        return process.returncode, out

    def gate(self, site: Site, verb: str = "preflight", environment: str = "prod") -> dict[str, Any]:
        """The report of one of its gates."""
        report: dict[str, Any] = json.loads(self.run(site, verb, "-e", environment, "--format", "json")[1])
        return report


def main(wheel: Path, pack: Path) -> None:
    """Packs what gates need of a wheel."""
    with zipfile.ZipFile(wheel) as whole, tarfile.open(pack, "w:xz", preset=9) as packed:
        for name in sorted(whole.namelist()):
            if name.startswith("modelgate/") and not name.startswith(_LEFT_OUT):
                told = tarfile.TarInfo(name)
                told.size = len(content := whole.read(name))
                packed.addfile(told, BytesIO(content))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
