"""Installs the GitHub action as a runner would, from the hashed lock, and runs it offline. Needs a package index.

A script and no test: tests stay on loopback. Started by `.ci/run`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does for the tests
from support import composite


def main() -> int:
    """0 if the action installed itself and passed."""
    inherited = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    with tempfile.TemporaryDirectory() as folder:
        action, repository, temporary = (Path(folder) / name for name in ("action", "repository", "temp"))
        for clone in (action, repository):
            subprocess.run(["git", "clone", "--quiet", composite.ROOT, clone], check=True)
        proof = composite.plant(repository)
        inputs = {"environment": "staging", "python": sys.executable}
        environ = inherited | {"PYTHONPATH": str(repository)}
        job = composite.run(repository, temporary, environ, action=action, **inputs)
        strange = proof.exists()
    print(job.log)
    print(f"verdict: {job.outputs['verdict']}")
    print(f"a module of the checkout was imported: {strange}")
    return 0 if (job.exit_code, job.outputs["verdict"], strange) == (0, "pass", False) else 1


if __name__ == "__main__":
    sys.exit(main())
