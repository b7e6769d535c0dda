"""Writes a reference where it is set: the bytes of one literal change, and no other.

No TOML library keeps them: tomlkit takes no BOM and changes quotes. What was planned is read as TOML before it is
written, and must mean what was meant.
"""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelgate.domain.errors import SettingsError
from modelgate.domain.settings import Settings, Slot
from modelgate.domain.source import Source
from modelgate.domain.text import printable
from modelgate.settings.positions import key_lines, value_spans
from modelgate.settings.reader import environments
from modelgate.settings.toml import LARGEST, read_toml
from modelgate.small_file import read_small
from modelgate.whole_file import write_whole

_QUOTES = ('"""', "'''", '"', "'")
_HEADER = re.compile(r"[ \t]*\[[ \t]*[^\[]")


class _Odd(Exception):
    """A form in which nothing is changed by a program."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reference is set."""

    line: str
    """What a person would write there."""
    source: Source
    file: Path | None = None
    """None: it is not for a program to write."""
    why_not: str = ""


@dataclass(slots=True)
class Draft:
    """Files as they are and as they are to be. Nothing is written yet."""

    before: dict[Path, bytes | None] = field(default_factory=dict)
    """None: there was no such file."""
    after: dict[Path, bytes] = field(default_factory=dict)

    def write(self) -> None:
        """Every file, or none: what was written of it is undone. Raises SettingsError."""
        for path in self.after:
            if _content(path) != self.before[path]:
                raise SettingsError("was changed meanwhile", source=_shown(path), hint="run the command again")
        try:
            for path, content in self.after.items():
                _write(path, content)
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Puts every file back."""
        for path, content in self.before.items():
            if _content(path) != content:
                path.unlink() if content is None else _write(path, content)

    def remember(self, path: Path) -> None:
        """A file that something else is about to write."""
        self.before.setdefault(path, _content(path))


def draft(settings: Settings, wanted: Iterable[tuple[Slot, str]]) -> tuple[Draft, dict[str, Place]]:
    """The files in which these slots ask for these IDs, and slot to where that stands. Raises SettingsError."""
    drafted, places = Draft(), dict[str, Place]()
    for slot, model_id in wanted:
        places[slot.name] = _into(drafted, settings, slot, model_id)
    return drafted, places


def _into(drafted: Draft, settings: Settings, slot: Slot, model_id: str) -> Place:
    if slot.source.name.startswith("$"):  # a variable of the application's, or of ours
        return _by_variable(slot.source.name.removeprefix("$"), slot, model_id)
    path, own = _file_of(settings, slot)
    if variable := _table(path, slot.name).get("model_from"):  # which is not set here
        return _by_variable(variable, slot, model_id)
    shared = path != own and _others_ask(settings, path, slot.name)
    file = own if shared else path
    line = f"model = {json.dumps(model_id)}"
    drafted.remember(file)
    text, bom = _text(drafted.after.get(file) or drafted.before[file] or b"")
    try:
        changed = _set(text, slot, model_id) if shared else _replaced(text, slot, model_id)
        meant = _with_model(tomllib.loads(text), slot.name, model_id)
        if _loads(changed) != meant:
            raise _Odd
    except _Odd:
        return Place(line, slot.source, why_not="it stands in an odd form there")
    drafted.after[file] = bom + changed.encode()
    at = key_lines(changed).get(("slots", slot.name, "model"))
    return Place(line, Source(_shown(file), at), file)


def _by_variable(variable: str, slot: Slot, model_id: str) -> Place:
    return Place(f"{variable}={model_id}", slot.source, why_not="a variable is set elsewhere")


def _file_of(settings: Settings, slot: Slot) -> tuple[Path, Path]:
    """The file whose reference counts, and the environment's own one."""
    own, default = settings.environment_file, settings.config_dir / "default.toml"
    for path in (own, default):
        if path.is_file() and _asks(path, slot.name):
            return path, own
    raise SettingsError(f"slots.{slot.name} was changed meanwhile", source=_shown(own), hint="run the command again")


def _asks(path: Path, slot: str) -> bool:
    table = _table(path, slot)
    return "model" in table or "model_from" in table


def _table(path: Path, slot: str) -> dict[str, Any]:
    table = read_toml(path).tables.get("slots", {}).get(slot)
    return table if isinstance(table, dict) else {}


def _others_ask(settings: Settings, default: Path, slot: str) -> bool:
    """Whether another environment takes the reference from `default.toml`, too."""
    others = (name for name in environments(settings.config_dir) if name != settings.environment)
    return any(not _asks(default.with_name(f"{name}.toml"), slot) for name in others)


def _replaced(text: str, slot: Slot, model_id: str) -> str:
    """The text with another content between the quotes of the one literal."""
    begins, ends = value_spans(text).get(("slots", slot.name, "model"), (0, 0))
    literal = text[begins:ends]
    quote = next((each for each in _QUOTES if literal.startswith(each) and literal.endswith(each)), None)
    if quote is None or _loads(f"x = {literal}").get("x") != slot.reference:
        raise _Odd
    return f"{text[:begins]}{quote}{model_id}{quote}{text[ends:]}"


def _set(text: str, slot: Slot, model_id: str) -> str:
    """The text of the environment's own file with the reference in its slot's table, which may not be there yet."""
    newline = "\r\n" if "\r\n" in text else "\n"
    line, at = f'model = "{model_id}"', key_lines(text).get(("slots", slot.name))
    if at is None:
        gap = "" if not text or text.endswith("\n") else newline
        return f"{text}{gap}{newline if text else ''}[slots.{slot.name}]{newline}{line}{newline}"
    lines = text.split("\n")
    if not _HEADER.match(lines[at - 1]):
        raise _Odd
    if at == len(lines):  # the header ends the file
        return f"{text}{newline}{line}{newline}"
    lines.insert(at, line + newline.removesuffix("\n"))
    return "\n".join(lines)


def _with_model(tables: Mapping[str, Any], slot: str, model_id: str) -> dict[str, Any]:
    slots = tables.get("slots", {})
    return {**tables, "slots": {**slots, slot: {**slots.get(slot, {}), "model": model_id}}}


def _loads(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError:
        raise _Odd from None


def _text(content: bytes) -> tuple[str, bytes]:
    """The text without its BOM, and the BOM."""
    bom = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    return content.removeprefix(bom).decode(), bom


def _content(path: Path) -> bytes | None:
    try:
        return read_small(path, LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", source=_shown(path)) from None


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise SettingsError(f"cannot be written: {error.strerror}", source=_shown(path)) from None


def _shown(path: Path) -> str:
    return printable(path.as_posix())
