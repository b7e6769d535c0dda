"""A bare Debian with Python 3.11, and somebody who follows the README and docs/adopt.md there, line by line.

A real FastAPI application is started behind the gate, rolled back and released. Needs root, debootstrap, a mirror of
Debian and a package index. Exit code 77: this machine cannot do that. A script and no test; started by `.ci/run`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from modelgate.sandbox.server import API_KEY, Sandbox

ROOT = Path(__file__).parents[2]
SUITE = "bookworm"
"""The Debian whose Python is 3.11."""
PACKAGES = "ca-certificates,python3,python3-venv"
OF_PIP = ("/etc/pip.conf", "/etc/xdg/pip", "/etc/ssl/certs/ca-certificates.crt", "/etc/resolv.conf")
"""What a machine needs to reach its package index, where it is there."""
VENV = "/srv/venv"


def skip(reason: str) -> None:
    """Ends the script."""
    print(f"skipped: {reason}")
    sys.exit(77)


def bare_debian(root: Path) -> None:
    """Unpacks it into `root`, with the commit that is checked out in /srv/modelgate."""
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        skip(f"debootstrap could not make a Debian: {(made.stdout + made.stderr)[-300:]}")
    for path in map(Path, OF_PIP):
        there = root / path.relative_to("/")
        if path.is_dir():
            shutil.copytree(path, there, dirs_exist_ok=True)
        elif path.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there)
    checkout = root / "srv" / "modelgate"
    checkout.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", checkout], input=archive.stdout, check=True)


def index_folders() -> set[str]:
    """Folders of this machine that its pip looks into."""
    told = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    named = re.findall(r"(?:file://)?(/[^\s'\"]+)", told.stdout)
    return {str(Path(*Path(path).parts[:3])) for path in named if Path(path).is_dir()}


def inside(root: Path, script: str, **variables: str) -> None:
    """Runs the lines of `script` there, on the host's network. Ends this script where one fails."""
    steps = ["set -e", f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
    for folder in sorted(index_folders()):
        steps += [f"mkdir -p {root}{folder}", f"mount --bind {folder} {root}{folder}"]
    steps.append(f'exec chroot {root} sh -euxc "$1"')
    environ = {"PATH": f"{VENV}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **variables}
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(steps), "sh", script]
    if subprocess.run(command, env=environ, check=False).returncode:
        sys.exit("FAILED")


def install_line() -> str:
    """The README's own."""
    line = re.search(r"Install: `(pip install [^`]+)` in a clone", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert line is not None
    return line[1]


def main() -> None:
    """The whole first week."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # where debootstrap is
    if os.geteuid() != 0 or not shutil.which("debootstrap") or not shutil.which("unshare"):
        skip("that needs root, debootstrap and unshare")
    with tempfile.TemporaryDirectory(prefix="modelgate-first-week-") as folder, Sandbox() as sandbox:
        root = Path(folder) / "debian"
        bare_debian(root)
        inside(
            root,
            f"python3 --version; python3 -m venv {VENV}; cd /srv/modelgate\n"
            f"{VENV}/bin/pip install --quiet --upgrade pip\n"
            f"{install_line()} --quiet\n"
            "pip install --quiet ./pins fastapi uvicorn  # what the application is made of\n"
            "mkdir /srv/work; python3 tests/support/page_reader.py /srv/work /srv/modelgate",
            ANTHROPIC_BASE_URL=sandbox.url,
            ANTHROPIC_API_KEY=API_KEY,
        )
    print("ok  whoever follows README.md and docs/adopt.md on a bare Debian gets there")


if __name__ == "__main__":
    main()
