"""`modelgate demo --fleet` plays to its end."""

from __future__ import annotations

import re

import pytest
from support.commands import Shell


@pytest.mark.slow
def test_the_demonstration_of_the_fleet_ends_well(shell: Shell) -> None:
    """Each step ends as the story says; the second watch has no news."""
    done = shell.run("demo", "--fleet")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"slots judged: \d+ to know of, (\d+) of it news", done.stdout)[1:] == ["0"]
    assert "39 slots of 13 services: 39 due" in done.stdout


def test_two_stories_are_not_told_at_once(shell: Shell) -> None:
    """Wrong usage."""
    assert shell.run("demo", "--fleet", "--batch").returncode == 2
