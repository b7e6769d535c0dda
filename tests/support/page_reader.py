"""Somebody who does what a page says, line by line, in an empty folder.

A script, too, for a machine with nothing but Python: page_reader.py FOLDER CHECKOUT, see tests/container/first_week.py.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 90


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Language and text of the blocks, in order, also of those that stand in a list."""
    for indent, language, block in re.findall(r"^( *)```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        yield language, re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)


@dataclass
class Reader:
    """Somebody who does what the page says, in an empty folder."""

    folder: Path
    environ: dict[str, str]
    served: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        """A file, named in the first line of its block."""
        name = text.splitlines()[0].removeprefix("# ")
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def follow(self, page: str, first_line: str = "") -> None:
        """Every block: what is to be typed is typed, what else there is is written; `first_line` names its file."""
        for language, text in blocks(page):
            if language in ("", "sh"):
                for line in text.splitlines():
                    self.type(line)
            else:
                self.write(first_line + text)

    def type(self, line: str) -> None:
        """One line, as a shell takes it; its comment says what is to be seen, if it is not an exit code of 0."""
        command, _, told = (part.strip() for part in line.partition("#"))
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self.environ[name] = value
        elif told.startswith("GET /models: "):
            self.serve(command, told.removeprefix("GET /models: "))
        else:
            expected = int(told.removeprefix("exit ")) if told.startswith("exit ") else 0
            done = self.run(shlex.split(command))
            assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
            if told.startswith("prints "):
                self.served.append(told)
                assert done.stdout.strip() == told.removeprefix("prints "), done.stderr

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        """A command of its own process."""
        return subprocess.run(
            words, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def serve(self, command: str, expected: str) -> None:
        """Starts the application behind the gate, asks it which models it runs, and stops it."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        words = shlex.split(command.replace("8000", str(port)))
        with subprocess.Popen(words, cwd=self.folder, env=self.environ, stderr=subprocess.PIPE, text=True) as started:
            try:
                found = _ask(f"http://127.0.0.1:{port}/models", started)
            finally:
                started.terminate()
                said = started.communicate(timeout=SECONDS)[1]
        assert found == json.loads(expected), f"{command}\n{said}"
        self.served.append(expected)


def _ask(url: str, started: subprocess.Popen[str]) -> object:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and started.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    return None


def main(folder: Path, checkout: Path) -> None:
    """The README's five minutes, then docs/adopt.md: the application starts, is rolled back and released."""
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    five_minutes = readme.partition("## A real environment in five minutes")[2].partition("\n## ")[0]
    settings = "# config/prod.toml\n"
    for name, page in (("readme", five_minutes), ("adopt", (checkout / "docs" / "adopt.md").read_text("utf-8"))):
        reader = Reader(folder / name, dict(os.environ))
        reader.folder.mkdir()
        reader.follow(page.partition("\n## In one pull request\n")[0], settings if name == "readme" else "")
        print(f"followed {name}: {len(reader.served)} starts", *reader.served, sep="\n  ", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
