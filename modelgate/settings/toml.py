"""TOML files, read whole: every way in which a file can be odd is a `SettingsError` with its line."""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from modelgate.domain.errors import SettingsError
from modelgate.domain.source import Source
from modelgate.domain.text import printable
from modelgate.settings.positions import KeyPath, key_lines
from modelgate.small_file import read_small

LARGEST = 1 << 20
"""Bytes. Settings are written by people: a larger file is something else."""
MOST_DOTS = 50
"""On one line. The time that a dotted key takes to be read grows with the square of its dots."""
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class TomlFile(NamedTuple):
    """One file: its tables, and the line of each key."""

    name: str
    """The path as people are shown it."""
    tables: dict[str, Any]
    lines: Mapping[KeyPath, int]

    def source(self, path: KeyPath) -> Source:
        """Where `path` stands; where the nearest table around it stands if it is not in the file."""
        depth = next((depth for depth in range(len(path), 0, -1) if path[:depth] in self.lines), 0)
        return Source(self.name, self.lines.get(path[:depth]))


def read_toml(path: Path) -> TomlFile:
    """The file at `path`. Raises SettingsError; a missing file is one too."""
    name = printable(path.as_posix())
    text = _decode(_read(path, name), name)
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS and not line.startswith("#"):
            raise SettingsError(f"has more than {MOST_DOTS} dots: no setting is that deep", source=f"{name}:{number}")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(error, text, name) from None
    except ValueError:  # Python's limit on the digits of a number
        raise SettingsError("not valid TOML: a number has too many digits", source=name) from None
    except RecursionError:
        raise SettingsError("tables or arrays are nested too deeply", source=name) from None
    return TomlFile(name, tables, key_lines(text))


def _read(path: Path, name: str) -> bytes:
    try:
        return read_small(path, LARGEST)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        code = getattr(error, "errno", None)
        if code == errno.EFBIG:
            hint = "settings files are small: is it one?"
            raise SettingsError(f"is larger than {LARGEST} bytes", source=name, hint=hint) from None
        if code == errno.EINVAL:
            raise SettingsError("is not a file", source=name) from None
        reason = getattr(error, "strerror", None) or "not a path"
        raise SettingsError(f"cannot be read: {reason}", source=name) from None


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError("is not UTF-8 here", source=f"{name}:{line}", hint="save the file as UTF-8") from None


def _broken(error: tomllib.TOMLDecodeError, text: str, name: str) -> SettingsError:
    what = str(error)
    place = _PLACE.search(what)
    line = (place and place[1]) or text.count("\n") + 1
    return SettingsError(f"not valid TOML: {printable(_PLACE.sub('', what))}", source=f"{name}:{line}")
