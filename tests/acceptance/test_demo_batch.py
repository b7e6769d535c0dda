"""`modelgate demo --batch`: 500 requests through every trouble."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demonstration_ends_with_a_truthful_table() -> None:
    """It plays to its end: a lost answer is adopted, a kill survived, each request counted once, two jobs summed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELGATE_")}
    done = subprocess.run(
        [sys.executable, "-m", "modelgate", "demo", "--batch"],
        env=kept | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout[done.stdout.index("results.jsonl holds 500 rows") :]
    for wanted in (
        r"succeeded +490\n",
        r"errored: invalid_request_error +6\n",
        r"errored: overloaded_error +4\n",
        r"msgbatch_\w+ \(adopted\) +500 +410 ",
        r"sent again +106\n",
        r"answers +485 end_turn, 5 refusal \(5 refused, 0 cut\)",
        r"intact up to checkout/prod:",
        r"summarizer +2 +540 +530 +5 +0 +10 ",
    ):
        assert re.search(wanted, last), wanted
