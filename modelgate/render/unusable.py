"""Settings that cannot be used, in the formats of a report: a build server shows them where it shows findings."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from modelgate.domain.errors import SettingsError
from modelgate.render import github
from modelgate.render.harmless import text

SCHEMA = "modelgate.error/1"
_PLACE = re.compile(r"(?P<source>\S+?\.toml(?::\d+)?|\$\w+|--[\w-]+): (?P<what>.*)")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong, and where it stands."""

    source: str | None
    what: str


def render(error: SettingsError, output_format: str) -> str | None:
    """The error in one of the formats that programs read; None for those that have no place for it."""
    wrong = [_wrong(line) for line in str(error).splitlines()]
    match output_format:
        case "json":
            return _json(wrong, error)
        case "github":
            return "\n".join(github.annotation("error", w.what, w.source, _next(error)) for w in wrong) + "\n"
        case "junit":
            return _junit(wrong, error)
    return None


def _next(error: SettingsError) -> str:
    """What comes next, where there is one place for it."""
    return "\n".join(text(line) for line in (error.hint, *error.commands) if line)


def _wrong(line: str) -> Wrong:
    placed = _PLACE.fullmatch(line)
    return Wrong(text(placed["source"]), text(placed["what"])) if placed else Wrong(None, text(line))


def _json(wrong: Sequence[Wrong], error: SettingsError) -> str:
    errors = [{"source": each.source, "message": each.what} for each in wrong]
    shown = {"schema": SCHEMA, "exit_code": error.exit_code, "errors": errors, "hint": text(error.hint)}
    shown["commands"] = [text(line) for line in error.commands]
    return json.dumps(shown, indent=2) + "\n"


def _junit(wrong: Sequence[Wrong], error: SettingsError) -> str:
    number = str(len(wrong))
    root = Element("testsuites", name="modelgate", tests=number, failures="0", errors=number)
    suite = SubElement(root, "testsuite", name="modelgate settings", tests=number, failures="0", errors=number)
    for each in wrong:
        case = SubElement(suite, "testcase", name=each.source or "settings", classname="modelgate.settings")
        SubElement(case, "error", type="settings", message=each.what).text = _next(error)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"
