"""What the settings ask for, as frozen values. `modelgate.settings` reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from modelgate.domain.errors import SettingsError
from modelgate.domain.secret import Secret
from modelgate.domain.source import DEFAULT, Source

if TYPE_CHECKING:
    from modelgate.domain.prices import Price
    from modelgate.domain.unsettled import UnknownVariable, UnsetSlot, Untrusted

Verb = Literal["check", "preflight"]
Reaction = Literal["refuse", "warn", "accept"]
Platform = Literal["anthropic", "aws", "google-cloud"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of the application: the reference it asks for and what it requires of the model."""

    name: str
    reference: str
    source: Source
    """Where the reference was set."""
    requires: tuple[str, ...] = ()
    """Dotted paths into the entry's capabilities, in settings order."""
    min_input_tokens: int | None = None
    min_output_tokens: int | None = None
    export_as: str | None = None
    """A second variable under which the ID is handed over."""
    sample: str = ""
    """The file of a request as the application sends it, a path from the settings' folder; empty: none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How findings weigh, for one verb: `[policy]` under `[policy.<verb>]`."""

    enforce: bool = True
    first_use: Literal["refuse", "accept"] = "refuse"
    alias_moved: Reaction = "refuse"
    reference_changed: Reaction = "refuse"
    deprecated: Literal["note", "warn", "refuse"] = "warn"
    retires_warn_days: int = 90
    retires_refuse_days: int = 14
    require_canonical: bool = False
    allowed_lines: tuple[str, ...] = ()
    pins_from: Literal["store", "lock"] = "store"
    promote_from: str = ""
    soak_hours: float = 0
    hand_off: Literal["pins", "settings"] = "pins"
    reuse_seconds: float = 0
    grace_hours: float = 0
    fallback_file: str = ""
    deadline_seconds: float = 30
    accept_needs: tuple[str, ...] = ()
    """`probe`, `probe-live` or names of suites: evidence without which nothing is approved."""
    evidence_days: int = 30
    """How old that evidence may be."""
    overridable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody's word that a finding does not count through the end of `until` (UTC)."""

    check: str
    until: date
    reason: str
    source: Source
    slot: str | None = None
    """None: of any slot."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """`[api]`: how the Models API is reached."""

    base_url: str = ""
    """Empty: the SDK's own choice (ANTHROPIC_BASE_URL, a profile, its default)."""
    origins: tuple[str, ...] = ()
    key_file: Path | None = None
    platform: Platform = "anthropic"
    allow_http: bool = False
    workspace_id: str = ""
    """For keys of an organization: sent with every question and every batch. Empty: the key's own workspace."""


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """`[database]`: the audit store. The URL may hold a password."""

    url: Secret = field(default_factory=lambda: Secret("sqlite:///modelgate.db"))
    password_file: Path | None = None
    source: Source = DEFAULT


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """`[watch]`: how the whole fleet is looked at."""

    retires_within_days: tuple[int, ...] = (90, 30, 14, 7, 1)
    """The most first."""
    quiet_days: int = 30
    forget_days: int = 365


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """`[notify]`: the channels that `watch` tells. A file holds a secret, never the setting itself."""

    slack_webhook_file: Path | None = None
    webhook_url: str = ""
    webhook_secret_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything one service in one environment asks for."""

    service: str
    environment: str
    """Empty for what looks at every environment."""
    config_dir: Path
    slots: tuple[Slot, ...]
    """In the order of the settings files; slots that only variables name come last."""
    unset: tuple[UnsetSlot, ...] = ()
    """Slots of which `slots` has none, as nobody can tell here what they ask for."""
    check: Policy = Policy()
    preflight: Policy = Policy()
    waivers: tuple[Waiver, ...] = ()
    api: ApiSettings = ApiSettings()
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    prices: Mapping[str, Price] = field(default_factory=dict)
    watch: WatchSettings = WatchSettings()
    notify: NotifySettings = NotifySettings()
    unknown_variables: tuple[UnknownVariable, ...] = ()
    strangers: bool = False
    """Whether the files may be those of a pull request's author."""
    untrusted: tuple[Untrusted, ...] = ()
    """What nobody vouches for in a stranger's files: then nothing is sent, and nothing else is read."""
    service_given: bool = False
    """False where `service` is only its default: not enough on a database server."""

    def policy(self, verb: Verb) -> Policy:
        """The policy that holds for `verb`."""
        return self.preflight if verb == "preflight" else self.check

    @property
    def pins_from(self) -> Literal["store", "lock"]:
        """Where approvals live: the same for both verbs."""
        return self.check.pins_from

    @property
    def names(self) -> tuple[str, ...]:
        """All slots, also those whose reference is not known here, which come last."""
        return (*(slot.name for slot in self.slots), *(slot.name for slot in self.unset))

    def need_references(self, names: Collection[str] | None = None) -> None:
        """Raises SettingsError if one of these slots (None: of all) has its reference in a variable that is not set."""
        missing = [slot for slot in self.unset if names is None or slot.name in names]
        if missing:
            first, *more = missing
            told = [f"slots.{first.name}: {first.problem}"]
            told += [f"{slot.slot.source}: slots.{slot.name}: {slot.problem}" for slot in more]
            raise SettingsError("\n".join(told), source=str(first.slot.source), hint=first.hint)

    def asking(self, references: Mapping[str, str]) -> Settings:
        """The settings as if the unset slots asked for these references, by slot."""
        slots = list(self.slots)
        left: list[UnsetSlot] = []
        for each in self.unset:
            if each.name in references:
                slots.insert(each.position - len(left), replace(each.slot, reference=references[each.name]))
            else:
                left.append(each)
        return replace(self, slots=tuple(slots), unset=tuple(left))

    @property
    def environment_file(self) -> Path:
        """`config/<environment>.toml`."""
        return self.config_dir / f"{self.environment}.toml"

    @property
    def lock_file(self) -> Path:
        """`config/<environment>.lock.toml`."""
        return self.config_dir / f"{self.environment}.lock.toml"
