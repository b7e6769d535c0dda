"""The effective settings, one line a key: what holds, and where it was set. No secret among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from typing import Any

from modelgate.domain.settings import DatabaseSettings, Settings
from modelgate.domain.source import DEFAULT, Source
from modelgate.settings.positions import KeyPath

_SECRET = (("database", "url"), ("notify", "webhook_url"))
"""Texts that may hold a password: shown as set or not."""
_ONLY_WHERE_SET = {"waivers", "prices", "slots"}
_DAYS = "retires_within_days"


@dataclass(frozen=True, slots=True)
class Value:
    """One setting: `policy.enforce`, `true`, `config/prod.toml:4`."""

    key: str
    value: Any
    """As TOML and JSON have it; None: not set, and there is no default."""
    source: Source
    secret: bool = False


def effective(tables: Mapping[str, Any], keys: Mapping[str, Any], place: Callable[[KeyPath], Source]) -> list[Value]:
    """Every key with the value that holds. `tables`: the validated layers as one; `keys`: every key there is."""
    found = []
    for path in _paths(tables, keys, ()):
        given, value = _given(tables, path)
        source = place(path) if given else DEFAULT
        if not given:
            value = _default(path)
        secret = path in _SECRET
        shown = ("set" if given else "not set") if secret else _plain(value)
        found.append(Value(_name(path), shown, source, secret))
    return found


def _paths(tables: Mapping[str, Any], keys: Mapping[str, Any], above: KeyPath) -> Iterator[KeyPath]:
    """Every key that has a default, and those below names (slots, prices, waivers, preflight) that somebody set."""
    for key, inner in keys.items():
        here = (*above, key)
        if key == "*":
            for name, table in tables.items():
                yield from ((*above, name, each) for each in table)
        elif here == ("policy", "preflight") or here[0] in _ONLY_WHERE_SET:
            yield from _set_below(tables.get(key, {}), inner, here)
        elif inner:
            yield from _paths(tables.get(key, {}), inner, here)
        else:
            yield here


def _set_below(tables: Mapping[str, Any], keys: Mapping[str, Any], above: KeyPath) -> Iterator[KeyPath]:
    for path in _paths(tables, keys, above):
        if _given(tables, path[len(above) :])[0]:
            yield path


def _given(tables: Mapping[str, Any], path: KeyPath) -> tuple[bool, Any]:
    here: Any = tables
    for part in path:
        if not isinstance(here, Mapping) or part not in here:
            return False, None
        here = here[part]
    return True, here


def _default(path: KeyPath) -> Any:
    """What the frozen settings say where no layer does."""
    section, *rest = (str(part) for part in path)
    known = {each.name: each for each in fields(Settings)}
    if not rest:
        return "default" if section == "service" else None
    field = known.get("check" if section == "policy" else section)
    if field is None:
        return None
    made = field.default_factory() if field.default_factory is not MISSING else field.default
    name = f"retires_{rest[1]}_days" if section == "policy" and rest[0] == _DAYS else rest[0]
    return None if isinstance(made, DatabaseSettings) and name == "url" else getattr(made, name, None)


def _name(path: KeyPath) -> str:
    """Dotted. A waiver's table has no name of its own: its place tells which it is."""
    parts = [str(part) for part in path]
    return ".".join([parts[0], *parts[2:]] if parts[0] == "waivers" else parts)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
