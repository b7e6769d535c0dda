"""init: settings drafted from what stands in a tree, written where nothing is yet."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelgate import api
from modelgate.domain.catalogue import LIFECYCLES, Entry
from modelgate.domain.errors import CouldNotKnow, SettingsError, UsageError
from modelgate.domain.times import days_left
from modelgate.gate.context import Context
from modelgate.scan.draft import Draft, default_toml, drafted, environment_toml, environments_of
from modelgate.scan.files import need_there
from modelgate.scan.judge import Listed, Place
from modelgate.scan.search import places, reading
from modelgate.settings import load, names
from modelgate.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Init:
    """What is to be drafted."""

    path: Path
    environments: tuple[str, ...]
    service: str = ""
    """Empty: the name of the folder."""
    offline: bool = False


@dataclass(frozen=True, slots=True)
class DraftFiles:
    """Files and their texts, nothing of it written."""

    draft: Draft
    texts: dict[Path, str]
    kept: tuple[Path, ...]
    """Files that are there already, and stay as they are."""
    asked: bool
    """Whether the Models API said what the names mean."""

    @property
    def has_slots(self) -> bool:
        """Whether a name was found that is a slot."""
        return bool(self.draft.shared or any(self.draft.own.values()))

    @property
    def shared_file(self) -> Path:
        """The file of all environments, in which a slot may be written as its comment shows."""
        return next(path for path in (*self.texts, *self.kept) if path.name == "default.toml")

    @property
    def commands(self) -> tuple[str, ...]:
        """What comes next, in this order."""
        first = next(iter(self.draft.own))
        return (
            f"modelgate check -e {first}",
            f'modelgate accept --all -e {first} --reason "as it runs today"',
            f"modelgate preflight -e {first} -- CMD",
        )


def plan(context: Context, wanted: Init) -> DraftFiles:
    """What would be written. Raises UsageError where nothing can be, and for a name that is none."""
    need_there([wanted.path])
    entries = None if wanted.offline else _listed(context)
    listed = Listed(entries, context.clock.now(), context.settings.check.retires_warn_days)
    folder = context.settings.config_dir
    found = list(places(reading(documents=False), [wanted.path], listed, folder))
    environments = tuple(dict.fromkeys(wanted.environments)) or environments_of(found) or ("prod",)
    service = wanted.service or _service(wanted.path)
    draft = drafted(_named(found, wanted.path), _checked(names.service, service), environments, _may_export)
    stands = _stands(listed)
    texts = {folder / "default.toml": default_toml(draft, stands)}
    for name in environments:
        texts[folder / f"{_checked(names.environment, name)}.toml"] = environment_toml(draft, name, stands)
    kept = tuple(path for path in texts if os.path.lexists(path))
    if len(kept) == len(texts):
        raise UsageError(f"there already: {', '.join(map(str, kept))}", hint="init overwrites nothing; edit them")
    _need_valid(texts, environments)
    return DraftFiles(
        draft, {path: text for path, text in texts.items() if path not in kept}, kept, entries is not None
    )


def write(planned: DraftFiles) -> None:
    """The files that are not there yet, all or none. Raises UsageError."""
    written: list[Path] = []
    try:
        for path, text in planned.texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x"):  # whoever made it meanwhile keeps it
                written.append(path)
            write_whole(path, text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise UsageError(f"cannot write {error.filename}: {error.strerror}", hint="nothing was written") from None


def _listed(context: Context) -> tuple[Entry, ...] | None:
    """The list of models; None where it cannot be had: a draft needs no key."""
    try:
        return api.list_models(
            context.settings.api, lifecycles=LIFECYCLES, deadline=context.deadline(), environ=context.environ
        )
    except CouldNotKnow:
        return None


def _named(found: Sequence[Place], path: Path) -> list[Place]:
    """The places as they are called from the tree's own top, so that the folder it lies in says nothing."""
    top = f"{path.as_posix().rstrip('/')}/"
    named = [(place.file.removeprefix(top), place) for place in found]
    return [Place(file, p.line, p.name, p.comment, p.ignores, p.variable) for file, p in named]


def _service(path: Path) -> str:
    """The folder's name, as far as a service may be called so."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path.resolve().name).strip("._-") or "app"


def _checked(rule: Callable[[str], str], text: str) -> str:
    try:
        return rule(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _may_export(variable: str) -> bool:
    try:
        return bool(names.exported(variable))
    except ValueError:
        return False


def _stands(listed: Listed) -> Callable[[str], str]:
    def said(name: str) -> str:
        entry = listed.by_name.get(name)
        if listed.entries is None:
            return ""
        if entry is None:
            return "no model is listed by this name"
        if entry.lifecycle == "retired":
            return "retired: requests that name it fail"
        if entry.retires_at is None:
            return "deprecated" if entry.lifecycle == "deprecated" else ""
        days = days_left(entry.retires_at, listed.now)
        return f"retires in {days} days, on {entry.retires_at.date().isoformat()}"

    return said


def _need_valid(texts: dict[Path, str], environments: Sequence[str]) -> None:
    """Reads the draft as settings are read. Raises UsageError where it is none, before anything is written."""
    with tempfile.TemporaryDirectory(prefix="modelgate-init-") as folder:
        for path, text in texts.items():
            Path(folder, path.name).write_text(text, encoding="utf-8")
        for name in environments:
            try:
                load(environment=name, config_dir=Path(folder), environ={})
            except SettingsError as error:
                raise UsageError(f"no valid draft: {error.message}", hint="write the settings by hand") from None
