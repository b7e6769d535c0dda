"""What `deploy/` and the files beside it make machines run, for the tests that hold them to the real command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml

from modelgate.cli.group import cli

ROOT = Path(__file__).parents[2]
KUBERNETES = sorted(path for path in (ROOT / "deploy").glob("*/*.yaml") if path.parent.name != "prometheus")
COMPOSE = ROOT / "deploy" / "docker-compose.yml"
UNIT = ROOT / "deploy" / "systemd" / "checkout.service"
HOOKS = ROOT / ".pre-commit-hooks.yaml"

Document = dict[str, Any]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C library's where there is one, eight times as fast."""


def documents(path: Path) -> list[Document]:
    """All documents of a YAML file."""
    return list(yaml.load_all(path.read_text(), _Loader))


def kubernetes() -> Iterator[tuple[str, Document]]:
    """Each Kubernetes object, with its file and kind."""
    for path in KUBERNETES:
        for document in documents(path):
            yield f"{path.name}: {document['kind']}", document


def pods() -> Iterator[tuple[str, Document]]:
    """What each object that makes pods says of them."""
    for name, document in kubernetes():
        spec = document.get("spec", {}).get("jobTemplate", document).get("spec", {})
        spec = spec.get("template", {"spec": spec})["spec"]
        if "containers" in spec:
            yield name, spec


def containers() -> Iterator[tuple[str, Document]]:
    """Each container of each pod, the init containers first."""
    for name, pod in pods():
        for container in pod.get("initContainers", []) + pod["containers"]:
            yield f"{name}: {container['name']}", container


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """Every command line of modelgate that a file of the project makes somebody's machine run."""
    for name, container in containers():
        if container["name"] == "modelgate":
            yield name, container["args"]
    for name, service in documents(COMPOSE)[0]["services"].items():
        if service["image"] == "modelgate":
            yield f"{COMPOSE.name}: {name}", service["command"]
    for line in UNIT.read_text().splitlines():
        if line.startswith("ExecStartPre="):
            yield UNIT.name, shlex.split(line.partition("=")[2])[1:]
    for hook in documents(HOOKS)[0]:
        yield hook["id"], shlex.split(hook["entry"])[1:]


def parse(arguments: list[str]) -> str:
    """The path of the command that `arguments` call, such as "db upgrade". Raises click.UsageError; nothing is run."""
    command: click.Command | None = cli
    path, rest = "modelgate", list(arguments)
    while isinstance(command, click.Group):
        name = rest.pop(0) if rest else ""
        path += f" {name}"
        command = command.get_command(click.Context(command), name)
    if command is None:
        raise click.UsageError(f"no such command: {path}")
    command.make_context(path, rest)
    return path.removeprefix("modelgate ")
