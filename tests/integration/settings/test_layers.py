"""Flags over variables over the environment's file over the default's: what wins, and where it says it was set."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modelgate.domain.prices import Price
from modelgate.domain.secret import Secret
from modelgate.domain.settings import ApiSettings, DatabaseSettings, Policy, Slot, Waiver
from modelgate.domain.source import DEFAULT, Source
from modelgate.domain.unsettled import UnknownVariable
from modelgate.settings import environments, load

if TYPE_CHECKING:
    from conftest import Config


def test_defaults(config: Config) -> None:
    """An empty file gives the contract's defaults."""
    settings = config.write(prod="").load()
    assert (settings.service, settings.service_given, settings.environment) == ("default", False, "prod")
    assert (settings.check, settings.preflight) == (Policy(), Policy())
    assert (settings.api, settings.database) == (ApiSettings(), DatabaseSettings())
    assert (settings.slots, settings.waivers, settings.prices, settings.unknown_variables) == ((), (), {}, ())
    assert (settings.environment_file, settings.lock_file) == (Path("config/prod.toml"), Path("config/prod.lock.toml"))


def test_every_key(config: Config) -> None:
    """Every key of the contract arrives where it belongs."""
    settings = config.write(
        prod="""\
service = "checkout"
[policy]
enforce = false
first_use = "accept"
alias_moved = "warn"
reference_changed = "accept"
deprecated = "note"
retires_within_days = { warn = 60, refuse = 7 }
require_canonical = true
allowed_lines = ["sonnet", "haiku"]
pins_from = "lock"
promote_from = "staging"
soak_hours = 1.5
hand_off = "settings"
reuse_seconds = 60
grace_hours = 12
fallback_file = "/run/pins.json"
deadline_seconds = 12.5
overridable = ["enforce"]
[slots.summarizer]
model = "claude-sonnet-4-6"
export_as = "SUMMARIZER_MODEL"
requires = ["batch", "effort.high", "batch"]
min_input_tokens = 200_000
min_output_tokens = 32_000
[[waivers]]
check = "catalogue.retires-soon"
slot = "summarizer"
until = 2026-12-31
reason = "migration ABC-123"
[api]
base_url = "https://gateway.example/v1"
origins = ["https://GATEWAY.example:443"]
key_file = "secrets/key"
platform = "aws"
allow_http = true
[database]
url = "postgresql://gate:hush@db/audit"
password_file = "/run/secrets/db"
[prices."claude-sonnet-4-6"]
input = 1.5
output = 7.25
"""
    ).load()
    assert settings.check == settings.preflight == Policy(
        enforce=False, first_use="accept", alias_moved="warn", reference_changed="accept", deprecated="note",
        retires_warn_days=60, retires_refuse_days=7, require_canonical=True, allowed_lines=("sonnet", "haiku"),
        pins_from="lock", promote_from="staging", soak_hours=1.5, hand_off="settings", reuse_seconds=60,
        grace_hours=12, fallback_file="/run/pins.json", deadline_seconds=12.5, overridable=("enforce",),
    )  # fmt: skip
    source = Source("config/prod.toml", 21)
    requires = ("batch", "effort.high")
    assert settings.slots == (
        Slot("summarizer", "claude-sonnet-4-6", source, requires, 200_000, 32_000, "SUMMARIZER_MODEL"),
    )
    assert settings.waivers == (
        Waiver(
            "catalogue.retires-soon", date(2026, 12, 31), "migration ABC-123",
            Source("config/prod.toml", 26), "summarizer",
        ),
    )  # fmt: skip
    assert settings.api == ApiSettings(
        "https://gateway.example/v1", ("https://gateway.example",), Path("secrets/key"), "aws", True
    )
    assert settings.database == DatabaseSettings(
        Secret("postgresql://gate:hush@db/audit"), Path("/run/secrets/db"), Source("config/prod.toml", 38)
    )
    assert settings.prices == {"claude-sonnet-4-6": Price(Decimal("1.5"), Decimal("7.25"))}
    assert (settings.service, settings.service_given) == ("checkout", True)


def test_tables_merge_key_by_key(config: Config) -> None:
    """A key of the default stays where the environment's file and the variables say nothing of it."""
    config.write(
        default="[policy]\nretires_within_days={warn = 60, refuse = 20}\n[slots.a]\nmodel = 'x'\nrequires = ['batch']",
        prod="[policy]\nretires_within_days = {refuse = 30}\n[slots.a]\nmin_input_tokens = 5",
    )
    settings = config.load({"MODELGATE_SLOTS__A__MIN_OUTPUT_TOKENS": "7"})
    assert (settings.check.retires_warn_days, settings.check.retires_refuse_days) == (60, 30)
    assert settings.slots == (Slot("a", "x", Source("config/default.toml", 4), ("batch",), 5, 7),)


def test_order_of_slots(config: Config) -> None:
    """Slots stand in the order of the files; those that only variables name come last."""
    config.write(default='[slots.b]\nmodel = "x"', prod='[slots.c]\nmodel = "x"\n[slots.b]\nmodel = "y"')
    settings = config.load({"MODELGATE_SLOTS__A__MODEL": "z", "MODELGATE_SLOTS__C__MODEL": "w"})
    assert [(slot.name, slot.reference) for slot in settings.slots] == [("b", "y"), ("c", "w"), ("a", "z")]


VARIABLE = "MODELGATE_SLOTS__A__MODEL"


@pytest.mark.parametrize(
    ("default", "prod", "environ", "reference", "source", "export_as"),
    [
        ('model = "x"', "", {}, "x", "config/default.toml:2", None),
        ('model = "x"', 'model = "y"', {}, "y", "config/prod.toml:2", None),
        ('model = "x"', 'model = "y"', {VARIABLE: "z"}, "z", f"${VARIABLE}", None),
        ('model = "x"', 'model_from = "GRADER"', {"GRADER": "w"}, "w", "$GRADER", "GRADER"),
        ('model_from = "GRADER"', 'model = "y"', {}, "y", "config/prod.toml:2", None),
        ('model_from = "GRADER"', "", {VARIABLE: "z"}, "z", f"${VARIABLE}", None),
        ('model_from = "GRADER"', 'export_as = "OUT"', {"GRADER": "w"}, "w", "$GRADER", "OUT"),
        ('model = "x"', "", {f"{VARIABLE}_FROM": "GRADER", "GRADER": "w"}, "w", "$GRADER", "GRADER"),
        ('model = "x"', "", {VARIABLE: ""}, "x", "config/default.toml:2", None),
    ],
)
def test_model_and_model_from(
    config: Config, default: str, prod: str, environ: dict[str, str], reference: str, source: str, export_as: str | None
) -> None:
    """`model` and `model_from` replace each other, and the reference knows where it was set."""
    config.write(default=f"[slots.a]\n{default}", prod=f"[slots.a]\n{prod}")
    [slot] = config.load(environ).slots
    assert (slot.reference, str(slot.source), slot.export_as) == (reference, source, export_as)


def test_waivers_of_all_files_count(config: Config) -> None:
    """Waivers are added up, the default's first, whether tables or inline."""
    one = '[[waivers]]\ncheck = "drift.alias-moved"\nuntil = 2026-12-31\nreason = "a"\n'
    two = 'waivers = [\n {check = "drift.not-promoted", until = 2026-11-30, reason = "b"},\n'
    three = ' {check = "drift.alias-moved", slot = "x", until = 2026-12-31, reason = "c"}]\n'
    waivers = config.write(default=one, prod=two + three).load().waivers
    assert [(waiver.reason, str(waiver.source)) for waiver in waivers] == [
        ("a", "config/default.toml:1"),
        ("b", "config/prod.toml:2"),
        ("c", "config/prod.toml:3"),
    ]


def test_policy_of_preflight(config: Config) -> None:
    """`[policy.preflight]` goes over `[policy]` of all files, key by key, and leaves `check` alone."""
    config.write(
        default="[policy.preflight]\nalias_moved = 'warn'\nretires_within_days = {warn = 50}",
        prod="[policy]\nalias_moved = 'accept'\ndeprecated = 'note'\nretires_within_days = {refuse = 5}",
    )
    settings = config.load()
    assert settings.policy("check") == Policy(alias_moved="accept", deprecated="note", retires_refuse_days=5)
    assert settings.policy("preflight") == Policy(
        alias_moved="warn", deprecated="note", retires_warn_days=50, retires_refuse_days=5
    )


def test_overridable_policy(config: Config) -> None:
    """A variable sets a key of the policy that the files leave to it."""
    config.write(default="[policy]\noverridable = ['enforce', 'retires_within_days', 'allowed_lines']", prod="")
    environ = {
        "MODELGATE_POLICY__ENFORCE": "0",
        "MODELGATE_POLICY__PREFLIGHT__RETIRES_WITHIN_DAYS__WARN": "40",
        "MODELGATE_POLICY__ALLOWED_LINES": '["sonnet"]',
    }
    settings = config.load(environ)
    assert (settings.check.enforce, settings.check.allowed_lines, settings.check.retires_warn_days) == (
        False, ("sonnet",), 90,
    )  # fmt: skip
    assert (settings.preflight.enforce, settings.preflight.retires_warn_days) == (False, 40)


def test_overridable_in_a_later_file(config: Config) -> None:
    """The environment's file takes back what the default leaves to variables."""
    config.write(default="[policy]\noverridable = ['enforce']", prod="[policy]\noverridable = []")
    error = config.error({"MODELGATE_POLICY__ENFORCE": "false"})
    assert str(error) == "$MODELGATE_POLICY__ENFORCE: a variable does not change the policy"
    assert error.hint == 'unset it, or let the files say overridable = ["enforce"]'


def test_variables_have_types(config: Config) -> None:
    """Booleans, numbers and lists of variables are what they say."""
    config.write(prod='[slots.a]\nmodel = "x"')
    settings = config.load(
        {
            "MODELGATE_API__ALLOW_HTTP": "true",
            "MODELGATE_API__KEY_FILE": "key",
            "MODELGATE_SLOTS__A__REQUIRES": '["batch"]',
            "MODELGATE_SLOTS__A__MIN_INPUT_TOKENS": "12",
            "MODELGATE_PRICES__CLAUDE-X__INPUT": "1.10",
            "MODELGATE_PRICES__CLAUDE-X__OUTPUT": "5",
        }
    )
    assert settings.api == ApiSettings("", (), Path("key"), "anthropic", True)
    assert settings.slots == (Slot("a", "x", Source("config/prod.toml", 2), ("batch",), 12),)
    assert settings.prices == {"claude-x": Price(Decimal("1.1"), Decimal(5))}


def test_variables_add_to_needs_and_never_take_from_them(config: Config) -> None:
    """`requires` are joined, of limits the larger counts: what the files ask for stays asked for."""
    config.write(prod='[slots.a]\nmodel = "x"\nrequires = ["batch"]\nmin_input_tokens = 20\nmin_output_tokens = 5')
    taken = {"MODELGATE_SLOTS__A__REQUIRES": "[]", "MODELGATE_SLOTS__A__MIN_INPUT_TOKENS": "1"}
    added = {
        "MODELGATE_SLOTS__A__REQUIRES": '["batch", "citations"]',
        "MODELGATE_SLOTS__A__MIN_INPUT_TOKENS": "30",
        "MODELGATE_SLOTS__A__MIN_OUTPUT_TOKENS": "4",
    }
    source = Source("config/prod.toml", 2)
    assert config.load(taken).slots == (Slot("a", "x", source, ("batch",), 20, 5),)
    assert config.load(added).slots == (Slot("a", "x", source, ("batch", "citations"), 30, 5),)


def test_a_need_in_a_variable_is_complained_of_like_any_setting(config: Config) -> None:
    """Beside a good list in the file: a list that is none, a limit that is none, and the source is the variable."""
    config.write(prod='[slots.a]\nmodel = "x"\nrequires = ["batch"]\nmin_input_tokens = 20')
    for key, text in (("REQUIRES", "batch,thinking"), ("MIN_INPUT_TOKENS", "many")):
        assert str(config.error({f"MODELGATE_SLOTS__A__{key}": text})).startswith(f"$MODELGATE_SLOTS__A__{key}: ")


def test_a_variable_does_not_say_whom_to_believe(config: Config) -> None:
    """`api.origins` comes from files alone: whoever may set a variable would otherwise choose who is believed."""
    config.write(prod='[slots.a]\nmodel = "x"')
    error = config.error({"MODELGATE_API__ORIGINS": '["https://a.example"]'})
    assert str(error) == "$MODELGATE_API__ORIGINS: only files say which origins are believed"


def test_flags_win(config: Config) -> None:
    """Flags go over everything."""
    config.write(prod='service = "file"\n[database]\nurl = "sqlite:///file.db"', dev="")
    environ = {"MODELGATE_SERVICE": "variable", "MODELGATE_DATABASE_URL": "sqlite:///variable.db"}
    by_variable = config.load(environ)
    assert (by_variable.service, by_variable.database) == (
        "variable", DatabaseSettings(Secret("sqlite:///variable.db"), None, Source("$MODELGATE_DATABASE_URL")),
    )  # fmt: skip
    by_flag = config.load(environ, service="flag", database_url="sqlite:///flag.db")
    assert (by_flag.service, by_flag.database) == (
        "flag", DatabaseSettings(Secret("sqlite:///flag.db"), None, Source("--database-url")),
    )  # fmt: skip
    assert load(environment="dev", environ={"MODELGATE_ENVIRONMENT": "prod"}).environment == "dev"
    assert load(environ={"MODELGATE_ENVIRONMENT": "prod"}).environment == "prod"


def test_config_dir(tmp_path: Path) -> None:
    """The folder comes from the argument, else the variable, and sources show it as it was given."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prod.toml").write_text('[slots.a]\nmodel = "x"')
    environ = {"MODELGATE_CONFIG_DIR": str(tmp_path / "two")}
    assert load(environment="prod", environ=environ).slots[0].source == Source(f"{tmp_path}/two/prod.toml", 2)
    settings = load(environment="prod", environ=environ, config_dir=tmp_path / "one")
    assert (settings.config_dir, settings.slots[0].source.name) == (tmp_path / "one", f"{tmp_path}/one/prod.toml")


def test_unknown_variables(config: Config) -> None:
    """Variables that no setting reads arrive with a suggestion, and change nothing."""
    config.write(prod='[slots.a]\nmodel = "x"')
    settings = config.load({"MODELGATE_SLOTS__A__MODAL": "y", "MODELGATE_WAIVERS": "[]", "MODELGATE_ELSE__X": "1"})
    assert settings.unknown_variables == (
        UnknownVariable("MODELGATE_SLOTS__A__MODAL", "MODELGATE_SLOTS__A__MODEL"),
        UnknownVariable("MODELGATE_WAIVERS"),
    )
    assert settings.slots == (Slot("a", "x", Source("config/prod.toml", 2)),)


def test_environments(config: Config) -> None:
    """The default, the locks and what is no environment's name are no environments."""
    config.write(prod="", dev="", default="")
    for name in ("prod.lock.toml", "Not one.toml", ".toml", "notes.txt"):
        (config.folder / name).write_text("")
    assert environments(config.folder) == ("dev", "prod")
    assert environments(Path("elsewhere")) == ()


def test_byte_order_mark_and_crlf(config: Config) -> None:
    """What editors on Windows write is read, and its lines are counted."""
    (config.folder / "prod.toml").write_bytes(b'\xef\xbb\xbf[slots.a]\r\nmodel = "x"\r\n')
    assert config.load().slots == (Slot("a", "x", Source("config/prod.toml", 2)),)


def test_source_of_a_default(config: Config) -> None:
    """A database URL that nobody set is a default."""
    assert config.write(prod="").load({"MODELGATE_DATABASE_URL": ""}).database.source == DEFAULT
