"""What the documents say is what is there."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest
from support.command_page import commands, help_of, page

import modelgate
from modelgate.cli.group import cli
from modelgate.domain import errors

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language, without what they are indented by in a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def typed(text: str) -> list[str]:
    """Every command line of modelgate in a page: in fenced blocks, and in backticks where it has an option."""
    lines = [line.strip().removeprefix("$ ") for block in blocks(text, r"\w*") for line in block.splitlines()]
    return [line for line in lines if line.startswith("modelgate ")]


def parse(line: str) -> None:
    """Parses a command line as click would, without running it. Raises click.ClickException."""
    line = line.replace("$(cat head-of-last-week)", f"checkout/prod:7:{'0' * 64}")
    words = shlex.split(line.split(" > ")[0].split(" && ")[0].split(" | ")[0], comments=True)[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name="modelgate")
    while isinstance(command, click.Group):
        while words and words[0].startswith("--log"):
            words = words[2:]
        if not words or words[0].startswith("-"):
            return
        found = command.get_command(context, words[0])
        assert found is not None, f"no command {words[0]}: {line}"
        command, words = found, words[1:]
    try:
        command.make_context(line, list(words), resilient_parsing=False)
    except click.exceptions.Exit:
        assert words[-1] in ("--help", "-h")


def test_the_page_of_commands_is_what_help_prints():
    """docs/commands.md holds every command's help, as it is printed today."""
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == page(), "make docs"


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_every_command_has_an_example_that_parses(name, command):
    """The help of every command has an example, and the example is a command line that modelgate takes."""
    example = re.search(r"Example: ((?:.|\n)+?)(?:\n\n|\Z)", help_of(name, command))
    assert example is not None
    line = " ".join(example[1].split())
    if line.startswith("modelgate "):
        parse(line)
    else:
        assert line == "source <(modelgate completion bash)"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_command_lines_in_documents_parse(path):
    """Whoever copies a command line from a page types something that modelgate takes."""
    for line in typed(path.read_text(encoding="utf-8")):
        if "…" not in line and "[" not in line and path.name != "commands.md":
            parse(line)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    """A link to a file of the project leads to a file that is there."""
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize(("name", "below"), [("ARCHITECTURE.md", "modelgate"), ("tests/README.md", "tests/support")])
def test_maps_name_what_is_there(name, below):
    """A module or folder that a map names is there, under that name."""
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+(?:\.py|/))(?:: \w+)?`", (ROOT / name).read_text(encoding="utf-8")))
    if below == "tests/support":
        table = (ROOT / name).read_text(encoding="utf-8").partition("## support/")[2]
        modules = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
        named = {f"{module}.py" for cell in modules for module in re.findall(r"`(\w+)`", cell)}
    there = [path.relative_to(ROOT).as_posix() for path in (ROOT / below).rglob("*")] + [p.name for p in ROOT.iterdir()]
    assert len(named) > 10
    assert [each for each in named if not any(f"/{path}".endswith("/" + each.rstrip("/")) for path in there)] == []


def test_the_readme_names_every_command():
    """A reader of the README has met every command."""
    for name in cli.list_commands(click.Context(cli)):
        assert re.search(rf"`(modelgate )?{name}\b", README), name


def test_the_readme_settings_are_settings(tmp_path):
    """The README's settings load."""
    from modelgate.settings import load

    for block in blocks(README, "toml"):
        tomllib.loads(block)
        (tmp_path / "prod.toml").write_text(block, encoding="utf-8")
        settings = load(environment="prod", config_dir=tmp_path, environ={"GRADER_MODEL": "claude-sonnet-4-5"})
        assert [slot.name for slot in settings.slots] == ["summarizer", "grader"]


def test_the_readme_imports_exist():
    """What the README imports from modelgate is there."""
    for block in blocks(README, "python"):
        compile(block, "README.md", "exec")
        for line in re.findall(r"^from modelgate import (.+)$", block, re.MULTILINE):
            for name in line.split(", "):
                assert callable(getattr(modelgate, name))


def test_the_readme_tells_every_exit_code():
    """The README's table has the exit code of every exception, and no other."""
    told = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE) for code in row.split(", ")}
    classes = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.ModelgateError)]
    raised = {e.exit_code for e in classes} | {errors.Interrupted(2).exit_code, errors.Interrupted(15).exit_code}
    assert told == raised | {0}
