"""The stage: a throw-away project, a sandbox, and commands that are run as anybody would type them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelgate.domain.errors import ModelgateError
from modelgate.render.style import Style


class DemoFailed(ModelgateError):
    """A step of the demonstration did not end as it should: a defect of modelgate."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demonstration plays."""

    folder: Path
    environ: Mapping[str, str]
    style: Style

    def tell(self, text: str) -> None:
        """One sentence between the commands."""
        print(self.style.fit(f"\n{self.style.paint('#', 'bold')} {self.style.paint(text, 'bold')}"), flush=True)

    def type(self, line: str, expect: int = 0) -> None:
        """Runs the command line, shows it and what it prints. Raises DemoFailed for another exit code."""
        print(self.style.fit(f"\n{self.style.paint('$', 'dim')} {self.style.paint(line, 'cyan')}"), flush=True)
        done = self._run(shlex.split(line), stderr=subprocess.STDOUT)
        sys.stdout.write(done.stdout)
        shown = self.style.paint(f"exit code {done.returncode}", "green" if done.returncode == 0 else "red")
        print(shown, flush=True)
        if done.returncode != expect:
            raise DemoFailed(f"`{line}` ended with {done.returncode}, not {expect}")

    def hint(self, line: str, check: str) -> str:
        """The first command of a finding, read from the same command's JSON; its reason is filled in."""
        done = self._run([*shlex.split(line), "--format", "json"], stderr=subprocess.PIPE)
        findings = [finding for finding in json.loads(done.stdout)["findings"] if finding["id"] == check]
        if not findings:
            raise DemoFailed(f"`{line}` did not find {check}")
        first: str = findings[0]["commands"][0]
        return first.replace('"…"', '"evals passed, ABC-123"')

    def _run(self, words: list[str], stderr: int) -> subprocess.CompletedProcess[str]:
        if words[0] == "modelgate":
            words = [sys.executable, "-m", *words]
        elif words[0] == "python":
            words = [sys.executable, *words[1:]]
        return subprocess.run(  # noqa: S603 # our own command lines
            words,
            cwd=self.folder,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
        )


def environment_for(url: str, key: str) -> dict[str, str]:
    """This process's variables without settings of modelgate or the SDK, and with the sandbox's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MODELGATE_", "ANTHROPIC_"))}
    return kept | {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": key, "MODELGATE_ACTOR": "demo"}
