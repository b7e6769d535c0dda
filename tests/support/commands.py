"""Commands as people type them: in this process where a process is not the point, else as one of their own.

`in_process` takes what a process takes (words, variables, a folder) and gives what one leaves (exit code, standard
output and error), a hundred times as fast. What it cannot show needs `Shell.process` or `Shell.start`: signals, `exec`,
inherited or closed streams, terminals, limits of the system, options of the interpreter, what is imported.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelgate.cli.start import run
from support.sites import Site

MODELGATE = str(Path(sys.executable).parent / "modelgate")
_NEEDED = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
SECONDS = 120


def in_process(
    *words: str, folder: Path, environ: Mapping[str, str], input: str = ""
) -> subprocess.CompletedProcess[str]:
    """`modelgate WORDS` in `folder` with these variables and no others; afterwards this process is as it was."""
    with _streams(environ, input) as (out, err), _as_its_own(environ), contextlib.chdir(folder):
        code = run(words)
        told = [_written(stream) for stream in (out, err)]
    print(f"exit {code} of {_shown(words)}: {told[1]}")  # shown where the test fails
    return subprocess.CompletedProcess([*words], code, *told)


def _shown(words: tuple[str, ...]) -> str:
    """The words, none longer than a line."""
    return " ".join(repr(word if len(word) <= 100 else f"{word[:100]}… ({len(word)} characters)") for word in words)


@contextlib.contextmanager
def _streams(environ: Mapping[str, str], input: str) -> Iterator[tuple[Any, Any]]:
    """Standard streams that are files, as in a pipe or a redirection: what they take is what the variables say."""
    encoding = environ.get("PYTHONIOENCODING", "utf-8")
    before = sys.stdin, sys.stdout, sys.stderr
    with contextlib.ExitStack() as files:
        streams = [files.enter_context(tempfile.TemporaryFile("w+", encoding=encoding, newline="")) for _ in before]
        streams[0].write(input)
        streams[0].seek(0)
        sys.stdin, sys.stdout, sys.stderr = streams
        try:
            yield streams[1], streams[2]
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


@contextlib.contextmanager
def _as_its_own(environ: Mapping[str, str]) -> Iterator[None]:
    """What a command changes about its process: variables, and how modelgate logs."""
    variables = dict(os.environ)
    loggers = [logging.getLogger(name) for name in ("modelgate", "modelgate.calls")]
    logs = [(logger.level, logger.propagate, logger.handlers) for logger in loggers]
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(variables)
        for logger, (level, propagate, handlers) in zip(loggers, logs, strict=True):
            logger.setLevel(level)
            logger.propagate, logger.handlers = propagate, handlers


def _written(stream: Any) -> str:
    stream.flush()
    stream.seek(0)
    return str(stream.read())


@dataclass
class Shell:
    """A shell in the checkout of a site: nothing of the developer's environment is in it."""

    site: Site
    environ: dict[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a command."""
        needed = {name: os.environ[name] for name in _NEEDED if name in os.environ}
        return {**needed, "HOME": str(self.site.folder), **self.site.environ, **self.environ, **more}

    def run(
        self, *words: str, environ: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """A command, ended: in this process, but for one that starts another (`--`) or has `options` of a process."""
        if options or "--" in words:
            return self.process(*words, environ=environ or {}, **options)
        return in_process(*words, folder=self.site.folder, environ=self.environment(**(environ or {})))

    def report(self, *words: str, **options: Any) -> dict[str, Any]:
        """The JSON report of a gate."""
        report: dict[str, Any] = json.loads(self.run(*words, "--format", "json", **options).stdout)
        return report

    def process(self, *words: str, input: str | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
        """The installed command as a process of its own, ended."""
        if input is not None:
            options["stdin"] = subprocess.PIPE
        with self.start(*words, **options) as process:
            out, err = process.communicate(input, timeout=SECONDS)
        print(f"exit {process.returncode} of {_shown(words)}: {err}")  # shown where the test fails
        return subprocess.CompletedProcess([*words], process.returncode, out, err)

    def start(self, *words: str, command: tuple[str, ...] = (MODELGATE,), **options: Any) -> subprocess.Popen[str]:
        """A process that runs on: its standard output and error are pipes unless `options` say otherwise."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environ = self.environment(**given.pop("environ", {}))
        return subprocess.Popen([*command, *words], cwd=self.site.folder, env=environ, text=True, **given)


def files(folder: Path) -> set[str]:
    """Every file below the folder, but the store's."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if not name.startswith(("config/", "modelgate.db", "."))}
