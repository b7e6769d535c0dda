"""`modelgate demo --upgrade` plays to its end."""

from __future__ import annotations

import pytest
from support.commands import Shell


@pytest.mark.slow
def test_the_demonstration_of_a_move_ends_well(shell: Shell) -> None:
    """From "retires in 14 days" to "prod runs the successor": each step ends as the story says."""
    done = shell.run("demo", "--upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    order = [
        "the application runs claude-sonnet-4-5-20250929",
        "claude-sonnet-4-5-20250929 retires in 14 days",
        "nothing was approved: 2 proofs are lacking",
        "quality passed on claude-sonnet-5 for summarizer: 3 passed, 0 failed",
        "the application runs claude-sonnet-5",
        "evidence of summarizer: probe-live passed",
    ]
    places = [done.stdout.find(each) for each in order]
    assert -1 not in places
    assert places == sorted(places)
