"""The library: `check` and `preflight` for programs, as the command line runs them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from modelgate.domain.report import Report
from modelgate.gate.context import prepare
from modelgate.gate.run import Options, run_gate


def check(
    environment: str | None = None,
    *,
    service: str | None = None,
    config_dir: Path | str | None = None,
    environ: Mapping[str, str] | None = None,
    dry_run: bool = False,
    as_of: datetime | None = None,
    offline: bool = False,
    no_store: bool = False,
) -> Report:
    """Judges one environment and never pins. `report.raise_for_refusal()` raises for anything but a pass.

    `as_of` (aware, or UTC) judges dates as of then. Raises SettingsError where the settings cannot be used; what could
    not be known is a finding in the report.
    """
    context = prepare(
        os.environ if environ is None else environ,
        service=service,
        environment=environment,
        config_dir=Path(config_dir) if config_dir else None,
    )
    return run_gate(context, "check", Options(dry_run, as_of, offline, no_store))


def preflight(
    environment: str | None = None,
    *,
    service: str | None = None,
    config_dir: Path | str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Report:
    """Judges one environment before a start; `report.models` is slot to ID, empty unless it passed.

    Pins only where the policy says "accept". Raises SettingsError where the settings cannot be used.
    """
    context = prepare(
        os.environ if environ is None else environ,
        service=service,
        environment=environment,
        config_dir=Path(config_dir) if config_dir else None,
    )
    return run_gate(context, "preflight")
