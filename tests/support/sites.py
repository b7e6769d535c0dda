"""A site: settings in a folder, an audit store and an API. The gate and its operations run there as in real life."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anthropic  # noqa: F401 # slow the first time: not within the deadline of a test

from modelgate.clock import SystemClock
from modelgate.domain.findings import Finding
from modelgate.domain.report import Report
from modelgate.domain.rows import Scope
from modelgate.gate.context import Context, prepare
from modelgate.gate.run import Options, run_gate
from modelgate.operations.accept import accept
from modelgate.operations.change import Changed
from modelgate.operations.lock import Locked, lock
from modelgate.operations.release import release
from modelgate.operations.rollback import Terms, rollback
from modelgate.operations.rollback_target import Target
from modelgate.sandbox import SandboxControl
from modelgate.store import Store
from support.databases import opened

ALIAS = "claude-sonnet-4-5"
OLD = "claude-sonnet-4-5-20250929"
"""What the alias means in a fresh sandbox."""
NEW = "claude-sonnet-5"
"""What tests move it to."""
OTHER = "claude-opus-5"
PATIENT = 90
"""Seconds of a deadline that no test waits for, however busy the machine; a test of the deadline sets its own."""


class SteppedClock(SystemClock):
    """The machine's clock, so much ahead of itself: time passes, or steps back, when a test says so."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.waited = 0.0
        """Seconds that went by while nothing ran."""

    def now(self) -> datetime:
        """The present instant of this site."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """Seconds that never step backwards."""
        return super().monotonic() + self.waited


@dataclass
class Site:
    """One service, deployed in some environments."""

    folder: Path
    sandbox: SandboxControl
    database_url: str
    clock: SteppedClock = field(default_factory=SteppedClock)
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config.mkdir(exist_ok=True)
        (self.config / "default.toml").write_text(f"[policy]\ndeadline_seconds = {PATIENT}\n")
        self.environ |= {
            "ANTHROPIC_BASE_URL": self.sandbox.url,
            "ANTHROPIC_API_KEY": "sandbox-key",
            "MODELGATE_DATABASE_URL": self.database_url,
            "MODELGATE_ACTOR": "ada",
        }

    @property
    def config(self) -> Path:
        """The folder of the settings."""
        return self.folder / "config"

    def asks(
        self, environment: str = "prod", *, policy: dict[str, Any] | None = None, more: str = "", **references: str
    ) -> None:
        """Writes the settings of an environment: slot to reference, the policy (`preflight` in it is a table)."""
        tables = dict(policy or {})
        preflight = tables.pop("preflight", {})
        text = 'service = "checkout"\n[policy]\n' + _lines(tables) + "[policy.preflight]\n" + _lines(preflight)
        text += "".join(f"[slots.{slot}]\nmodel = {json.dumps(name)}\n" for slot, name in references.items())
        (self.config / f"{environment}.toml").write_text(text + more)

    def world(self, environment: str = "prod", **environ: str) -> Context:
        """The surroundings of one command."""
        return prepare({**self.environ, **environ}, environment=environment, config_dir=self.config, clock=self.clock)

    def check(self, environment: str = "prod", **options: Any) -> Report:
        """One `modelgate check`."""
        return run_gate(self.world(environment), "check", Options(**options))

    def preflight(self, environment: str = "prod", **environ: str) -> Report:
        """One `modelgate preflight`."""
        return run_gate(self.world(environment, **environ), "preflight")

    def accept(self, *slots: str, environment: str = "prod", reason: str = "tested", **how: Any) -> Changed:
        """One `modelgate accept`."""
        return accept(self.world(environment), slots, reason=reason, **how)

    def rollback(self, *slots: str, environment: str = "prod", to: Target | str | None = None, **how: Any) -> Changed:
        """One `modelgate rollback`; `how` is of `Terms` and of `rollback` itself."""
        target = to if isinstance(to, Target) else Target(to)
        own = {name: how.pop(name) for name in ("everything", "dry_run", "confirm") if name in how}
        changed = rollback(self.world(environment), slots, target, Terms(**{"reason": "INC-42", **how}), **own)
        assert changed is not None
        return changed

    def release(self, *slots: str, how: Any = "keep", environment: str = "prod", everything: bool = False) -> Changed:
        """One `modelgate release`."""
        changed = release(self.world(environment), slots, how, everything=everything, reason="over")
        assert changed is not None
        return changed

    def lock(self, *slots: str, environment: str = "prod", source: str | None = None) -> Locked:
        """One `modelgate lock`."""
        return lock(self.world(environment), slots, source=source, force=True)

    def store(self) -> Store:
        """The audit store, opened."""
        return opened(self.database_url)

    def scope(self, environment: str = "prod") -> Scope:
        """Of what pins and chain are."""
        return Scope("checkout", environment)

    def pins(self, slot: str = "summarizer", environment: str = "prod") -> list[tuple[str, str, str]]:
        """Every revision of a slot: action, reference, ID."""
        return [(p.action, p.reference, p.model_id) for p in self.store().revisions(self.scope(environment), slot)]

    def outage(self, path: str = "/v1/*") -> None:
        """The API answers 503 from now on, and says that trying again is of no use: no test waits for a deadline."""
        self.sandbox.fail_next(503, count=None, path=path, headers={"x-should-retry": "false"})


def found(report: Report) -> dict[str, Any]:
    """The findings of a report: ID to level, `waived` where somebody's word covers it."""
    return {f.id: "waived" if f.waived else str(f.level) for f in report.findings if f.id != "store.created"}


def finding(report: Report, check: str) -> Finding:
    """The one finding with this ID."""
    (one,) = [f for f in report.findings if f.id == check]
    return one


def _lines(table: dict[str, Any]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
