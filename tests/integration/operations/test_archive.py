"""db archive: what leaves, what stays, and what is told."""

from __future__ import annotations

import gzip
import json
from hashlib import sha256
from pathlib import Path

import pytest
from support.archives import archived, day, fill, go
from support.commands import Shell
from support.sites import Site

from modelgate.domain.history import RECENT_RESOLUTIONS

MANY = RECENT_RESOLUTIONS // 2 + 20
"""Runs whose resolutions, two each, are more than a gate looks at."""


@pytest.fixture
def old(site: Site) -> Site:
    """A year ago many runs of one ID, and today one of each environment."""
    go(site, 400)
    fill(site, 30, "old")
    fill(site, MANY, "newer")
    go(site, 0)
    fill(site, 1, "now")
    return site


def test_old_rows_leave_and_the_chain_fits(old: Site, tmp_path: Path) -> None:
    """The file has what left, as `audit export` writes it; with and without it the chain is intact."""
    before = [json.loads(line) for line in Shell(old).run("audit", "export", "-e", "prod").stdout.splitlines()]
    out = tmp_path / "old.jsonl.gz"
    told = archived(old, out, 30)
    lines = [json.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()]
    after = [json.loads(line) for line in Shell(old).run("audit", "export", "-e", "prod").stdout.splitlines()]
    assert told["archived"] is True
    assert told["rows"] == len(lines) > 4 * 29
    assert told["file_digest"] == sha256(out.read_bytes()).hexdigest()
    assert sorted(lines + [row for row in after if row["row"]["table"] != "archives"], key=place) == before
    verify = Shell(old).run("audit", "verify", "-e", "prod", "--format", "json")
    found = json.loads(verify.stdout)
    assert (verify.returncode, found["intact"], found["archived"], found["archives"]) == (
        0, True, len(lines), ["old.jsonl.gz"]
    )  # fmt: skip
    whole = json.loads(
        Shell(old).run("audit", "verify", "-e", "prod", "--archive", str(out), "--format", "json").stdout
    )
    assert (whole["intact"], whole["archived"], whole["rows"]) == (True, 0, len(before) + len(after) - len(before) + len(lines))


def place(row: dict[str, dict[str, int]]) -> int:
    return row["row"]["sequence"]


def test_x(old: Site) -> None:
    print(Shell(old).run("db", "archive", "--before", day(old, 30), "--dry-run").stdout)
    print(Shell(old).run("db", "stats", "--before", day(old, 30)).stdout)
