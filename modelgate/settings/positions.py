"""Where keys and values stand in a TOML text, which no TOML library of Python tells."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress

KeyPath = tuple[str | int, ...]
"""Keys, and indexes into arrays: `("waivers", 0, "until")`."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[ \t]*\.[ \t]*)+""")
_VALUE = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'  # one or two quotes may stand right before the closing three
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^,\]}#\n]+",  # numbers, booleans, and dates, which may have a space inside
    re.DOTALL,
)


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Key path to 1-based line, for every table, key and array element of a valid TOML `text`.

    A table has the line of its header or, where it has none, of the first key that made it. In a text that is not TOML,
    or is a TOML newer than this scanner, the lines up to the first odd place: lines are a courtesy and stop nothing.
    """
    return _scanned(text).lines


def value_spans(text: str) -> Mapping[KeyPath, tuple[int, int]]:
    """Key path to where its value begins and ends in `text`, in characters, for strings, numbers, booleans and dates.

    As far as the scanner comes, as with `key_lines`.
    """
    return _scanned(text).spans


def _scanned(text: str) -> _Scanner:
    scanner = _Scanner(text)
    with suppress(ValueError, RecursionError):
        scanner.document()
    return scanner


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[KeyPath, int] = {}
        self.spans: dict[KeyPath, tuple[int, int]] = {}
        self._at = 0
        self._line, self._counted = 1, 0
        self._sizes: dict[KeyPath, int] = {}
        """Arrays of tables, and how many tables they have so far."""

    def document(self) -> None:
        table: KeyPath = ()
        while self._next():
            if self._skip("[["):
                table = self._header(in_array=True)
            elif self._skip("["):
                table = self._header(in_array=False)
            else:
                self._pair(table)

    def _header(self, *, in_array: bool) -> KeyPath:
        self._next()
        path: KeyPath = ()
        keys = self._keys()
        for depth, key in enumerate(keys, 1):
            path = (*path, key)
            self._mark(path)
            if in_array and depth == len(keys):
                self._sizes[path] = self._sizes.get(path, 0) + 1
            if path in self._sizes:
                path = (*path, self._sizes[path] - 1)
                self._mark(path)
        self._next()
        self._expect("]]" if in_array else "]")
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for key in self._keys():
            path = (*path, key)
            self._mark(path)
        self._next()
        self._expect("=")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._next()
        if self._skip("["):
            self._array(path)
        elif self._skip("{"):
            self._inline_table(path)
        else:
            begins = self._at
            self.spans[path] = (begins, begins + len(self._take(_VALUE).rstrip()))

    def _array(self, path: KeyPath) -> None:
        index = 0
        while self._next() and not self._skip("]"):
            self._mark((*path, index))
            self._value((*path, index))
            index += 1
            self._next()
            self._skip(",")

    def _inline_table(self, path: KeyPath) -> None:
        while self._next() and not self._skip("}"):
            self._pair(path)
            self._next()
            self._skip(",")

    def _keys(self) -> list[str]:
        raw = self._take(_KEY)
        if '"' not in raw and "'" not in raw:
            return [part.strip() for part in raw.split(".")]
        keys: list[str] = []
        found = tomllib.loads(f"{raw}=0")  # quoted keys have escapes
        while isinstance(found, dict):
            [(key, found)] = found.items()
            keys.append(key)
        return keys

    def _mark(self, path: KeyPath) -> None:
        self._line += self.text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.lines.setdefault(path, self._line)

    def _next(self) -> bool:
        self._take(_BLANK)
        return self._at < len(self.text)

    def _skip(self, token: str) -> bool:
        if not self.text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _expect(self, token: str) -> None:
        if not self._skip(token):
            raise ValueError(f"no {token} at {self._at}")

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self._at)
        if found is None:
            raise ValueError(f"lost at {self._at}")
        self._at = found.end()
        return found[0]
