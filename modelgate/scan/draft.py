"""Settings drafted from the names that stand in files. Pure: places in, texts out."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from modelgate.scan.judge import Place

USUAL = ("prod", "production", "staging", "stage", "qa", "dev", "development")
"""Environments as people call them: what a file's name may be of."""

_TESTS = re.compile(r"(^|/)(tests?|__tests__|spec|fixtures|e2e)/|(^|/)(test_[^/]*|conftest)\.py$|[._](test|spec)\.\w+$")
_CI = re.compile(r"(^|/)\.(github|circleci|buildkite)/|(^|/)(\.gitlab-ci\.ya?ml|Jenkinsfile|azure-pipelines\.ya?ml)$")
_DATE = re.compile(r"-(\d{8}|latest)$")
_PARTS = re.compile(r"[^a-z0-9]+")
_NOT_A_NAME = {"model", "models", "claude", "anthropic", "llm", "ai", "name", "id", "default"}
_MOST_PLACES = 3
"""Named beside a slot; of more the number."""


@dataclass(slots=True)
class Drafted:
    """One slot to be."""

    name: str
    key: str
    """`model` or `model_from`."""
    value: str
    places: list[Place] = field(default_factory=list)

    @property
    def variable(self) -> str:
        """The variable that holds the name; empty if the settings do."""
        return self.value if self.key == "model_from" else ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of models that stand at its places."""
        return tuple(dict.fromkeys(place.name.text for place in self.places))


@dataclass(frozen=True, slots=True)
class Draft:
    """What `init` would write."""

    service: str
    shared: tuple[Drafted, ...]
    """For `default.toml`."""
    own: Mapping[str, tuple[Drafted, ...]]
    """By environment, in the order given: what only its own files name."""
    left_out: Mapping[str, int]
    """Why, and how many names are no slots."""


def drafted(
    places: Iterable[Place], service: str, environments: Sequence[str], may_export: Callable[[str], bool]
) -> Draft:
    """A slot for each variable that holds a name of a model, and for each distinct name otherwise.

    `may_export` says whether a variable may be handed over; the value of one that may not counts as a name.
    """
    left_out: dict[str, int] = defaultdict(int)
    by_environment: dict[str, dict[tuple[str, str], Drafted]] = {name: {} for name in ("", *environments)}
    taken: set[str] = set()
    for place in places:
        if why := _why_not(place):
            left_out[why] += 1
            continue
        variable = place.variable if place.variable and may_export(place.variable) else None
        key = ("model_from", variable) if variable else ("model", place.name.text)
        of = "" if variable else _environment_of(place.file, environments)
        slots = by_environment[of] if key not in by_environment[""] else by_environment[""]
        if key not in slots:
            base = _variable_slot(variable) if variable else _name_slot(place.name.model)
            slots[key] = Drafted(_free(base, taken), *key)
        slots[key].places.append(place)
    own = {name: tuple(by_environment[name].values()) for name in environments}
    return Draft(service, tuple(by_environment[""].values()), own, dict(left_out))


def environments_of(places: Iterable[Place]) -> tuple[str, ...]:
    """The environments whose own files name models, as far as the names of the files tell."""
    found = {_environment_of(place.file, USUAL) for place in places if not _why_not(place)}
    return tuple(name for name in USUAL if name in found)


def default_toml(draft: Draft, stands: Callable[[str], str]) -> str:
    """The text of `default.toml`; `stands` says what is known of a name, empty where nothing is."""
    head = f"""\
# What every environment of this service asks for, drafted by `modelgate init`. Settings: modelgate settings
service = {json.dumps(draft.service)}

[policy]
enforce = false  # observing: it reports, and changes nothing of what runs. true: it refuses what nobody approved

# [database]
# url = "postgresql+psycopg://gate@db.example.com/audit"  # where approvals and runs are kept; else modelgate.db here
"""
    body = [_slot_text(slot, stands) for slot in draft.shared]
    return "\n".join([head, *(body or [_EXAMPLE])])


def environment_toml(draft: Draft, environment: str, stands: Callable[[str], str]) -> str:
    """The text of an environment's own file."""
    head = f"""\
# What is different in {environment}; all else is as in default.toml. Drafted by `modelgate init`.

# [policy]
# enforce = true  # once `modelgate check -e {environment}` passes
"""
    return "\n".join([head, *(_slot_text(slot, stands) for slot in draft.own[environment])])


_EXAMPLE = """\
# [slots.summarizer]
# model = "claude-…"          # the name that the application sends; or, where a variable holds it:
# model_from = "MY_MODEL"
"""


def _slot_text(slot: Drafted, stands: Callable[[str], str]) -> str:
    where = [str(place.source) for place in slot.places]
    more = f" and {len(where) - _MOST_PLACES} more" if len(where) > _MOST_PLACES else ""
    lines = [f"[slots.{slot.name}]", f"# {', '.join(where[:_MOST_PLACES])}{more}"]
    for name in slot.names[:_MOST_PLACES]:
        said = stands(name)
        value = f"{name} there" if slot.variable else ""
        if told := ": ".join(filter(None, (value, said))):
            lines.append(f"# {told}")
    return "\n".join([*lines, f"{slot.key} = {json.dumps(slot.value)}", ""])


def _why_not(place: Place) -> str:
    """Why a name is no slot; empty if it is one."""
    if place.comment or not place.name.whole:
        return "in comments, sentences and tests of names"
    if place.name.platform:
        return "of other platforms"
    return "in tests" if _TESTS.search(place.file) else "in CI" if _CI.search(place.file) else ""


def _environment_of(file: str, environments: Sequence[str]) -> str:
    """The one environment that a file's path names, such as `values-prod.yaml` or `deploy/prod/app.yaml`."""
    words = {word for part in PurePosixPath(file).parts[-3:] for word in _PARTS.split(part.lower())}
    found = [name for name in environments if name.lower() in words]
    return found[0] if len(found) == 1 else ""


def _variable_slot(variable: str) -> str:
    words = [word for word in _PARTS.split(variable.lower()) if word]
    return _snake([word for word in words if word not in _NOT_A_NAME]) or "main"


def _name_slot(model: str) -> str:
    """`claude-3-5-sonnet-latest` is `sonnet_3_5`."""
    words = _DATE.sub("", model).removeprefix("claude-").split("-")
    return _snake([*(w for w in words if not w.isdigit()), *(w for w in words if w.isdigit())]) or "main"


def _snake(words: Sequence[str]) -> str:
    kept = [word for word in words if word.isascii()]
    while kept and not kept[0][0].isalpha():
        kept.pop(0)
    return "_".join(kept)[:50].rstrip("_")


def _free(base: str, taken: set[str]) -> str:
    number, name = 2, base
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    taken.add(name)
    return name
