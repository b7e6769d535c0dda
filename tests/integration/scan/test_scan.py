"""scan on real files, with the list of the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import in_process

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "render"))
import render_schemas

FILES = {
    "app/config.py": 'MODEL = "claude-sonnet-4-5"\nJUDGE = "claude-sonnet-4-20250514"\nKEY = "sk-ant-xyz claude-2.1"\n',
    "app/main.go": '// claude-3-opus-20240229 was too slow\nconst model = "claude-sonet-4-6"\n',
    "values.yaml": "model: claude-fable-5\nbedrock: us.anthropic.claude-3-haiku-20240307-v1:0\n",
    "package.json": '{"@anthropic-ai/claude-agent-sdk": "1", "claude-code-router": "1", "x": "claude-badge-large"}\n',
    "README.md": "It uses claude-sonnet-4-20250514.\n",
    "config/prod.toml": '[slots.summarizer]\nmodel = "claude-sonnet-4-20250514"\n',
}


@pytest.fixture
def tree(tmp_path, modelgate_sandbox):
    """A small application, in no checkout; Sonnet 4.5 retires in four days."""
    modelgate_sandbox.deprecate("claude-sonnet-4-5-20250929", retires_in_days=4)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def scan(tree, *words):
    """What `modelgate scan` leaves."""
    kept = {name: os.environ[name] for name in ("PATH", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY")}
    return in_process("scan", *words, folder=tree, environ=kept)


def found(done):
    """Place and check of each finding, from a JSON report."""
    return {(f["source"], f["id"], f["level"]) for f in json.loads(done.stdout)["findings"]}


EXPECTED = {
    ("app/config.py:1:10", "scan.retires-soon", "warn"),
    ("app/config.py:2:10", "scan.retired", "refuse"),
    ("app/config.py:3:19", "scan.retired", "note"),
    ("app/main.go:1:4", "scan.retired", "note"),
    ("app/main.go:2:16", "scan.unknown", "warn"),
    ("values.yaml:1:8", "scan.outside-gate", "note"),
    ("values.yaml:2:10", "scan.other-platform", "note"),
}


def test_one_list_judges_every_name(tree, modelgate_sandbox):
    """Each name has one finding, the worst; own settings, documents and packages have none; one list was asked."""
    done = scan(tree, "--format", "json")
    assert found(done) == EXPECTED
    assert done.returncode == 1
    assert [request["path"] for request in modelgate_sandbox.requests()] == ["/v1/models"]


def test_hints_name_the_successor_and_what_was_meant(tree):
    """The newest active model of the line, and the nearest name."""
    hints = {f["source"]: f["hint"] for f in json.loads(scan(tree, "--format", "json").stdout)["findings"]}
    assert hints["app/config.py:1:10"] == "move to claude-sonnet-5"
    assert hints["app/main.go:2:16"] == "did you mean claude-sonnet-4-6?"
    assert hints["values.yaml:2:10"].startswith("on the Claude API claude-3-haiku-20240307: retired")


def test_no_more_of_a_line_is_shown_than_the_name(tree):
    """A line may hold a key."""
    for form in ("text", "json", "sarif", "junit", "github", "markdown"):
        done = scan(tree, "--format", form)
        assert "sk-ant-xyz" not in done.stdout + done.stderr
        assert "claude-2.1" in done.stdout


def test_reports_are_held_to_their_schemas(tree):
    """SARIF to OASIS' schema with columns, JSON to ours, JUnit to its own."""
    log = json.loads(scan(tree, "--format", "sarif").stdout)
    render_schemas.SARIF.validate(log)
    regions = [r["locations"][0]["physicalLocation"]["region"] for r in log["runs"][0]["results"]]
    assert {"startLine": 2, "startColumn": 10} in regions
    render_schemas.JSON.validate(json.loads(scan(tree, "--format", "json").stdout))
    render_schemas.JUNIT.validate(scan(tree, "--format", "junit").stdout)


def test_offline_asks_nobody(tree, modelgate_sandbox):
    """It tells where names stand, and passes."""
    done = scan(tree, "--offline", "--format", "json")
    assert {check for _, check, _ in found(done)} == {"scan.outside-gate"}
    assert (done.returncode, modelgate_sandbox.requests()) == (0, [])


def test_a_list_that_cannot_be_had_is_not_known(tree, modelgate_sandbox):
    """3, never a pass."""
    modelgate_sandbox.fail_fraction(1.0, 500)
    (tree / "config" / "default.toml").write_text("[policy]\ndeadline_seconds = 1\n")
    assert scan(tree).returncode == 3


def test_documents_are_read_when_asked_for(tree):
    """A name in a sentence is a note, whatever became of the model."""
    assert ("README.md:1:9", "scan.retired", "note") in found(scan(tree, "--docs", "--format", "json"))


def test_a_baseline_leaves_out_what_was_there(tree):
    """Lines may move; one more of the same, or a model that retired since, is new."""
    assert scan(tree, "--baseline", "known.json", "--write-baseline").returncode == 0
    assert scan(tree, "--baseline", "known.json").returncode == 0
    config = tree / "app" / "config.py"
    config.write_text("\n\n" + config.read_text() + 'AGAIN = "claude-sonnet-4-20250514"\n')
    done = scan(tree, "--baseline", "known.json", "--format", "json")
    assert [f["source"] for f in json.loads(done.stdout)["findings"]] == ["app/config.py:6:10"]
    assert done.returncode == 1


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "modelgate.baseline/1"}', '{"schema": "x", "findings": []}'])
def test_a_baseline_that_is_none_is_wrong_usage(tree, text):
    """2, with the command that writes one."""
    (tree / "known.json").write_text(text)
    done = scan(tree, "--baseline", "known.json")
    assert done.returncode == 2
    assert "--write-baseline" in done.stderr


def test_a_comment_covers_a_name_until_its_day(tree):
    """Afterwards it covers nothing, and says when it ended."""
    ignore = "# modelgate: ignore[scan.retired] until {}: moved in ABC-1\n"
    config = tree / "app" / "config.py"
    for until, code in (("2999-01-01", 0), ("2020-01-01", 1)):
        config.write_text(f'JUDGE = "claude-sonnet-4-20250514"  {ignore.format(until)}')
        done = scan(tree, "app/config.py", "--format", "json")
        (finding,) = json.loads(done.stdout)["findings"]
        assert (done.returncode, finding["waived"]) == (code, code == 0)
    assert "ended on 2020-01-01" in finding["hint"]


def test_a_folder_in_no_checkout_heeds_its_gitignore_files(tree):
    """The deeper file wins, and what a parent left out stays out."""
    (tree / ".gitignore").write_text("build/\n*.yaml\n")
    (tree / "build").mkdir()
    (tree / "build" / "x.py").write_text('M = "claude-opus-5"\n')
    (tree / "app" / ".gitignore").write_text("!kept.yaml\n")
    (tree / "app" / "kept.yaml").write_text("m: claude-opus-5\n")
    files = {source.split(":")[0] for source, _, _ in found(scan(tree, "--offline", "--format", "json"))}
    assert files == {"app/config.py", "app/main.go", "app/kept.yaml"}


def test_a_checkout_is_read_as_git_tracks_it(tree):
    """What git does not track is not read, and nothing that the checkout configures is run."""
    git = ["git", "-C", str(tree)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "app/main.go"], check=True)
    proof = tree / "ran"
    subprocess.run([*git, "config", "core.fsmonitor", f"touch {proof}"], check=True)
    files = {source.split(":")[0] for source, _, _ in found(scan(tree, "--offline", "--format", "json"))}
    assert (files, proof.exists()) == ({"app/main.go"}, False)


def test_links_binary_and_huge_files_are_skipped_and_counted(tree, tmp_path_factory):
    """No link is followed, out of the tree or within it."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.py").write_text('M = "claude-opus-5"\n')
    (tree / "linked").symlink_to(outside)
    (tree / "link.py").symlink_to(outside / "secret.py")
    (tree / "data.bin").write_bytes(b'\0"claude-opus-5"')
    (tree / "bundle.js").write_text('x="claude-opus-5";' + " " * 1_000_000)
    os.mkfifo(tree / "pipe")
    done = scan(tree, "--offline")
    assert "opus-5" not in done.stdout
    assert "skipped: 1 binary, 1 huge, 1 link." in done.stdout


def test_a_path_that_is_not_there_is_wrong_usage(tree):
    """A slip in a job must not be a pass."""
    assert scan(tree, "--offline", "srv").returncode == 2


@pytest.mark.parametrize(
    "words", [("scan", "srv"), ("init", "srv", "-e", "prod", "--yes"), ("scan", "--baseline", "no.json")]
)
def test_what_is_not_there_is_told_before_a_key_is_asked_for(tree, words):
    """Whoever mistypes a path has no use for a word about credentials."""
    done = in_process(*words, folder=tree, environ={"PATH": os.environ["PATH"], "HOME": str(tree)})
    missing = "no.json" if "--baseline" in words else "srv"
    assert (done.returncode, missing in done.stderr) == (2, True)
    assert "credential" not in done.stderr


def test_what_describes_or_repeats_a_program_is_not_read_as_one(tree):
    """The description that a package carries along is a document; a source map holds what was read already."""
    for name in ("METADATA", "PKG-INFO", "README", "bundle.js.map"):
        (tree / name).write_text('model = "claude-sonnet-4-20250514"\n')
    done = scan(tree, "--format", "json")
    assert found(done) == EXPECTED
    assert "1 generated" in scan(tree).stdout
    assert "METADATA" in scan(tree, "--docs").stdout


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()])
def test_what_is_no_regular_file_is_neither_waited_for_nor_read_without_end(tree, make):
    """Rules of what is ignored, and a baseline, come from the checkout: from whoever wrote a pull request."""
    make(tree / ".gitignore")
    make(tree / "baseline.json")
    assert found(scan(tree, "--format", "json")) == EXPECTED
    done = scan(tree, "--baseline", "baseline.json")
    assert (done.returncode, "cannot read baseline.json" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        "", "[" * 100_000, "NaN", "[]", '{"schema": "modelgate.baseline/1"}',
        '{"schema": "modelgate.baseline/1", "findings": [{"file": [], "check": "x", "name": "x", "count": 1}]}',
        '{"schema": "modelgate.baseline/1", "findings": [{"file": "", "check": "x", "name": "x", "count": 1e999}]}',
        "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_baseline_is_wrong_usage(tree, text):
    """Whatever somebody put there."""
    (tree / "baseline.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    done = scan(tree, "--baseline", "baseline.json")
    assert (done.returncode, "is no baseline" in done.stderr) == (2, True)
