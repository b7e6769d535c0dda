"""`config/<environment>.lock.toml`: approved model IDs in git. A reviewed change of the file is the approval."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelgate.domain.command_line import command
from modelgate.domain.errors import SettingsError
from modelgate.domain.pins import Pin
from modelgate.domain.rows import Scope
from modelgate.domain.text import did_you_mean, printable
from modelgate.settings import names
from modelgate.settings.errors import SettingsErrors
from modelgate.settings.toml import read_toml
from modelgate.whole_file import write_whole

SCHEMA = "modelgate.lock/1"
_HEADER = """\
# The model IDs that {scope} may run, written by `modelgate lock`.
# A review of this file is the approval: what is merged here is what the next deployment starts on.
# Do not edit it by hand: `modelgate lock -e {environment}` asks the API and writes it anew.
"""
_CHECKS = {"reference": names.reference, "id": names.reference, "origin": names.origin}


@dataclass(frozen=True, slots=True)
class Lock:
    """The approvals of one service in one environment, one pin a slot, in the order of the file."""

    service: str
    environment: str
    pins: tuple[Pin, ...]


def read_lock(path: Path, scope: Scope) -> Lock:
    """The lock at `path`. Raises SettingsError with file and line for a missing file and for anything odd in it."""
    anew = (command(scope, "lock"),)
    if not os.path.lexists(path):
        raise SettingsError("there is no lock yet", source=printable(path.as_posix()), commands=anew)
    try:
        file, complaints = read_toml(path), SettingsErrors()
    except SettingsError as error:
        error.commands = error.commands or (() if error.hint else anew)
        raise
    for place, what in _problems(file.tables, scope):
        complaints.add(file.source(place), printable(".".join(place)), what)
    complaints.raise_any(anew)
    slots: dict[str, dict[str, str]] = file.tables.get("slots", {})
    return Lock(scope.service, scope.environment, tuple(_pin(name, table) for name, table in slots.items()))


def render_lock(scope: Scope, pins: Iterable[Pin]) -> str:
    """The text of a lock: the same for the same pins in any order. Raises ValueError for a slot with two pins."""
    by_slot: dict[str, Pin] = {}
    for pin in pins:
        if by_slot.setdefault(pin.slot, pin) is not pin:
            raise ValueError(f"slot {pin.slot} has two pins")
    parts = [
        _HEADER.format(scope=f"{scope.service} in {scope.environment}", environment=scope.environment),
        _lines(_head(scope)),
    ]
    for slot, pin in sorted(by_slot.items()):
        keys = {"reference": pin.reference, "id": pin.model_id, "origin": pin.origin}
        parts.append(f"[slots.{slot}]\n" + _lines({key: text for key, text in keys.items() if text}))
    return "\n".join(parts)


def write_lock(path: Path, text: str) -> None:
    """Writes the lock whole or not at all. Raises SettingsError."""
    try:
        write_whole(path, text)
    except OSError as error:
        raise SettingsError(f"cannot be written: {error.strerror}", source=printable(path.as_posix())) from None


def _head(scope: Scope) -> dict[str, str]:
    return {"schema": SCHEMA, "service": scope.service, "environment": scope.environment}


def _lines(keys: dict[str, str]) -> str:
    return "".join(f"{key} = {json.dumps(text)}\n" for key, text in keys.items())  # JSON strings are TOML strings


def _pin(slot: str, table: dict[str, str]) -> Pin:
    origin = names.origin(table["origin"]) if "origin" in table else None
    return Pin(slot, None, "accept", table["id"], table["reference"], origin)


def _problems(tables: dict[str, Any], scope: Scope) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where, and what is wrong there."""
    for key, expected in _head(scope).items():
        if tables.get(key) != expected:
            yield (key,), f"must be '{expected}'"
    yield from _unknown((), tables, [*_head(scope), "slots"])
    slots = tables.get("slots", {})
    if not isinstance(slots, dict):
        yield ("slots",), "must be a table"
        return
    for name, pin in slots.items():
        path = ("slots", name)
        yield from _unfit(path, name, names.slot)
        if not isinstance(pin, dict):
            yield path, "must be a table"
            continue
        yield from _unknown(path, pin, list(_CHECKS))
        for key, check in _CHECKS.items():
            if key in pin:
                yield from _unfit((*path, key), pin[key], check)
            elif key != "origin":
                yield path, f"has no {key}"


def _unfit(path: tuple[str, ...], text: object, check: Callable[[str], str]) -> Iterator[tuple[tuple[str, ...], str]]:
    try:
        if not isinstance(text, str):
            raise ValueError("must be a string")
        check(text)
    except ValueError as error:
        yield path, str(error)


def _unknown(path: tuple[str, ...], table: dict[str, Any], known: list[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key in table:
        if key not in known:
            near = did_you_mean(key, known)
            yield (*path, key), "unknown key" + (f", did you mean '{near}'?" if near else "")
