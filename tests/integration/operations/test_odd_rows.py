"""Rows that somebody with the gate's credential wrote: whatever stands in them, no command of people is a defect."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from support.commands import Shell
from support.ledger import AUTHOR, run_row
from support.sites import ALIAS, OLD, Site

from modelgate.domain.errors import StoreProblem
from modelgate.domain.rows import ResolutionRow

DEEP = "[" * 20_000
ODD = (
    "",
    "no JSON",
    "null",
    "[1, null, []]",
    '{"slot": 1}',
    '[{"slot": []}]',
    '[{"slot": "summarizer", "successor": 5}]',
)
READERS = (
    *("status", "history", "check", "preflight", "upgrade", "audit verify", "batch stats", "evidence list"),
    *("history --at 2030-01-01", "fleet --due 3000", "watch --dry-run", "diff prod staging"),
    "accept --all --from prod --reason x -e staging",
    "rollback summarizer --reason x --yes --dry-run",
)


@pytest.mark.parametrize(
    "odd", [*ODD, DEEP, '[{"slot": "summarizer", "policy": ' + DEEP + "}]"], ids=lambda text: text[:24]
)
def test_no_text_of_a_run_is_a_defect_of_who_reads_it(file_site: Site, odd: str) -> None:
    """The slots of a run, its facts and answers, and names that are none."""
    file_site.asks(policy={"reuse_seconds": 600, "grace_hours": 5}, summarizer=ALIAS)
    file_site.asks("staging", summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.sandbox.deprecate(OLD, retires_in_days=40)
    file_site.check()
    store, now = file_site.store(), file_site.clock.now() + timedelta(seconds=1)
    for number, columns in enumerate(
        (
            {"slots": odd},
            {"facts": odd, "asked_at": now, "slots": odd},
            {"answers": odd, "entries": odd, "seen_at": now},
        )
    ):
        name = f"run_forged_{number}"
        row = run_row(name, **columns)
        seen = ResolutionRow(name, "summarizer", odd[:200] or "x", "resolved", OLD, OLD, OLD, 1)
        with suppress(StoreProblem):  # what the database itself does not take
            store.append(file_site.scope(), AUTHOR, [row, seen], now=now)
    shell = Shell(file_site)
    for line in READERS:
        words = line.split()
        everywhere = words[0] in ("fleet", "watch", "diff") or "-e" in words
        done = shell.run(*words, *(() if everywhere else ("-e", "prod")))
        told = (line, done.returncode, done.stderr[:400])
        assert done.returncode in range(4), told
        assert done.returncode == 0 or words[0] not in ("status", "check", "preflight", "history", "fleet"), told
