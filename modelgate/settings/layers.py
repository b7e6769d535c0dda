"""The layers of the settings, as sources of pydantic-settings: flags over variables over files.

pydantic-settings merges tables key by key, later layers below earlier ones. What it would get wrong is put right here:
waivers of all files count together, `model` and `model_from` replace each other, and variables add to a slot's needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, PydanticBaseSettingsSource

from modelgate.domain.source import DEFAULT, Source
from modelgate.settings.positions import KeyPath
from modelgate.settings.schema import Document
from modelgate.settings.toml import TomlFile
from modelgate.settings.variables import PREFIX, Path, Variable

_ONE_OF = ("model", "model_from")
_LIMITS = ("min_input_tokens", "min_output_tokens")


class TablesLayer(PydanticBaseSettingsSource):
    """Tables that are there already, and where each of their keys stands."""

    def __init__(self, tables: dict[str, Any], places: Mapping[KeyPath, Source]) -> None:
        super().__init__(Document)
        self.tables = tables
        self.places = places

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 # pydantic-settings demands this method, but asks `__call__` alone
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Not asked: `__call__` gives all fields at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The tables, without the references that a layer above replaces."""
        slots, above = self.tables.get("slots"), self.current_state.get("slots")
        if not isinstance(slots, dict) or not isinstance(above, dict):
            return self.tables
        return {**self.tables, "slots": {name: _without_replaced(slots[name], above.get(name)) for name in slots}}


def _without_replaced(slot: Any, above: Any) -> Any:
    if not isinstance(slot, dict) or not isinstance(above, dict) or not any(key in above for key in _ONE_OF):
        return slot
    return {key: value for key, value in slot.items() if key not in _ONE_OF}


def file_layer(file: TomlFile) -> TablesLayer:
    """A file's tables, its waivers by where they stand instead of in a list."""
    places = {path: Source(file.name, line) for path, line in file.lines.items()}
    waivers = file.tables.get("waivers")
    if waivers is None:
        return TablesLayer(file.tables, places)
    if not isinstance(waivers, list):
        return TablesLayer({**file.tables, "waivers": "no array"}, places)  # which the schema refuses
    keys = [f"{file.name}#{index}" for index in range(len(waivers))]
    for path in [path for path in places if path[0] == "waivers" and len(path) > 1]:
        places["waivers", keys[int(path[1])], *path[2:]] = places[path]
    return TablesLayer({**file.tables, "waivers": dict(zip(keys, waivers, strict=True))}, places)


def flags_layer(flags: Mapping[tuple[str, ...], tuple[str, str]]) -> TablesLayer:
    """Flags, by the key that each sets: its name and its text."""
    tables: dict[str, Any] = {}
    for path, (_, text) in flags.items():
        here = tables
        for part in path[:-1]:
            here = here.setdefault(part, {})
        here[path[-1]] = text
    return TablesLayer(tables, {path: Source(name) for path, (name, _) in flags.items()})


class VariablesLayer(EnvSettingsSource):
    """The variables that set something, by the key that each sets."""

    def __init__(self, variables: Mapping[Path, Variable]) -> None:
        self._variables = variables
        super().__init__(Document)
        self.places: dict[KeyPath, Source] = {}
        for path, variable in variables.items():
            for depth in range(len(path), 0, -1):
                self.places.setdefault(path[:depth], variable.source)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {PREFIX + "__".join(path): variable.text for path, variable in self._variables.items()}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """A list, written as JSON; what is not JSON stays a text, for the schema to complain of with its source."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except (ValueError, RecursionError):
            return value

    def _coerce_env_val_strict(self, field: FieldInfo | None, value: Any) -> Any:
        try:
            return super()._coerce_env_val_strict(field, value)
        except (ValueError, RecursionError):  # it tries JSON too, and minds no depth and no number of digits
            return value


Layer = TablesLayer | VariablesLayer


def place(layers: Sequence[Layer], path: KeyPath) -> Source:
    """Where the value at `path` was set: in the highest layer that has it, else where what is around it was set."""
    for depth in range(len(path), 0, -1):
        for layer in layers:
            if source := layer.places.get(path[:depth]):
                return source
    return DEFAULT


def is_need(path: KeyPath) -> bool:
    """Whether the key is a need of a slot, to which variables may only add."""
    return path[0] == "slots" and path[2:] in (("requires",), *((key,) for key in _LIMITS))


def with_needs(tables: dict[str, Any], added: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The tables with the needs that variables add: `requires` are joined, of limits the larger counts."""
    if added is None:
        return tables
    slots = dict(tables.get("slots", {}))
    for name, more in added.get("slots", {}).items():
        slot = slots.get(name, {})
        limits = {key: max(more[key], slot.get(key, 0)) for key in _LIMITS if key in more}
        joined = {"requires": [*slot.get("requires", ()), *more["requires"]]} if "requires" in more else {}
        slots[name] = {**slot, **limits, **joined}
    return {**tables, "slots": slots}
