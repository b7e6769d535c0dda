"""From validated tables to the frozen settings: what one key alone cannot tell is judged here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from modelgate.domain.secret import Secret
from modelgate.domain.settings import (
    ApiSettings,
    DatabaseSettings,
    NotifySettings,
    Policy,
    Slot,
    Waiver,
    WatchSettings,
)
from modelgate.domain.source import Source
from modelgate.domain.text import short
from modelgate.settings import names
from modelgate.settings.errors import SettingsErrors
from modelgate.settings.positions import KeyPath

if TYPE_CHECKING:
    from modelgate.domain.prices import Price
    from modelgate.domain.unsettled import UnsetSlot

Table = Mapping[str, Any]


class Assembler(NamedTuple):
    """What it takes to name the source of a value and to complain about it."""

    place: Callable[[KeyPath], Source]
    environ: Mapping[str, str]
    complaints: SettingsErrors

    def slots(self, tables: Mapping[str, Table]) -> tuple[tuple[Slot, ...], tuple[UnsetSlot, ...]]:
        """The slots, each with its reference and where that was set; and those whose variable holds nothing."""
        slots = tuple(slot for name, table in tables.items() for slot in self._slot(name, table))
        self._exports(slots)
        unset = (self._unset(slot, at, tables[slot.name]) for at, slot in enumerate(slots) if not slot.reference)
        return tuple(slot for slot in slots if slot.reference), tuple(unset)

    def _unset(self, slot: Slot, position: int, table: Table) -> UnsetSlot:
        from modelgate.domain.unsettled import UnsetSlot

        variable = table["model_from"]
        state = "empty" if variable in self.environ else "not set"
        return UnsetSlot(slot, variable, position, f"the variable {short(variable, 50)} is {state}")

    def _slot(self, name: str, table: Table) -> Iterator[Slot]:
        for reference, source in self._reference(name, table):
            yield Slot(
                name,
                reference,
                source,
                requires=tuple(dict.fromkeys(table.get("requires", ()))),
                min_input_tokens=table.get("min_input_tokens"),
                min_output_tokens=table.get("min_output_tokens"),
                export_as=table.get("export_as", table.get("model_from")),
                sample=table.get("sample", ""),
            )

    def _reference(self, name: str, table: Table) -> Iterator[tuple[str, Source]]:
        """One reference with its source, empty if its variable is; none where a complaint was made instead."""
        key = f"slots.{name}"
        if "model" in table and "model_from" in table:
            self.complaints.add(self.place(("slots", name, "model_from")), key, "has both model and model_from")
        elif "model" in table:
            yield table["model"], self.place(("slots", name, "model"))
        elif "model_from" in table:
            yield from self._from_variable(table["model_from"], self.place(("slots", name, "model_from")), key)
        else:
            self.complaints.add(
                self.place(("slots", name)), key, "has neither model nor model_from", "is the name of the slot right?"
            )

    def _from_variable(self, variable: str, asked_at: Source, key: str) -> Iterator[tuple[str, Source]]:
        text = self.environ.get(variable, "")
        if not text.strip():  # only what needs this slot's reference asks for it
            yield "", asked_at
            return
        try:
            yield names.reference(text), Source(f"${variable}")
        except ValueError:  # which repeats the text: here it is the application's own, and may be a secret
            why = names.wrong_with(text)
            self.complaints.add(Source(f"${variable}"), key, f"holds no model name: {why}", f"look at ${variable}")

    def _exports(self, slots: tuple[Slot, ...]) -> None:
        """Two slots must not be handed over under one name."""
        own = {f"MODELGATE_MODEL_{slot.name.upper()}": slot.name for slot in slots}
        taken = dict(own)
        for slot in slots:
            if slot.export_as is None or own.get(slot.export_as) == slot.name:
                continue
            path = ("slots", slot.name, "export_as")
            try:
                names.exported(slot.export_as)
            except ValueError as error:
                self.complaints.add(self.place(path), ".".join(path), str(error), "set export_as to another name")
            if slot.export_as in taken:
                what = f"slot {taken[slot.export_as]} is handed over as {slot.export_as} already"
                self.complaints.add(self.place(path), ".".join(path), what)
            taken[slot.export_as] = slot.name

    def policy(self, environment: str, *tables: tuple[KeyPath, Table]) -> Policy:
        """The policy of one verb: later tables over earlier ones, key by key."""
        merged: dict[str, Any] = {}
        days_at: KeyPath = ()
        for path, table in tables:
            merged |= {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
            within = merged.pop("retires_within_days", {})
            merged |= {f"retires_{key}_days": days for key, days in within.items()}
            days_at = (*path, "retires_within_days") if within else days_at
            if environment and table.get("promote_from") == environment:
                where = (*path, "promote_from")
                self.complaints.add(self.place(where), "policy.promote_from", "an environment cannot wait for itself")
        policy = Policy(**merged)
        if policy.accept_needs and len(tables) > 1:  # preflight's, which is the one that pins
            self._pins_unproved(policy, tables)
        if policy.retires_refuse_days > policy.retires_warn_days:
            what = f"refuse = {policy.retires_refuse_days} is more than warn = {policy.retires_warn_days}"
            self.complaints.add(self.place(days_at), "policy.retires_within_days", what)
        return policy

    def _pins_unproved(self, policy: Policy, tables: tuple[tuple[KeyPath, Table], ...]) -> None:
        """Whoever says what is to be shown before an approval cannot have preflight approve by itself."""
        for key in ("first_use", "alias_moved", "reference_changed"):
            if getattr(policy, key) == "accept":
                path = next((*path, key) for path, table in reversed(tables) if key in table)
                what = '"accept" pins what nobody has shown: it excludes accept_needs'
                self.complaints.add(
                    self.place(path), ".".join(map(str, path)), what, "accept_needs = [] in this environment"
                )

    def waivers(self, tables: Mapping[str, Table]) -> tuple[Waiver, ...]:
        """The waivers of all files."""
        return tuple(Waiver(**table, source=self.place(("waivers", key))) for key, table in tables.items())

    def database(self, table: Table) -> DatabaseSettings:
        """The audit store; without a URL the default one."""
        password_file = _path(table.get("password_file"))
        if not table.get("url"):
            return DatabaseSettings(password_file=password_file)
        return DatabaseSettings(Secret(table["url"]), password_file, self.place(("database", "url")))


def api(table: Table) -> ApiSettings:
    """How the Models API is reached."""
    given = {**table, "origins": tuple(table.get("origins", ())), "key_file": _path(table.get("key_file"))}
    return ApiSettings(**given)


def watch(table: Table) -> WatchSettings:
    """How the whole fleet is looked at."""
    given = dict(table)
    if "retires_within_days" in given:
        given["retires_within_days"] = tuple(sorted(set(given["retires_within_days"]), reverse=True))
    return WatchSettings(**given)


def notify(table: Table) -> NotifySettings:
    """The channels that `watch` tells."""
    files = {key: _path(table.get(key)) for key in ("slack_webhook_file", "webhook_secret_file")}
    return NotifySettings(**files, webhook_url=table.get("webhook_url", ""))


def prices(tables: Mapping[str, Table]) -> dict[str, Price]:
    """US dollars per million tokens, exactly as written."""
    if not tables:
        return {}
    from modelgate.domain.prices import Price

    return {
        name: Price(**{key: Decimal(str(dollars)) for key, dollars in table.items()}) for name, table in tables.items()
    }


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
