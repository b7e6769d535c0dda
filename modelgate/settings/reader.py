"""Reads the settings of one service in one environment: flags over variables over files over defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelgate.domain.errors import SettingsError
from modelgate.domain.settings import Settings
from modelgate.domain.text import did_you_mean, printable
from modelgate.settings import names
from modelgate.settings.assemble import Assembler, api, notify, prices, watch
from modelgate.settings.errors import SettingsErrors
from modelgate.settings.toml import TomlFile, read_toml
from modelgate.settings.trust import Trust, covered, is_strangers, untrusted
from modelgate.settings.variables import Overridable, Variables, sort_variables

if TYPE_CHECKING:
    from modelgate.settings.effective import Value
    from modelgate.settings.layers import Layer

_DEFAULT_SERVICE = "default"


def load(
    *,
    service: str | None = None,
    environment: str | None = None,
    config_dir: Path | None = None,
    environ: Mapping[str, str],
    database_url: str | None = None,
    anywhere: bool = False,
) -> Settings:
    """The settings. Arguments are flags: they win over `environ`, which wins over `config/<environment>.toml`.

    `anywhere`: for what needs neither environment nor file. Without a flag, and where `environ` names none that has a
    file here, the settings are of no environment (""): `default.toml`, if it is there, variables and flags.
    Raises SettingsError, with every problem on a line of its own.
    """
    config_dir = config_dir or Path(environ.get("MODELGATE_CONFIG_DIR") or "config")
    if not anywhere or environment or environ.get("MODELGATE_ENVIRONMENT") in environments(config_dir):
        environment = _environment(environment, environ, config_dir)
    files = list(_files(config_dir, environment or ""))
    flags = {("service",): ("--service", service), ("database", "url"): ("--database-url", database_url)}
    return _settings(files, flags, environ, environment or "", config_dir)


def load_base(paths: Sequence[Path], *, environment: str, environ: Mapping[str, str]) -> Settings:
    """The settings of an earlier state: its files, the top layer first, or its whole folder. Raises SettingsError."""
    files: list[TomlFile] = []
    for path in paths:
        files += _files(path, environment) if os.path.isdir(path) else [read_toml(path)]
    return _settings(files, {}, environ, environment, paths[0])


def _settings(
    files: Sequence[TomlFile],
    flags: Mapping[tuple[str, ...], tuple[str, str | None]],
    environ: Mapping[str, str],
    environment: str,
    config_dir: Path,
) -> Settings:
    tables, assembler, variables = _merge(files, flags, environ)
    whole = {**tables, "policy": dict(tables.get("policy", {}))}
    policy = tables.get("policy", {})
    preflight = policy.pop("preflight", {})
    base = (("policy",), policy)
    slots, unset = assembler.slots(tables.get("slots", {}))
    strangers = is_strangers(environ)
    doubted = untrusted(whole, assembler.place, Trust.of(environ, config_dir)) if strangers else ()
    settings = Settings(
        service=tables.get("service", _DEFAULT_SERVICE),
        service_given="service" in tables,
        environment=environment,
        config_dir=config_dir,
        slots=covered(slots, doubted),
        unset=unset,
        check=assembler.policy(environment, base),
        preflight=assembler.policy(environment, base, (("policy", "preflight"), preflight)),
        waivers=assembler.waivers(tables.get("waivers", {})),
        api=api(tables.get("api", {})),
        database=assembler.database(tables.get("database", {})),
        prices=prices(tables.get("prices", {})),
        notify=notify(tables.get("notify", {})),
        watch=watch(tables.get("watch", {})),
        unknown_variables=tuple(variables.unknown),
        strangers=strangers,
        untrusted=doubted,
    )
    assembler.complaints.raise_any()
    return settings


def show(
    *, service: str | None, environment: str | None, config_dir: Path | None, environ: Mapping[str, str]
) -> list[Value]:
    """The effective settings, key by key, of an environment or (None named) of all. Raises SettingsError."""
    from modelgate.settings.effective import effective
    from modelgate.settings.schema import tree

    known = load(service=service, environment=environment, config_dir=config_dir, environ=environ, anywhere=True)
    files = list(_files(known.config_dir, known.environment))
    tables, assembler, _ = _merge(files, {("service",): ("--service", service)}, environ)
    return effective(tables, tree(), assembler.place)


def environments(config_dir: Path) -> tuple[str, ...]:
    """The environments that have a file in `config_dir`, in alphabetical order.

    Raises SettingsError for a folder that is there and may not be looked into.
    """
    try:
        stems = sorted(file.name.removesuffix(".toml") for file in config_dir.iterdir() if file.suffix == ".toml")
    except PermissionError:
        hint = "let this user read it, or name another folder with --config-dir"
        raise SettingsError("permission denied", source=_shown(config_dir), hint=hint) from None
    except (OSError, ValueError):
        return ()
    return tuple(stem for stem in stems if _is_environment(stem))


def settings_names() -> tuple[str, ...]:
    """Every key there is, dotted: `policy.enforce`, `slots.*.model`. `*` stands for a name."""
    from modelgate.settings.schema import tree

    def keys(tables: Mapping[str, Any], above: str) -> Iterator[str]:
        for name, inner in tables.items():
            yield from keys(inner, f"{above}{name}.") if inner else [f"{above}{name}"]

    return tuple(keys(tree(), ""))


def _environment(flag: str | None, environ: Mapping[str, str], config_dir: Path) -> str:
    name = flag or environ.get("MODELGATE_ENVIRONMENT", "")
    there = environments(config_dir)
    listed = f"there are {', '.join(there)}" if there else f"{_shown(config_dir)} has no <environment>.toml"
    if not name:
        raise SettingsError(f"no environment named: {listed}", hint="name one: -e ENV, or MODELGATE_ENVIRONMENT=ENV")
    source = "--environment" if flag else "$MODELGATE_ENVIRONMENT"
    try:
        names.environment(name)
    except ValueError as error:
        raise SettingsError(str(error), source=source, hint=listed) from None
    if name not in there and not os.path.lexists(config_dir / f"{name}.toml"):
        near = did_you_mean(name, list(there))
        question = f", did you mean '{near}'?" if near else ""
        message = f"no file {_shown(config_dir / name)}.toml{question}"
        raise SettingsError(message, source=source, hint=f"{listed}; --config-dir names another folder")
    return name


def _is_environment(stem: str) -> bool:
    try:
        return bool(names.environment(stem))
    except ValueError:
        return False


def _shown(path: Path) -> str:
    return printable(path.as_posix())


def _files(config_dir: Path, environment: str) -> Iterator[TomlFile]:
    """The highest layer first."""
    if environment:
        yield read_toml(config_dir / f"{environment}.toml")
    default = config_dir / "default.toml"
    if os.path.lexists(default):  # a link into nowhere is an error, not a file that is not there
        yield read_toml(default)


def _merge(
    files: Sequence[TomlFile], flags: Mapping[tuple[str, ...], tuple[str, str | None]], environ: Mapping[str, str]
) -> tuple[dict[str, Any], Assembler, Variables]:
    """The tables of all layers as one, validated. Here alone pydantic is imported."""
    from pydantic import ValidationError

    from modelgate.settings.layers import VariablesLayer, file_layer, flags_layer, is_need, place, with_needs
    from modelgate.settings.schema import Document, tree

    complaints, keys = SettingsErrors(), tree()
    variables = sort_variables(environ, keys, _overridable(files), complaints)
    complaints.raise_any()
    given = {path: (name, text) for path, (name, text) in flags.items() if text}
    needs = {path: variable for path, variable in variables.read.items() if is_need(path)}
    others = {path: variable for path, variable in variables.read.items() if path not in needs}
    layers: list[Layer] = [flags_layer(given), VariablesLayer(others), *map(file_layer, files)]
    added: list[Layer] = [VariablesLayer(needs)] if needs else []
    dumped: list[dict[str, Any]] = []
    for sources in [layers, added] if added else [layers]:
        try:
            dumped.append(Document(_build_sources=(tuple(sources), {})).model_dump(exclude_unset=True))
        except ValidationError as error:  # raised on later: its text and context hold the values of settings
            from modelgate.settings.explain import complain

            complain(error, keys, partial(place, sources), complaints)
    complaints.raise_any()
    tables, *more = dumped
    where_set = [*layers, *added]
    return with_needs(tables, *more), Assembler(lambda path: place(where_set, path), environ, complaints), variables


def _overridable(files: Sequence[TomlFile]) -> Overridable:
    policy = _listed(files, "policy")
    preflight = _listed(files, "policy", "preflight")
    return Overridable(policy or set(), preflight if preflight is not None else policy or set())


def _listed(files: Sequence[TomlFile], *path: str) -> set[str] | None:
    """What the highest file that has it says of `overridable`; the schema has not seen it yet."""
    for file in files:
        table: Any = file.tables
        for name in path:
            table = table.get(name) if isinstance(table, dict) else None
        if isinstance(table, dict) and "overridable" in table:
            listed = table["overridable"]
            return {key for key in listed if isinstance(key, str)} if isinstance(listed, list) else set()
    return None
