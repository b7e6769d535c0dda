"""Environment variables, sorted: which setting each of them sets, if any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from modelgate.domain.source import Source
from modelgate.domain.text import did_you_mean, printable
from modelgate.settings.errors import SettingsErrors

if TYPE_CHECKING:
    from modelgate.domain.unsettled import UnknownVariable

PREFIX = "MODELGATE_"
_DATABASE_URL = f"{PREFIX}DATABASE_URL"
_ONLY_FROM_FILES = "waivers"
Path = tuple[str, ...]


class Variable(NamedTuple):
    """A variable that a setting reads."""

    name: str
    text: str = field(repr=False)

    @property
    def source(self) -> Source:
        """What people are shown."""
        return variable_source(self.name)


@dataclass(slots=True)
class Variables:
    """What the environment says of the settings."""

    read: dict[Path, Variable] = field(default_factory=dict)
    unknown: list[UnknownVariable] = field(default_factory=list)


class Overridable(NamedTuple):
    """The keys of `[policy]` and of `[policy.preflight]` that the files leave to variables."""

    policy: Set[str]
    preflight: Set[str]

    def allows(self, path: Path) -> bool:
        """Whether a variable may set `path`. A key of `[policy]` holds for preflight too, so both have to name it."""
        for_preflight = path[:2] == ("policy", "preflight")
        key = path[2:3] if for_preflight else path[1:2]
        named = self.preflight if for_preflight else self.policy & self.preflight
        return bool(key) and key[0] in named and key[0] != "overridable"


def variable_source(name: str) -> Source:
    """`$NAME`."""
    return Source(f"${printable(name)}")


def sort_variables(
    environ: Mapping[str, str], tree: Mapping[str, Any], overridable: Overridable, complaints: SettingsErrors
) -> Variables:
    """The variables of known sections. An empty one counts as not set; upper and lower case mean the same.

    A variable for `[policy]` that the files do not allow is a complaint, and so are two that differ about one key.
    """
    found = Variables()
    for name, text in environ.items():
        path = _path(name)
        if not text or path[0] not in tree:
            continue
        known = _is_key(path, tree)
        if path[0] == "policy" and not (known and overridable.allows(path)):
            what = "a variable does not change the policy" if known else "no setting reads this variable"
            hint = f'unset it, or let the files say overridable = ["{path[-1]}"]' if known else "unset it"
            complaints.add(variable_source(name), "", what, hint)
        elif path == ("api", "origins"):  # who is believed is not for a variable to say
            complaints.add(variable_source(name), "", "only files say which origins are believed", "unset it")
        elif path[0] == "slots" and path[2:] == ("sample",):  # which file is read is not either
            complaints.add(variable_source(name), "", "only files say which sample a slot has", "unset it")
        elif not known:
            from modelgate.domain.unsettled import UnknownVariable

            found.unknown.append(UnknownVariable(printable(name), _suggestion(name, path, tree)))
        elif path in found.read and found.read[path].text != text:
            complaints.add(variable_source(name), "", f"says something else than {found.read[path].source}")
        else:
            found.read[path] = Variable(name, text)
    return found


def _path(name: str) -> Path:
    if name.upper() == _DATABASE_URL:
        return ("database", "url")
    if not name.upper().startswith(PREFIX):
        return ("",)
    return tuple(name[len(PREFIX) :].lower().split("__"))


def _is_key(path: Path, tree: Mapping[str, Any]) -> bool:
    here: Any = tree
    for part in path:
        here = here.get(part, here.get("*"))
        if here is None:
            return False
    return not here and path[0] != _ONLY_FROM_FILES


def _suggestion(name: str, path: Path, tree: Mapping[str, Any]) -> str:
    readable = [key for key in _keys(tree) if key[0] == path[0] != _ONLY_FROM_FILES]
    here = path[1] if len(path) > 1 else "NAME"
    names = [PREFIX + "__".join(here if part == "*" else part for part in key).upper() for key in readable]
    return printable(did_you_mean(name.upper(), names))


def _keys(tree: Mapping[str, Any], above: Path = ()) -> Iterator[Path]:
    for name, inner in tree.items():
        yield from _keys(inner, (*above, name)) if inner else [(*above, name)]
