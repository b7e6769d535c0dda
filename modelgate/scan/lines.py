"""What stands around a name: a comment, somebody's word that a finding is known, the variable whose value it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_COMMENT = re.compile(r"\s*(#(?![{\w-]*\s*=\s*['\"])|//|--\s|/\*|\*\s|<!--|;\s|%\s|\{/\*)")
_TRAILING = re.compile(r"(?:^|\s)(#|//)\s")
_IGNORE = re.compile(r"modelgate:\s*ignore\[([\w.-]+)\]\s+until\s+(\d{4}-\d{2}-\d{2})\s*:\s*\S")
_VARIABLE = re.compile(
    r"""\$\{([A-Za-z_]\w*):?[-=?] | process\.env\.([A-Za-z_]\w*) | process\.env\[["'](\w+)["']\]
      | (?:environ(?:\.get)?|getenv|Getenv|LookupEnv|ENV(?:\.fetch)?|env|config|import\.meta\.env)
        \s*[\[(]\s*["']([A-Za-z_]\w*)["']""",
    re.VERBOSE,
)
_ASSIGNED = re.compile(r"""^\s*(?:-\s*|export\s+|ENV\s+|ARG\s+)?["']?([A-Z][A-Z0-9_]*)["']?\s*[:=]\s*["']?$""")
_VALUE = re.compile(r"""^\s*(?:-\s*)?["']?value["']?\s*:\s*["']?$""")
_NAME = re.compile(r"""^\s*(?:-\s*)?\{?\s*["']?(?:name|key)["']?\s*:\s*["']?([A-Z][A-Z0-9_]*)["']?\s*,?\s*(?:\#.*)?$""")
_FIELD = re.compile(r"^\s+([a-z_]\w*)\s*:\s*[\w\[\]| .]+=\s*(?:Field\()?[^\"']*[\"']$")
_PREFIX = re.compile(r"env_prefix\s*=\s*[\"'](\w*)[\"']")
_LONGEST = 2000
"""Characters to the left of a name that are looked at: a line of a packed file may have millions."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """`modelgate: ignore[ID] until 2027-01-31: reason`."""

    check: str
    until: date
    """Through the end of that day, UTC."""


def is_comment(line: str, column: int) -> bool:
    """Whether what stands at `column` (1-based) is in a comment, as far as one line tells."""
    before = line[max(0, column - 1 - _LONGEST) : column - 1]
    if _COMMENT.match(before):
        return True
    return any(
        not any(before[: mark.start(1)].count(quote) % 2 for quote in "\"'`") for mark in _TRAILING.finditer(before)
    )


def ignores(line: str, above: str) -> tuple[Ignore, ...]:
    """What is ignored on `line`: by a comment in it, or by the line above if that is nothing but a comment."""
    given = [*_IGNORE.findall(line), *(_IGNORE.findall(above) if _COMMENT.match(above) else ())]
    found = []
    for check, until in given:
        try:
            found.append(Ignore(check, date.fromisoformat(until)))
        except ValueError:  # the 31st of February covers nothing
            continue
    return tuple(found)


def variable_of(line: str, column: int, text: str, env_file: bool, above: str = "") -> str | None:
    """The environment variable whose value, or value by default, the name at `column` is; None if it is of none.

    `text` is the whole file: of a class of pydantic-settings each field is a variable. `env_file`: in this kind of file
    `NAME=value` sets a variable; in a program it is only a constant.
    """
    before = line[max(0, column - 1 - _LONGEST) : column - 1]
    read = [next(filter(None, match.groups())) for match in _VARIABLE.finditer(before)]
    if read:
        return str(read[-1])
    if env_file and (assigned := _ASSIGNED.match(before)):
        return assigned[1]
    if env_file and _VALUE.match(before) and (named := _NAME.match(above)):  # as Kubernetes and other platforms have it
        return named[1]
    if "BaseSettings" in text and (field := _FIELD.match(before)):
        prefix = _PREFIX.search(text)
        return f"{prefix[1] if prefix else ''}{field[1]}".upper()
    return None
