"""Installs every lock as the Makefile, the image and the action do, from an index that has since got newer versions.

With the oldest pip that each Python here brings along, and with uv. The index is on loopback: it has the files that the
locks name, and of every package a made-up version that is newer than all. Whatever resolves anything meets that one.

A script and no test: it fetches the files from a package index first. Started by `.ci/run`; names of Pythons to try
instead of those that are found may be given.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCKS = ("build", "runtime", "all", "dev")
FLAGS = ("--no-deps", "--require-hashes")
NEWER = "9999.0"
UV = Path(sys.executable).with_name("uv")


def lock(name: str) -> str:
    """The file of a lock."""
    return str(ROOT / "requirements" / f"{name}.txt")


def pythons() -> list[str]:
    """One interpreter of each supported version that this machine can start."""
    found: dict[str, str] = {}
    for name in (sys.executable, *(f"python3.{minor}" for minor in range(11, 16))):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            code = "import sys, ensurepip, venv; print(*sys.version_info[:2], sep='.')"
            done = subprocess.run([name, "-c", code], check=True, capture_output=True, text=True)
            found.setdefault(done.stdout.strip(), name)
    return list(found.values())


def made_up(name: str) -> tuple[str, bytes]:
    """A wheel of a package that is newer than any, and empty: its file's name, and its content."""
    folder = f"{name.replace('-', '_')}-{NEWER}"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        wheel.writestr(f"{folder}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n")
        wheel.writestr(f"{folder}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{folder}.dist-info/RECORD", "")
    return f"{folder}-py3-none-any.whl", content.getvalue()


def canonical(name: str) -> str:
    """How an index spells a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


@contextlib.contextmanager
def index(folder: Path) -> Iterator[str]:
    """The URL of an index with the files of a folder, and a newer version of each of their packages."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    pages: dict[str, list[str]] = {}
    for file in list(files):
        name = canonical(file.split("-")[0] if file.endswith(".whl") else file.rsplit("-", 1)[0])
        newest, content = made_up(name)
        files[newest] = content
        pages.setdefault(name, [newest]).append(file)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, name = self.path.strip("/").partition("/")
            body, type_ = files.get(name), "application/octet-stream"
            if kind == "simple" and name in pages:
                hashes = {file: hashlib.sha256(files[file]).hexdigest() for file in pages[name]}
                links = [f'<a href="/files/{file}#sha256={digest}">{file}</a><br>' for file, digest in hashes.items()]
                body, type_ = "\n".join(links).encode(), "text/html"
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", type_)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            """Nothing: what counts is what is installed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def run(*command: str, environ: dict[str, str] | None = None) -> str:
    """What a command prints; it fails with all that it said."""
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def installs(python: str, work: Path) -> Iterator[str]:
    """Tries one Python; yields a line for each lock and installer."""
    wheels = work / "wheels"
    first = fresh(python, work / "first")
    for name in ("build", "dev"):  # the others hold nothing beside
        run(first, "-m", "pip", "download", "--quiet", *FLAGS, "--requirement", lock(name), "--dest", str(wheels))
    with index(wheels) as url:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
        theirs = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": url, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        theirs |= {"UV_NO_CONFIG": "1", "UV_DEFAULT_INDEX": url, "UV_CACHE_DIR": str(work / "cache")}
        environ = kept | theirs
        run(first, "-m", "pip", "download", "--quiet", "--no-deps", "anthropic", "--dest", str(work), environ=environ)
        if not (work / made_up("anthropic")[0]).exists():
            raise SystemExit("the index does not offer what is newer: nothing was tried")
        for name in LOCKS:
            there = fresh(python, work / f"pip-{name}")
            run(there, "-m", "pip", "install", "--quiet", *FLAGS, "--requirement", lock(name), environ=environ)
            run(there, "-m", "pip", "check", environ=environ)
            version = run(there, "-m", "pip", "--version", environ=environ).split()[1]
            yield f"{Path(python).name}: {name}.txt: installed with pip {version}, nothing broken"
            shutil.rmtree(work / f"pip-{name}")
        there = fresh(python, work / "uv", "--without-pip")
        for name in LOCKS:  # each holds the one before: uv adds what is missing
            run(str(UV), "pip", "install", "--python", there, *FLAGS, "--requirement", lock(name), environ=environ)
            run(str(UV), "pip", "check", "--python", there, environ=environ)
            yield f"{Path(python).name}: {name}.txt: installed with uv, nothing broken"


def fresh(python: str, folder: Path, *options: str) -> str:
    """The interpreter of a new virtual environment, with the pip that came with its Python."""
    run(python, "-m", "venv", *options, str(folder))
    return str(folder / "bin" / "python")


def main() -> int:
    """0 if every lock could be installed with every Python, whatever was published since."""
    for python in sys.argv[1:] or pythons():
        with tempfile.TemporaryDirectory(prefix="modelgate-locks-") as work:
            for line in installs(python, Path(work)):
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
