"""The settings as pydantic knows them: types and ranges, nothing else. Only `reader.load` imports this module."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from modelgate.domain.check_ids import CHECK_IDS, waivable
from modelgate.domain.settings import Platform, Reaction
from modelgate.domain.text import did_you_mean, printable
from modelgate.settings import names

UNSET: Any = None
"""Never read: what no layer sets is left to the defaults of `modelgate.domain.settings`."""

_YEAR_OF_HOURS = 366 * 24
Days = Annotated[int, Field(ge=0, le=3660)]
Hours = Annotated[float, Field(ge=0, le=_YEAR_OF_HOURS, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=_YEAR_OF_HOURS * 3600, allow_inf_nan=False)]
Tokens = Annotated[int, Field(ge=1, le=10**12)]
Dollars = Annotated[float, Field(ge=0, le=10**6, allow_inf_nan=False)]


def _empty_or(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: check(text) if text else text


def _check_id(text: str) -> str:
    if text not in CHECK_IDS:
        near = did_you_mean(text, list(CHECK_IDS))
        raise ValueError(f"no check '{printable(text, 40)}'" + (f", did you mean '{near}'?" if near else ""))
    if not waivable(text):
        raise ValueError(f"{text} cannot be waived")
    return text


def _platform(text: str) -> str:
    if text in ("bedrock", "vertex", "foundry"):
        raise ValueError(f"{text} has no Models API: 'aws' and 'google-cloud' do")
    return text


def _reason(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty: say why, for those who read it later")
    return text


def _policy_key(text: str) -> str:
    known = [key for key in PolicyTable.model_fields if key not in ("overridable", "preflight")]
    if text not in known:
        near = did_you_mean(text, known)
        raise ValueError("is no key of the policy" + (f", did you mean '{near}'?" if near else ""))
    return text


SlotName = Annotated[str, AfterValidator(names.slot)]
Reference = Annotated[str, AfterValidator(names.reference)]
PathText = Annotated[str, AfterValidator(names.path)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class RetiresWithin(_Table):
    """`retires_within_days`."""

    warn: Days = UNSET
    refuse: Days = UNSET


class VerbPolicy(_Table):
    """`[policy.preflight]`."""

    enforce: bool = UNSET
    first_use: Literal["refuse", "accept"] = UNSET
    alias_moved: Reaction = UNSET
    reference_changed: Reaction = UNSET
    deprecated: Literal["note", "warn", "refuse"] = UNSET
    retires_within_days: RetiresWithin = UNSET
    require_canonical: bool = UNSET
    allowed_lines: list[Annotated[str, Field(min_length=1, max_length=100)]] = UNSET
    promote_from: Annotated[str, AfterValidator(_empty_or(names.environment))] = UNSET
    soak_hours: Hours = UNSET
    hand_off: Literal["pins", "settings"] = UNSET
    reuse_seconds: Seconds = UNSET
    grace_hours: Hours = UNSET
    fallback_file: PathText = UNSET
    deadline_seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = UNSET
    evidence_days: Annotated[int, Field(ge=1, le=3660)] = UNSET
    overridable: list[Annotated[str, AfterValidator(_policy_key)]] = UNSET


class PolicyTable(VerbPolicy):
    """`[policy]`."""

    pins_from: Literal["store", "lock"] = UNSET
    accept_needs: list[Annotated[str, AfterValidator(names.suite)]] = UNSET
    preflight: VerbPolicy = UNSET


class SlotTable(_Table):
    """`[slots.NAME]`."""

    model: Reference = UNSET
    model_from: Annotated[str, AfterValidator(names.variable)] = UNSET
    export_as: Annotated[str, AfterValidator(names.exported)] = UNSET
    requires: list[Annotated[str, AfterValidator(names.capability)]] = UNSET
    min_input_tokens: Tokens = UNSET
    min_output_tokens: Tokens = UNSET
    sample: PathText = UNSET


class WaiverTable(_Table):
    """One of `[[waivers]]`."""

    check: Annotated[str, AfterValidator(_check_id)]
    slot: SlotName = UNSET
    until: date
    reason: Annotated[str, AfterValidator(_reason)]


class ApiTable(_Table):
    """`[api]`."""

    base_url: Annotated[str, AfterValidator(names.base_url)] = UNSET
    origins: list[Annotated[str, AfterValidator(names.origin)]] = UNSET
    key_file: PathText = UNSET
    platform: Annotated[Platform, BeforeValidator(_platform)] = UNSET
    allow_http: bool = UNSET
    workspace_id: Annotated[str, AfterValidator(_empty_or(names.workspace))] = UNSET


class DatabaseTable(_Table):
    """`[database]`."""

    url: Annotated[str, AfterValidator(names.database_url)] = Field(default=UNSET, repr=False)
    password_file: PathText = UNSET


class PriceTable(_Table):
    """`[prices.MODEL]`."""

    input: Dollars
    output: Dollars
    cache_read: Dollars = UNSET
    cache_write_5m: Dollars = UNSET
    cache_write_1h: Dollars = UNSET


class WatchTable(_Table):
    """`[watch]`."""

    retires_within_days: list[Annotated[int, Field(ge=0, le=3660)]] = UNSET
    quiet_days: Annotated[int, Field(ge=1, le=3660)] = UNSET
    forget_days: Annotated[int, Field(ge=1, le=36600)] = UNSET


class NotifyTable(_Table):
    """`[notify]`."""

    slack_webhook_file: PathText = UNSET
    webhook_url: Annotated[str, AfterValidator(names.webhook)] = UNSET
    webhook_secret_file: PathText = UNSET


class Document(BaseSettings):
    """All layers, merged. `waivers` are by the place where each stands, so that those of all files count together."""

    model_config = SettingsConfigDict(
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        env_prefix="MODELGATE_",
        env_nested_delimiter="__",
        case_sensitive=True,
        validate_default=False,
    )

    service: Annotated[str, AfterValidator(names.service)] = UNSET
    policy: PolicyTable = UNSET
    slots: dict[SlotName, SlotTable] = UNSET
    waivers: dict[str, WaiverTable] = UNSET
    api: ApiTable = UNSET
    database: DatabaseTable = UNSET
    prices: dict[Reference, PriceTable] = UNSET
    watch: WatchTable = UNSET
    notify: NotifyTable = UNSET

    @classmethod
    def _settings_log_debug(cls, states: dict[str, dict[str, Any]]) -> None:
        """Nothing: pydantic-settings would log whole layers, and one of them may hold the database's password."""


def tree(model: type[BaseModel] = Document) -> dict[str, Any]:
    """Every key there is, nested; `*` stands for the names of slots, of models with prices, and of waivers."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        annotation = field.annotation
        values = get_args(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found[name] = tree(annotation)
        elif get_origin(annotation) is dict:
            found[name] = {"*": tree(values[1])}
        else:
            found[name] = {}
    return found
