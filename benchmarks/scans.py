"""`scan` over a large checkout: seconds, CPU and peak memory, in its own process, beside `git grep` of the same tree.

    python benchmarks/scans.py [--files N] [--json FILE]

The tree is synthetic, of source files as long as people's (median 2 KB, some of 100 KB), in folders of a hundred; one
in two hundred names a model, some are binary or too large. It is scanned whole and at a tenth of its files: memory must
not grow with their number. Ends with 1 if a limit is passed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

SECONDS = 10.0
"""For 50,000 files on two cores."""
GROWTH = 1.15
"""Of peak memory, from a tenth of the files to all of them."""
LINE = "    return self.client.messages.create(model=self.model, max_tokens=limit, messages=messages)  # as asked\n"
SUFFIXES = (".py", ".ts", ".go", ".java", ".yaml", ".json", ".tf", ".rb")


def main() -> None:
    """Measures, prints, and judges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = list(measure(options.files))
    for result in results:
        print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    small, whole = (result for result in results if result["what"] == "scan")
    slow = whole["seconds"] > SECONDS * max(1.0, whole["files"] / 50_000)
    sys.exit(1 if slow or whole["megabytes"] > small["megabytes"] * GROWTH else 0)


def measure(files: int) -> Iterator[dict[str, Any]]:
    """`scan` of a tenth, of all, and `git grep` of all."""
    for number in (files // 10, files):
        with tempfile.TemporaryDirectory(prefix="modelgate-bench-") as folder:
            plant(Path(folder), number)
            for what, words in (
                ("scan", [sys.executable, "-m", "modelgate", "scan", "--offline", "--format", "json"]),
                ("git grep", ["git", "grep", "-c", "claude-"]),
            ):
                if what == "scan" or number == files:
                    _run(words, folder)  # warms the caches
                    yield {"what": what, "files": number, **_run(words, folder)}


def plant(folder: Path, files: int) -> None:
    """A checkout with so many tracked files."""
    chance = random.Random(7)  # the same tree each time
    for number in range(files):
        path = (
            folder / f"d{number // 10_000}" / f"e{number // 100 % 100}" / f"f{number}{SUFFIXES[number % len(SUFFIXES)]}"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = max(1, int(chance.lognormvariate(3, 1)))
        text = LINE * min(lines, 1000)
        if number % 200 == 0:
            text += 'MODEL = "claude-sonnet-4-5"\n'
        path.write_bytes(b"\0\1\2" + text.encode() if number % 97 == 0 else text.encode())
    (folder / "huge.sql").write_bytes(b"x" * 2_000_000)
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def _run(words: Sequence[str], folder: str) -> dict[str, Any]:
    """Seconds, CPU seconds, peak megabytes, and the number of findings of `scan`."""
    environ = {"PATH": os.environ["PATH"], "HOME": folder}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(words, cwd=folder, env=environ, stdout=told)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        told.seek(0)
        found = len(json.load(told)["findings"]) if "scan" in words else 0
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    megabytes = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return {"seconds": round(seconds, 2), "cpu": round(cpu, 2), "megabytes": round(megabytes, 1), "findings": found}


if __name__ == "__main__":
    main()
