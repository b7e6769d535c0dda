"""Hostile texts, from wherever texts come, through every command and format: shown, stored, obeyed by nobody."""

from __future__ import annotations

import json
import os
import subprocess
import unicodedata
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from commands import Ended, end, run, start
from scene import ALIASED, Place
from support.fault_server import ALIAS, ALIAS_ID, CANONICAL, Fault, FaultServer, Wire, answer, error, model, page

WEAPONS = {
    "terminal": "\x1b[2J\x1b]0;title\x07\r\n::error file=x::pwned\n::add-mask::x\n##[error]x",
    "markup": "|<script>alert(1)</script>]]>`# [x](javascript:x) =cmd|' /C calc'!A0 '; DROP TABLE runs; -- {0} %(a)s",
    "unicode": "\u202egnp.exe\u2069\u2028\u2029\ufeff\x85\U000e0001" + os.fsdecode(b"\xff\xed\xa0\x80"),
    "long": "claude-" * 8_000,
}
"""By kind; the last is near what an argument may hold. No argument and no variable holds NUL: the API and files do."""
FORMATS = ("text", "json", "sarif", "junit", "github", "markdown")
COMMANDS = {
    "accept": ("accept", "main", "--reason", "{}"),
    "accept-slot": ("accept", "{}", "--reason", "x"),
    "accept-run": ("accept", "--all", "--run", "{}", "--reason", "x"),
    "accept-from": ("accept", "--all", "--from", "{}", "--reason", "x"),
    "rollback": ("rollback", "main", "--to", CANONICAL, "--yes", "--reason", "{}"),
    "rollback-to": ("rollback", "main", "--to", "{}", "--yes", "--reason", "x"),
    "release": ("release", "--all", "--keep", "--yes", "--reason", "{}"),
    "lock": ("lock", "--force", "{}"),
    "upgrade": ("upgrade", "{}"),
    "upgrade-to": ("upgrade", "main", "--to", "{}", "--write"),
    "upgrade-line": ("upgrade", "--newer", "--line", "{}", "--format", "markdown"),
    "history": ("history", "{}"),
    "resolve": ("resolve", "--", "{}"),
    "diff": ("diff", "prod", "{}"),
    "explain": ("explain", "{}"),
    "verify": ("audit", "verify", "--expect", "{}"),
    "service": ("check", "-s", "{}"),
    "report": ("check", "--report", "{}"),
    "as-of": ("check", "--as-of", "{}"),
    "wait": ("preflight", "--wait", "{}"),
    "command": ("{}",),
    "extra": ("check", "x", "{}"),
    "report-file": ("check", "--report", "json={}/x"),
    "emit": ("preflight", "--emit-env", "{}/x"),
    "start": ("preflight", "--", "{}"),
    "option": ("check", "--{}"),
    "probe": ("probe", "main", "--to", "{}"),
    "probe-slot": ("probe", "{}"),
    "evidence": ("evidence", "add", "main", "--suite", "{}", "--id", "{}", "{}"),
    "evidence-slot": ("evidence", "list", "{}"),
    "batch": ("batch", "show", "{}"),
    "jobs": ("batch", "run", "{}", "--slot", "{}", "--out", "x.jsonl"),
    "scan": ("scan", "--offline", "{}"),
    "baseline": ("scan", "--offline", "--baseline", "{}"),
    "init": ("init", "--yes", "--offline", "{}"),
    "init-into": ("init", "--yes", "--offline", "--config-dir", "{}"),
    "config-dir": ("check", "--config-dir", "{}"),
    "base": ("check", "--base", "{}"),
    "calendar": ("fleet", "--out", "{}/x"),
    "token-file": ("serve", "--token-file", "{}"),
}
UNSCOPED = (
    "diff",
    "explain",
    "command",
    "scan",
    "baseline",
    "init",
    "init-into",
    "calendar",
    "token-file",
    "ready-file",
)
"""Which are of no environment."""
RECORDED = ("accept", "rollback", "release")
"""Of which the text is a row of the store afterwards."""
VARIABLES = (
    "MODELGATE_ACTOR",
    "MODELGATE_SLOTS__MAIN__MODEL",
    "MODELGATE_SLOTS__{}__MODEL",
    "MODELGATE_POLICY__ENFORCE",
    "MODELGATE_DATABASE_URL",
    "MODELGATE_CONFIG_DIR",
    "MODELGATE_SERVICE",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "GITHUB_ACTOR",
    "GITHUB_SHA",
    "POD_NAME",
)


def harmless(ended: Ended, *, evidence: bool = False) -> None:
    """Asserts that it is no defect, and that no terminal and no build server obeys what was printed.

    What is printed is short, unless it is evidence, in which nothing is left out.
    """
    assert ended.code in (0, 1, 2, 3), ended.printed
    assert "Traceback" not in ended.printed
    for line in ended.printed.split("\n"):
        assert {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} == set(), line[:200]
        assert not line.lstrip().startswith(("::error file=x", "::add-mask", "##[")), line[:200]
    if not evidence:
        assert len(ended.printed) < 40_000


def _matrix(places: tuple[str, ...]) -> list[object]:
    """Every weapon at every place; the bounded part has one of them at each place."""
    return [
        pytest.param(kind, place, id=f"{place}-{kind}", marks=[] if number % 4 == turn else [pytest.mark.whole])
        for number, place in enumerate(places)
        for turn, kind in enumerate(WEAPONS)
    ]


@pytest.mark.parametrize(("kind", "name"), _matrix(tuple(COMMANDS)))
def test_an_argument(kind: str, name: str, place: Place) -> None:
    """An argument that somebody pasted: taken as a text, or refused in words."""
    with FaultServer() as server:
        scene = place.scene("sqlite", server.base_url)
        words = [word.replace("{}", WEAPONS[kind]) for word in COMMANDS[name]]
        scoped = [] if name in UNSCOPED else ["-e", "prod"]
        at = words.index("--") if "--" in words else len(words)
        harmless(run(scene.folder, scene.environ, *words[:at], *scoped, *words[at:]))
        for words in (("history",), ("status",), ("audit", "export"), ("audit", "verify")) if name in RECORDED else ():
            ended = run(scene.folder, scene.environ, *words, "-e", "prod")
            assert ended.code == 0, ended.printed
            harmless(ended, evidence=words == ("audit", "export"))


@pytest.mark.parametrize(("kind", "name"), _matrix(VARIABLES))
def test_a_variable(kind: str, name: str, place: Place) -> None:
    """A variable that somebody set: read, or refused in words."""
    with FaultServer() as server:
        scene = place.scene("sqlite", server.base_url)
        weapon = WEAPONS[kind]
        environ = scene.environ | {name.replace("{}", weapon.replace("=", "")): weapon}
        scene.policy["reuse_seconds"] = 60
        scene.write()
        harmless(run(scene.folder, environ, "check", "-e", "prod"))


def _says(wire: Wire) -> None:
    """A healthy list in which every text is a weapon, and an alias that fails with more of them."""
    hostile = "".join(WEAPONS[kind] for kind in ("terminal", "markup")) + "\0\u202e" + "x" * 10_000_000
    if wire.request.call == "retrieve":
        told = error("overloaded\x1b[2J::error::" + hostile[:1000], hostile[:1000])
        wire.send(answer(529, told, request_id="req_\x1b[2J::error::x|<b>", x_should_retry="false"))
    else:
        models = [model(name, display_name=hostile) for name in (CANONICAL, ALIAS_ID)]
        wire.send(answer(200, page(models[0], model(ALIAS_ID))))


@pytest.mark.parametrize("form", FORMATS)
def test_an_answer_of_the_api(form: str, place: Place) -> None:
    """Texts of the API in each format, 10 MB of them: valid, short, and harmless."""
    with FaultServer(Fault("hostile", _says), at="list") as server:
        server.fault, server.at = Fault("hostile", _says), "list"
        scene = place.scene("sqlite", server.base_url, ALIASED)
        if form == "text":
            harmless(run(scene.folder, scene.environ, "models", "-e", "prod"))
        server.at = "retrieve"
        ended = run(scene.folder, scene.environ, "check", "-e", "prod", "--format", form, "--report", f"{form}=told")
        written = (scene.folder / "told").read_text()
    harmless(ended)
    harmless(Ended(ended.code, written, ""))
    assert ended.code == 3
    assert ALIAS in written or form != "text"
    assert _is_valid(form, written)


def _is_valid(form: str, written: str) -> bool:
    if form in ("json", "sarif"):
        return bool(json.loads(written))
    return form != "junit" or ElementTree.fromstring(written).tag in ("testsuites", "testsuite")


@pytest.mark.parametrize("content", [b"\0" * 100, b"\xff\xfe", b"x = '" + b"y" * 10_000_000 + b"'", b"[" * 100_000])
def test_a_settings_file(content: bytes, place: Place) -> None:
    """A settings file of anything: exit code 2, in words."""
    scene = place.scene("sqlite", "http://127.0.0.1:9")
    (scene.config / "prod.toml").write_bytes(content)
    ended = run(scene.folder, scene.environ, "check", "-e", "prod")
    harmless(ended)
    assert ended.code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("where", ["output", "report", "summary", "no-folder"])
def test_a_full_disk_behind_the_output(where: str, place: Place) -> None:
    """Output, report or summary that cannot be written is told in words, and changes neither verdict nor exit code."""
    arguments = ["check", "-e", "prod", "--format", "github"]
    arguments += ["--report", "json=/dev/full"] if where == "report" else []
    summary = {"summary": "/dev/full", "no-folder": "/nowhere/summary"}.get(where)
    with FaultServer() as server, open("/dev/full", "wb") as full:
        scene = place.scene("sqlite", server.base_url)
        environ = scene.environ | ({"GITHUB_STEP_SUMMARY": summary} if summary else {})
        ended = end(start(scene.folder, environ, *arguments, out=full if where == "output" else subprocess.PIPE))
    harmless(ended)
    assert (ended.code, "cannot write" in ended.err) == (0, True), ended.err
