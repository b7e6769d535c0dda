"""A scene: one service whose next start would pass, on a real database, with an API that a test breaks."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands import KEY
from support.databases import opened
from support.fault_server import ALIAS, ALIAS_ID, CANONICAL, RETIRED
from support.sites import SteppedClock

from modelgate.clock import SystemClock
from modelgate.domain.findings import Finding, Level
from modelgate.domain.report import Report
from modelgate.domain.rows import Author, PinRow, Scope
from modelgate.domain.settings import Verb
from modelgate.gate.context import Context, prepare
from modelgate.gate.run import Options, run_gate
from modelgate.store import Store

DATABASES = ("sqlite", "postgresql")
VERBS: tuple[Verb, ...] = ("check", "preflight")
ADA = Author("ada", "pod-1", "0.1.0")

PLAIN = {"main": (CANONICAL, CANONICAL)}
"""Slot to its reference and the ID that is approved for it: the list alone answers for it."""
ALIASED = PLAIN | {"aliased": (ALIAS, ALIAS_ID)}
"""`retrieve` is asked as well."""
LEFT_BEHIND = PLAIN | {"left_behind": (CANONICAL, RETIRED)}
"""The list of retired models is asked as well."""
SLOTS = {"list": PLAIN, "retrieve": ALIASED, "retired": LEFT_BEHIND}

_numbers = itertools.count(1)


@dataclass
class Scene:
    """One service in `prod`."""

    folder: Path
    base_url: str
    database_url: str
    slots: dict[str, tuple[str, str]]
    policy: dict[str, Any] = field(default_factory=dict)
    clock: SteppedClock = field(default_factory=SteppedClock)
    service: str = field(default_factory=lambda: f"checkout-{os.getpid()}-{next(_numbers)}")

    @property
    def config(self) -> Path:
        """The folder of the settings."""
        return self.folder / "config"

    @property
    def scope(self) -> Scope:
        """Of what pins and chain are."""
        return Scope(self.service, "prod")

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a command."""
        return {
            "ANTHROPIC_BASE_URL": self.base_url,
            "ANTHROPIC_API_KEY": KEY,
            "MODELGATE_DATABASE_URL": self.database_url,
            "MODELGATE_ACTOR": "ada",
        }

    def write(self) -> None:
        """Writes the settings."""
        self.config.mkdir(exist_ok=True)
        lines = [f'service = "{self.service}"', "[policy]"]
        lines += [f"{name} = {_toml(value)}" for name, value in self.policy.items()]
        for slot, (reference, _) in self.slots.items():
            lines += [f"[slots.{slot}]", f'model = "{reference}"']
        (self.config / "prod.toml").write_text("\n".join(lines))

    def approve(self) -> None:
        """Approves the ID of each slot."""
        pins = [
            PinRow(slot, 1, "accept", reference, model_id, "tested")
            for slot, (reference, model_id) in self.slots.items()
        ]
        self.store().append(self.scope, ADA, pins, now=SystemClock().now())

    def run(self, verb: Verb = "preflight", **options: Any) -> Report:
        """One run of the gate."""
        return run_gate(self.world(), verb, Options(**options))

    def world(self) -> Context:
        """The surroundings of a command."""
        return prepare(self.environ, environment="prod", config_dir=self.config, clock=self.clock)

    def store(self) -> Store:
        """The store, opened."""
        return opened(self.database_url)

    def is_whole(self) -> bool:
        """Whether the chain fits from its first row to its last."""
        return self.store().verify(self.scope).intact


@dataclass
class Place:
    """Where a test's scenes are made."""

    folder: Path
    database: Callable[[str], str]

    def scene(self, database: str, base_url: str, slots: dict[str, tuple[str, str]] = PLAIN, **policy: Any) -> Scene:
        """A scene with its settings written and its slots approved. A pin that is not what is asked for only warns."""
        made = Scene(self.folder, base_url, self.database(database), slots, {"alias_moved": "warn", **policy})
        made.write()
        made.approve()
        return made


def reasons(report: Report) -> list[Finding]:
    """The findings because of which a run did not pass."""
    return [finding for finding in report.findings if finding.level in (Level.REFUSE, Level.UNKNOWN)]


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | int | float) else f'"{value}"'
