"""db archive: what leaves, what stays, and what is told."""

from __future__ import annotations

import gzip
import json
import os
import pty
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.archives import add, archived, crowd, day, fill, go
from support.commands import Shell
from support.documents import code_blocks
from support.ledger import run_row
from support.sites import Site

from modelgate.domain.history import CANDIDATES

Lines = list[dict[str, Any]]
RUNS = 20
LEFT = 4 * (RUNS - 2)
"""Rows of a year ago that nobody asks for: of one stretch both ends stay."""


@pytest.fixture
def old(site: Site) -> Site:
    """Runs of one ID a year ago, and one today."""
    go(site, 400)
    fill(site, RUNS, "old")
    crowd(site)
    go(site, 0)
    fill(site, 1, "now")
    return site


def exported(site: Site) -> Lines:
    """The chain as strangers see it."""
    return [json.loads(line) for line in Shell(site).run("audit", "export", "-e", "prod").stdout.splitlines()]


def verified(site: Site, *words: str) -> dict[str, Any]:
    """What `audit verify` found, with its exit code."""
    asked = Shell(site).run("audit", "verify", "-e", "prod", *words, "--format", "json")
    return {**json.loads(asked.stdout), "code": asked.returncode}


def rows_in(out: Path) -> Lines:
    """What is in an archive."""
    return [json.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()]


def test_old_rows_leave_and_the_chain_fits(old: Site, tmp_path: Path) -> None:
    """The file has what left, as `audit export` writes it; without it and with it the chain is intact."""
    out, before = tmp_path / "old.jsonl.gz", exported(old)
    told = archived(old, out, 30)
    lines, after = rows_in(out), exported(old)
    named = [row for row in after if row["row"]["table"] == "archives"]
    assert (told["archived"], told["rows"], told["file_bytes"]) == (True, LEFT, out.stat().st_size)
    assert told["file_digest"] == sha256(out.read_bytes()).hexdigest() == named[0]["row"]["file_digest"]
    assert sorted(lines + after[: -len(named)], key=lambda row: int(row["row"]["sequence"])) == before
    assert len(lines) == LEFT
    found = verified(old)
    assert (found["code"], found["intact"], found["rows"]) == (0, True, len(after))
    assert (found["archived"], found["archives"]) == (LEFT, ["old.jsonl.gz"])
    found = verified(old, "--archive", str(out))
    assert (found["code"], found["rows"], found["archived"]) == (0, len(after) + LEFT, 0)
    said = Shell(old).run("audit", "verify", "-e", "prod").stdout
    assert f"{LEFT} rows left for old.jsonl.gz, and were not read" in said


def test_a_dry_run_tells_what_would_leave_and_changes_nothing(old: Site) -> None:
    """As many rows and bytes as `db stats --before` says."""
    before = exported(old)
    words = ("--before", day(old, 30), "--format", "json")
    dry = json.loads(Shell(old).run("db", "archive", "--dry-run", *words).stdout)
    stats = json.loads(Shell(old).run("db", "stats", *words).stdout)
    assert (dry["archived"], dry["rows"], dry["file"]) == (False, LEFT, None)
    assert (stats["freed_rows"], stats["freed_bytes"]) == (LEFT, dry["bytes"])
    assert dry["bytes"] > LEFT * 200
    assert exported(old) == before
    text = Shell(old).run("db", "archive", "--dry-run", "--before", day(old, 30)).stdout
    assert text.startswith(f"would leave: {LEFT} rows of one chain from before ")


def test_on_a_terminal_it_asks_and_nothing_paints_over_the_question(old: Site, tmp_path: Path) -> None:
    """What would leave and the question come first; a bar moves only after the answer."""
    ours, theirs = pty.openpty()
    words = ("db", "archive", "--before", day(old, 30), "--out", str(tmp_path / "old.gz"))
    with Shell(old).start(*words, stdin=theirs, stderr=theirs) as process:
        os.close(theirs)
        asked = b""
        while b"[y/N]" not in asked:
            asked += os.read(ours, 4096)
        assert asked.startswith(f"would leave: {LEFT} rows".encode())
        assert b"\x1b" not in asked
        os.write(ours, b"y\n")
        with suppress(OSError):  # EIO: it has ended
            while os.read(ours, 4096):
                pass
        out, _ = process.communicate(timeout=120)
    os.close(ours)
    assert (process.returncode, out.startswith(f"archived {LEFT} rows")) == (0, True)


def test_what_nobody_may_take_again_stays(old: Site, tmp_path: Path) -> None:
    """A second archive of the same time finds nothing, and makes no file."""
    archived(old, tmp_path / "1.gz", 30)
    told = archived(old, tmp_path / "2.gz", 30)
    assert (told["archived"], told["rows"], (tmp_path / "2.gz").exists()) == (False, 0, False)


def test_a_file_for_each_year(old: Site, tmp_path: Path) -> None:
    """The next archive takes what has become old; each gap is filled by its own file alone."""
    archived(old, tmp_path / "1.gz", 390)
    go(old, 200)
    fill(old, RUNS, "later")
    crowd(old, "another")
    go(old, 0)
    fill(old, 1, "today")
    told = archived(old, tmp_path / "2.gz", 100)
    assert told["rows"] >= LEFT
    for given, left in (([], 2), (["1.gz"], 1), (["2.gz"], 1), (["1.gz", "2.gz", "2.gz"], 0)):
        found = verified(old, *(word for name in given for word in ("--archive", str(tmp_path / name))))
        assert (found["code"], len(found["archives"])) == (0, left)


def test_a_question_about_a_time_that_left_names_the_archive(old: Site, tmp_path: Path) -> None:
    """Exit 2, and which file has those rows; from T on everything is answered."""
    archived(old, tmp_path / "1.gz", 30)
    stamp = f"{day(old, 350)[:10].replace('-', '')}T000000"
    for words in (
        ("history", "--at", day(old, 31)),
        ("history", "--since", day(old, 399)),
        ("rollback", "summarizer", "--to-time", day(old, 31), "--reason", "r", "--yes"),
        ("accept", "--run", f"run_{stamp}_0a0b0c0d", "--reason", "r"),
    ):
        asked = Shell(old).run(*words, "-e", "prod")
        assert (words, asked.returncode) == (words, 2)
        assert "left for the archive 1.gz" in asked.stderr
    assert Shell(old).run("history", "--at", day(old, 29), "-e", "prod").returncode == 0
    assert Shell(old).run("accept", "--run", "run_20990101T000000_0a", "--reason", "r", "-e", "prod").returncode == 1


def test_a_head_of_a_row_that_left_is_compared_with_the_file(old: Site, tmp_path: Path) -> None:
    """Without the file it is exit 2, but at a gap's end, which the chain itself knows; a false one never fits."""
    out = tmp_path / "1.gz"
    archived(old, out, 30)
    rows = rows_in(out)

    def head(row: dict[str, Any], hash: str | None = None) -> str:
        return f"checkout/prod:{row['row']['sequence']}:{hash or row['hash']}"

    for option in ("--expect", "--after"):
        asked = Shell(old).run("audit", "verify", "-e", "prod", option, head(rows[3]))
        assert (asked.returncode, "left for the archive 1.gz" in asked.stderr) == (2, True)
        assert verified(old, option, head(rows[3]), "--archive", str(out))["code"] == 0
        assert verified(old, option, head(rows[3], "0" * 64), "--archive", str(out))["code"] == 1
        assert verified(old, option, head(rows[-1]))["code"] == 0
        assert verified(old, option, head(rows[-1], "0" * 64))["code"] == 1


def stranger(lines: Lines, *files: Path) -> subprocess.CompletedProcess[str]:
    """The program of docs/audit.md, which knows nothing of modelgate, reads an export and archives."""
    program = next(code for code in code_blocks("audit.md", "python") if "sys.stdin" in code)
    command = [sys.executable, "-I", "-c", program, *map(str, files)]
    return subprocess.run(command, input="\n".join(map(json.dumps, lines)), capture_output=True, text=True)


def test_a_stranger_verifies_across_archives(old: Site, tmp_path: Path) -> None:
    """Without modelgate, with the page alone: gaps that are accounted for, and with the file the rows in them."""
    out, other = tmp_path / "1.gz", tmp_path / "2.gz"
    archived(old, out, 30)
    lines, head = exported(old), str(old.store().head(old.scope()))
    assert (stranger(lines).stdout.strip(), stranger(lines, out).stdout.strip()) == (head, head)
    other.write_bytes(gzip.compress(gzip.decompress(out.read_bytes()).replace(b'"ada"', b'"bob"')))
    assert "no archive of this chain, or changed" in stranger(lines, other).stderr
    unnamed = [line for line in lines if line["row"]["table"] != "archives"]
    assert "removed: row 5" in stranger(unnamed).stderr
    first = next(place for place, line in enumerate(lines) if line["row"]["sequence"] > 4)
    assert "removed: row" in stranger([*lines[:first], *lines[first + 1 :]]).stderr
    gap = next(line["row"] for line in lines if line["row"]["table"] == "archives")
    rows = rows_in(out)
    other.write_bytes(gzip.compress("\n".join(map(json.dumps, rows[:-1])).encode()))
    said = {**gap, "file_digest": sha256(other.read_bytes()).hexdigest()}  # as somebody who rewrote the chain's end
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    forged = [*unnamed, {"hash": sha256(text.encode()).hexdigest(), "row": said}]
    assert "removed: row" in stranger(forged, other).stderr


def test_entries_go_with_the_rows_that_name_them(site: Site, tmp_path: Path) -> None:
    """A file tells what its runs saw by itself, wherever else that is told."""
    for at in (400, 399, 398):
        go(site, at)
        for _ in range(CANDIDATES if at == 400 else 12):
            site.check()
    go(site, 397)
    crowd(site)
    go(site, 0)
    site.check()
    out = tmp_path / "1.gz"
    assert archived(site, out, 30)["rows"] > 12
    named = {digest for row in rows_in(out) for digest in row["row"].get("entries", "").split(",") if digest}
    told = {digest for row in rows_in(out) for digest in row.get("entries", {})}
    assert named
    assert (told, len([1 for row in rows_in(out) if row.get("entries")])) == (named, 1)
    found = verified(site, "--archive", str(out))
    assert (found["code"], found["archived"]) == (0, 0)
    lines = exported(site)
    assert stranger(lines, out).stdout.strip() == str(site.store().head(site.scope()))


def test_a_file_that_is_not_the_archive_is_told(old: Site, tmp_path: Path) -> None:
    """Changed by a byte, packed anew, of something else: exit 1; not there, or a folder: exit 2."""
    out, other = tmp_path / "1.gz", tmp_path / "other.gz"
    archived(old, out, 30)
    whole = out.read_bytes()
    forged = gzip.decompress(whole).replace(b'"ada"', b'"bob"')
    for content in (whole[:-1], whole + b"\0", gzip.compress(gzip.decompress(whole), 1), gzip.compress(forged), b""):
        other.write_bytes(content)
        found = verified(old, "--archive", str(other))
        assert (found["code"], found["intact"], len(found["not_archives"])) == (1, False, 1)
    for path in (tmp_path / "nowhere.gz", tmp_path):
        assert Shell(old).run("audit", "verify", "-e", "prod", "--archive", str(path)).returncode == 2


def test_an_archive_of_other_chains_is_no_fault(old: Site, tmp_path: Path) -> None:
    """One file has the rows of every service; a chain that none of them is of is verified with it, too."""
    old.asks("staging", summarizer="claude-a")
    fill(old, 1, "s", environment="staging")
    archived(old, tmp_path / "1.gz", 30)
    asked = Shell(old).run("audit", "verify", "-e", "staging", "--archive", str(tmp_path / "1.gz"))
    assert (asked.returncode, asked.stdout.splitlines()[0]) == (0, "4 rows of checkout/staging fit")


@pytest.mark.parametrize("taken", ["file", "folder", "link", "device"])
def test_no_file_is_written_over(old: Site, tmp_path: Path, taken: str) -> None:
    """Whatever is there stays, and so does every row."""
    out, before = tmp_path / "taken", exported(old)
    if taken == "file":
        out.write_text("mine")
    elif taken == "folder":
        out.mkdir()
    else:
        out.symlink_to("/dev/full" if taken == "device" else tmp_path / "nowhere")
    asked = Shell(old).run("db", "archive", "--before", day(old, 30), "--out", str(out), "--yes")
    assert (asked.returncode, exported(old)) == (2, before)
    assert taken != "file" or out.read_text() == "mine"


def test_a_full_disk_keeps_every_row(old: Site, tmp_path: Path) -> None:
    """A file that cannot be written whole is not there afterwards, and nothing left."""

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))

    before = exported(old)
    words = ("db", "archive", "--before", day(old, 30), "--out", str(tmp_path / "a" / "1.gz"), "--yes")
    (tmp_path / "a").mkdir()
    environ = {"PYTHONDONTWRITEBYTECODE": "1"}  # a part of one would be read by the next process
    asked = Shell(old).process(*words, preexec_fn=full, environ=environ)
    assert (asked.returncode, "nothing was archived" in asked.stderr) == (2, True)
    assert (exported(old), list((tmp_path / "a").iterdir())) == (before, [])


def test_nobody_archives_without_being_asked(old: Site, tmp_path: Path) -> None:
    """No terminal, no --yes, no file, a time too young: exit 2, and nothing left."""
    before, out = exported(old), str(tmp_path / "1.gz")
    for words in (
        ("--before", day(old, 30), "--out", out),
        ("--before", day(old, 30), "--yes"),
        ("--before", day(old, 0.5), "--out", out, "--yes"),
        ("--out", out, "--yes"),
        ("--before", day(old, 30), "--out", f"{tmp_path}/no/1.gz", "--yes"),
    ):
        assert (words, Shell(old).run("db", "archive", *words).returncode) == (words, 2)
    assert exported(old) == before


def test_a_version_that_knows_no_archives_keeps_the_rows(old: Site, tmp_path: Path) -> None:
    """Where one ran within 30 days it is named; --force goes on."""
    add(old, run_row("ancient"), version="0.0.9")
    words = ("db", "archive", "--before", day(old, 30), "--out", str(tmp_path / "1.gz"), "--yes")
    asked = Shell(old).run(*words)
    assert (asked.returncode, "modelgate 0.0.9 ran here within 30 days" in asked.stderr) == (1, True)
    assert "archives" not in {row["row"]["table"] for row in exported(old)}
    assert Shell(old).run(*words, "--force").returncode == 0


def test_a_version_that_ran_long_ago_keeps_nobody(site: Site, tmp_path: Path) -> None:
    """31 days ago is long enough."""
    go(site, 400)
    fill(site, 5, "old")
    crowd(site)
    go(site, 31)
    add(site, run_row("ancient"), version="0.0.9")
    go(site, 0)
    assert archived(site, tmp_path / "1.gz", 60)["rows"] == 12


def test_a_store_that_is_not_there_is_not_made(old: Site, tmp_path: Path) -> None:
    """A look makes no file, and an archive neither."""
    old.environ["MODELGATE_DATABASE_URL"] = f"sqlite:///{tmp_path}/other.db"
    words = ("db", "archive", "--before", day(old, 30), "--out", str(tmp_path / "1.gz"), "--yes")
    assert (Shell(old).run(*words).returncode, list(tmp_path.glob("other*"))) == (2, [])
