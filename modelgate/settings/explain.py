"""pydantic's errors in the words of people who edit settings. They repeat no value that could be a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from modelgate.domain.text import did_you_mean, printable

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from modelgate.domain.source import Source
    from modelgate.settings.errors import SettingsErrors
    from modelgate.settings.positions import KeyPath

_MUST_BE_ARRAY = "must be an array"
_AS_JSON = 'in a variable an array is JSON: ["batch","thinking"]'
_WORDS = {
    "missing": "is missing",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be a string",
    "string_too_short": "is empty",
    "list_type": _MUST_BE_ARRAY,
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date without quotes, such as 2026-12-31",
    "int_parsing_size": "is out of range",
}
_LIMITS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
}


_MOST = 20
"""More problems than this are counted, not listed."""


def complain(
    error: ValidationError, tree: Mapping[str, Any], place: Callable[[KeyPath], Source], complaints: SettingsErrors
) -> None:
    """Adds each of pydantic's errors, with the source of the value that is wrong."""
    for path, what in _explained(error, tree):
        where = place(path)
        in_variable = what == _MUST_BE_ARRAY and str(where)[0] == "$"
        complaints.add(where, _shown(path), what, _AS_JSON if in_variable else "")


def _explained(error: ValidationError, tree: Mapping[str, Any]) -> list[tuple[KeyPath, str]]:
    """Key path and what is wrong there, for each of pydantic's errors."""
    details = error.errors(include_url=False)
    listed: list[tuple[KeyPath, str]] = [(_path(detail), _what(detail, tree)) for detail in details[:_MOST]]
    if len(details) > _MOST:
        listed.append(((), f"and {len(details) - _MOST} more problems"))
    return listed


def _shown(path: KeyPath) -> str:
    """A key path as people write it: `slots.summarizer.model`. A waiver's place is its source, so it goes unnamed."""
    parts = [part for depth, part in enumerate(path) if not (path[0] == "waivers" and depth == 1)]
    return printable(".".join(str(part) for part in parts))


def _path(detail: ErrorDetails) -> KeyPath:
    return tuple(part for part in detail["loc"] if part != "[key]")  # a table's key itself is wrong


def _what(detail: ErrorDetails, tree: Mapping[str, Any]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if _path(detail) == ("waivers",):
        return "must be an array of tables: [[waivers]]"
    if kind == "extra_forbidden":
        here, name = _around(_path(detail), tree)
        if _path(detail)[:2] == ("policy", "preflight") and name in tree["policy"].keys() - {"preflight"}:
            return "belongs in [policy]: it holds for check and preflight alike"
        return "unknown key" + _meant(name, list(here))
    if kind == "literal_error":
        near = _meant(str(detail["input"]), str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", "))
        return f"must be {context['expected']}{near}"
    if kind == "value_error":
        return str(context["error"])
    if kind in _LIMITS:
        return _LIMITS[kind].format(**context)
    return _WORDS.get(kind, detail["msg"])


def _around(path: KeyPath, tree: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    for part in path[:-1]:
        tree = tree.get(str(part), tree.get("*", {}))
    return tree, str(path[-1])


def _meant(name: str, known: list[str]) -> str:
    near = did_you_mean(name, known)
    return f", did you mean '{near}'?" if near else ""
