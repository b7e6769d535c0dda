"""Runs the steps of `action.yml` as a GitHub runner would, so far as that file needs it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.manifests import ROOT, documents

ACTION = documents(ROOT / "action.yml")[0]
_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")


PLANTED = ("json", "venv", "pip", "os", "re", "click", "sqlalchemy", "anthropic", "sitecustomize", "modelgate")
"""Modules that a pull request's author would put at the root of the repository."""


def plant(repository: Path) -> Path:
    """Puts modules at the repository's root that write the file which is returned, if anybody imports one."""
    proof = repository.parent / "imported-a-strangers-module"
    for name in PLANTED:
        (repository / f"{name}.py").write_text(f"open({str(proof)!r}, 'a').write({name!r})\n")
    return proof


@dataclass(frozen=True)
class Job:
    """What a run of the action left behind."""

    exit_code: int
    log: str
    summary: str
    outputs: dict[str, str]


def run(
    repository: Path, temporary: Path, environ: Mapping[str, str], *, action: Path | None = None, **inputs: str
) -> Job:
    """Runs the action in `repository`, installing it from the checkout `action`.

    Without that checkout the running interpreter's modelgate is taken for installed. `inputs` have underscores in place
    of dashes. A step that fails ends the run.
    """
    temporary.mkdir()
    if action is None:
        (temporary / "modelgate").symlink_to(sys.prefix)
    context = {"github.action_path": str(action or ROOT), "runner.temp": str(temporary)}
    for name, declared in ACTION["inputs"].items():
        context[f"inputs.{name}"] = inputs.get(name.replace("-", "_"), declared.get("default", ""))
    files = {name: temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    job = {"PATH": "/usr/local/bin:/usr/bin:/bin", **environ, **{name: str(file) for name, file in files.items()}}
    code, log = 0, ""
    for step in ACTION["runs"]["steps"]:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", _filled(step["run"], context)]
        variables = job | {name: _filled(value, context) for name, value in step["env"].items()}
        done = subprocess.run(
            command, cwd=repository, env=variables, capture_output=True, text=True, check=False, timeout=240
        )
        code, log = done.returncode, log + done.stdout + done.stderr
        if code:
            break
    written = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    context |= {f"steps.judge.outputs.{name}": value for name, value in written.items()}
    outputs = {name: _filled(output["value"], context) for name, output in ACTION["outputs"].items()}
    return Job(code, log, files["GITHUB_STEP_SUMMARY"].read_text(), outputs)


def _filled(text: str, context: Mapping[str, str]) -> str:
    """The text with each expression's value; of steps that did not write an output, the empty text."""

    def value(match: re.Match[str]) -> str:
        return context.get(match[1], "") if match[1].startswith("steps.") else context[match[1]]

    return _EXPRESSION.sub(value, text)
