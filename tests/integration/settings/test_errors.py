"""What cannot be used: one clear error for all of it, with file, line and what to do, and no secret in it."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modelgate.domain.errors import SettingsError
from modelgate.settings import load

if TYPE_CHECKING:
    from conftest import Config

SLOT = '[slots.a]\nmodel = "x"\n'

IN_THE_FILE = [
    # text of config/prod.toml, the whole error
    ("polcy = 1", "1: polcy: unknown key, did you mean 'policy'?"),
    ("environment = 'prod'", "1: environment: unknown key"),
    ("[policy]\nenforced = true", "2: policy.enforced: unknown key, did you mean 'enforce'?"),
    ("[policy.check]\nenforce = true", "1: policy.check: unknown key"),
    (
        "[policy.preflight]\nalias_move = 'warn'",
        "2: policy.preflight.alias_move: unknown key, did you mean 'alias_moved'?",
    ),
    (
        "[policy.preflight]\npins_from = 'lock'",
        "2: policy.preflight.pins_from: belongs in [policy]: it holds for check and preflight alike",
    ),
    ("[policy.preflight.preflight]", "1: policy.preflight.preflight: unknown key"),
    ("[policy]\nenforce = 'false'", "2: policy.enforce: must be true or false"),
    ("[policy]\nenforce = 0", "2: policy.enforce: must be true or false"),
    (
        "[policy]\nalias_moved = 'refused'",
        "2: policy.alias_moved: must be 'refuse', 'warn' or 'accept', did you mean 'refuse'?",
    ),
    ("[policy]\nfirst_use = 'warn'", "2: policy.first_use: must be 'refuse' or 'accept'"),
    ("[policy]\nalias_moved = 3", "2: policy.alias_moved: must be 'refuse', 'warn' or 'accept'"),
    ("policy = 3", "1: policy: must be a table"),
    ("[[policy]]", "1: policy: must be a table"),
    ("[policy]\nretires_within_days = 3", "2: policy.retires_within_days: must be a table"),
    ("[policy]\nretires_within_days = {warn = -1}", "2: policy.retires_within_days.warn: must be at least 0"),
    ("[policy]\nretires_within_days = {warn = 1.5}", "2: policy.retires_within_days.warn: must be a whole number"),
    ("[policy]\nretires_within_days = {warn = 7}", "2: policy.retires_within_days: refuse = 14 is more than warn = 7"),
    (
        "[policy.preflight]\nretires_within_days = {refuse = 91}",
        "2: policy.retires_within_days: refuse = 91 is more than warn = 90",
    ),
    ("[policy]\ndeadline_seconds = 0", "2: policy.deadline_seconds: must be more than 0.0"),
    ("[policy]\ndeadline_seconds = 601", "2: policy.deadline_seconds: must be at most 600.0"),
    ("[policy]\ngrace_hours = nan", "2: policy.grace_hours: must be a finite number"),
    ("[policy]\nsoak_hours = -1", "2: policy.soak_hours: must be at least 0.0"),
    ("[policy]\nsoak_hours = '1h'", "2: policy.soak_hours: must be a number"),
    ("[policy]\nallowed_lines = 'sonnet'", "2: policy.allowed_lines: must be an array"),
    ("[policy]\nallowed_lines = [\n'sonnet',\n'']", "4: policy.allowed_lines.1: is empty"),
    ("[policy]\noverridable = ['enfore']", "2: policy.overridable.0: is no key of the policy, did you mean 'enforce'?"),
    ("[policy]\noverridable = ['overridable']", "2: policy.overridable.0: is no key of the policy"),
    (
        "[policy]\npromote_from = '../staging'",
        "2: policy.promote_from: '../staging': lower-case letters, digits and . _ - only, a letter or digit first",
    ),
    ("[policy]\npromote_from = 'prod'", "2: policy.promote_from: an environment cannot wait for itself"),
    ("service = 'a/b'", "1: service: 'a/b': letters, digits and . _ - only, a letter or digit first"),
    ("service = ''", "1: service: is empty"),
    (
        "[slots.Summarizer]\nmodel = 'x'",
        "1: slots.Summarizer: 'Summarizer': slot names are lower snake case, such as 'summarizer'",
    ),
    ("[slots.a]\nrequires = ['batch']", "1: slots.a: has neither model nor model_from"),
    ("[slots.a]\nmodel = 'x'\nmodel_from = 'Y'", "3: slots.a: has both model and model_from"),
    ("[slots]\na = 'claude'", "2: slots.a: must be a table"),
    ("[slots.a]\nmodel = ''", "2: slots.a.model: is empty"),
    (
        "[slots.a]\nmodel = '../x'",
        "2: slots.a.model: '../x' is no model name: letters, digits and . _ - : @ / only, no path",
    ),
    (
        '[slots.a]\nmodel = "x\\u001b[31m"',
        r"2: slots.a.model: 'x\x1b[31m' is no model name: letters, digits and . _ - : @ / only, no path",
    ),
    ("[slots.a]\nmodel = '" + "x" * 10_000 + "'", "2: slots.a.model: has 10000 characters, more than 256"),
    ("[slots.a]\nmodel = 4", "2: slots.a.model: must be a string"),
    (
        "[slots.a]\nmodel_from = '$GRADER'",
        "2: slots.a.model_from: '$GRADER': letters, digits and _ only, no digit first",
    ),
    (SLOT + "modle = 'y'", "3: slots.a.modle: unknown key, did you mean 'model'?"),
    (
        SLOT + "requires = [\n'batch',\n'Batch']",
        "5: slots.a.requires.1: 'Batch': requirements look like 'batch' or 'effort.high'",
    ),
    (SLOT + "min_input_tokens = 0", "3: slots.a.min_input_tokens: must be at least 1"),
    (SLOT + "min_input_tokens = true", "3: slots.a.min_input_tokens: must be a whole number"),
    (SLOT + "export_as = 'A B'", "3: slots.a.export_as: 'A B': letters, digits and _ only, no digit first"),
    (
        SLOT + "export_as = 'PATH'",
        "3: slots.a.export_as: PATH has another meaning already: a model ID there would do harm",
    ),
    (
        SLOT + "export_as = 'M'\n[slots.b]\nmodel = 'x'\nexport_as = 'M'",
        "6: slots.b.export_as: slot a is handed over as M already",
    ),
    ("waivers = 3", "1: waivers: must be an array of tables: [[waivers]]"),
    ("[waivers]\ncheck = 'drift.alias-moved'", "1: waivers: must be an array of tables: [[waivers]]"),
    ("waivers = [1]", "1: waivers: must be a table"),
    ("[[waivers]]\nuntil = 2026-12-31\nreason = 'r'", "1: waivers.check: is missing"),
    (
        "[[waivers]]\ncheck = 'drift.alias-moved'\nuntil = '2026-12-31'\nreason = 'r'",
        "3: waivers.until: must be a date without quotes, such as 2026-12-31",
    ),
    (
        "[[waivers]]\ncheck = 'drift.alias-moved'\nuntil = 2026-12-31T00:00:00Z\nreason = 'r'",
        "3: waivers.until: must be a date without quotes, such as 2026-12-31",
    ),
    (
        "[[waivers]]\ncheck = 'drift.alias-moved'\nuntil = 2026-12-31\nreason = ' '",
        "4: waivers.reason: is empty: say why, for those who read it later",
    ),
    (
        "[[waivers]]\ncheck = 'drift.alias-move'\nuntil = 2026-12-31\nreason = 'r'",
        "2: waivers.check: no check 'drift.alias-move', did you mean 'drift.alias-moved'?",
    ),
    (
        "[[waivers]]\ncheck = 'drift.unpinned'\nuntil = 2026-12-31\nreason = 'r'",
        "2: waivers.check: drift.unpinned cannot be waived",
    ),
    (
        "[[waivers]]\ncheck = 'drift.held'\nuntil = 2026-12-31\nreason = 'r'\ntill = 1",
        "5: waivers.till: unknown key, did you mean 'until'?",
    ),
    ("[api]\nplatform = 'vertex'", "2: api.platform: vertex has no Models API: 'aws' and 'google-cloud' do"),
    (
        "[api]\nplatform = 'google_cloud'",
        "2: api.platform: must be 'anthropic', 'aws' or 'google-cloud', did you mean 'google-cloud'?",
    ),
    (
        "[api]\norigins = ['https://a.example', 'https://a.example/v1']",
        "2: api.origins.1: must be an origin: scheme://host[:port], without a path",
    ),
    ("[api]\nbase_url = 'file:///etc/passwd'", "2: api.base_url: must be a URL such as https://api.anthropic.com"),
    ('[api]\nkey_file = "a\\nb"', "2: api.key_file: has control characters"),
    (
        "[database]\nurl = 'modelgate.db'",
        "2: database.url: must be a URL such as sqlite:///modelgate.db or postgresql://host/name",
    ),
    ("[database]\nurl = 3", "2: database.url: must be a string"),
    ("[prices.x]\ninput = 1", "1: prices.x.output: is missing"),
    ("[prices.x]\ninput = -1\noutput = 1", "2: prices.x.input: must be at least 0.0"),
    ("[prices.x]\ninput = inf\noutput = 1", "2: prices.x.input: must be a finite number"),
    (
        "[prices.'a b']\ninput = 1\noutput = 1",
        "1: prices.a b: 'a b' is no model name: letters, digits and . _ - : @ / only, no path",
    ),
]


@pytest.mark.parametrize(("text", "error"), IN_THE_FILE)
def test_in_the_file(config: Config, text: str, error: str) -> None:
    """Each odd value is one line that says where it stands and what is wrong."""
    assert str(config.write(prod=text).error()) == f"config/prod.toml:{error}"


BROKEN = [
    (b"a = \n", "config/prod.toml:1: not valid TOML"),
    (b"\n[a\n", "config/prod.toml:2: not valid TOML"),
    (b"a = 1\na = 2\n", "config/prod.toml:2: not valid TOML"),
    (b"a = 1\nb", "config/prod.toml:2: not valid TOML"),
    (b"a = 1\nb = '\xff'\n", "config/prod.toml:2: is not UTF-8 here"),
    (b"\x00", r"config/prod.toml:1: not valid TOML"),
    (b"a = " + b"[" * 100_000, "config/prod.toml: tables or arrays are nested too deeply"),
    (b"a = " + b"9" * 5000, "config/prod.toml: not valid TOML: a number has too many digits"),
    (b"a" + b".a" * 51 + b" = 1", "config/prod.toml:1: has more than 50 dots: no setting is that deep"),
    (b"#" * (1 << 20) + b"#", "config/prod.toml: is larger than 1048576 bytes"),
]


@pytest.mark.parametrize(("content", "error"), BROKEN, ids=range(len(BROKEN)))
def test_broken_file(config: Config, content: bytes, error: str) -> None:
    """A file that is no TOML, or no settings file at all, says where."""
    (config.folder / "prod.toml").write_bytes(content)
    assert str(config.error()).startswith(error)  # what tomllib adds differs between versions of Python


def test_a_line_of_dots_in_a_comment(config: Config) -> None:
    """A comment may have any number of dots."""
    assert config.write(prod="#" + "." * 100 + "\n" + SLOT).load().slots[0].source.line == 3


def test_all_at_once(config: Config) -> None:
    """All problems of files and variables are told at once, each with its own source."""
    config.write(default="[policy]\nenforce = 1", prod="[api]\nplatfrom = 'aws'\n[slots.a]\nmodel = ''")
    error = config.error({"MODELGATE_API__ALLOW_HTTP": "perhaps", "MODELGATE_SERVICE": "a:b"})
    assert sorted(str(error).split("\n")) == [
        "$MODELGATE_API__ALLOW_HTTP: api.allow_http: must be true or false",
        "$MODELGATE_SERVICE: service: 'a:b': letters, digits and . _ - only, a letter or digit first",
        "config/default.toml:2: policy.enforce: must be true or false",
        "config/prod.toml:2: api.platfrom: unknown key, did you mean 'platform'?",
        "config/prod.toml:4: slots.a.model: is empty",
    ]
    assert error.exit_code == 2


def test_very_many(config: Config) -> None:
    """Of thousands of problems the first twenty are shown and the rest is counted."""
    config.write(prod="\n".join(f"key_{number} = 1" for number in range(3000)))
    lines = str(config.error()).split("\n")
    assert (len(lines), lines[0], lines[-1]) == (21, "config/prod.toml:1: key_0: unknown key", "and 2980 more problems")


IN_VARIABLES = [
    ("MODELGATE_SLOTS__A__REQUIRES", "batch", "slots.a.requires: must be an array"),
    ("MODELGATE_SLOTS__A__REQUIRES", "[" * 100_000, "slots.a.requires: must be an array"),
    (
        "MODELGATE_SLOTS__A__REQUIRES",
        '["X"]',
        "slots.a.requires.0: 'X': requirements look like 'batch' or 'effort.high'",
    ),
    ("MODELGATE_SLOTS__A__MIN_INPUT_TOKENS", "many", "slots.a.min_input_tokens: must be a whole number"),
    ("MODELGATE_SLOTS__A__MIN_INPUT_TOKENS", "9" * 5000, "slots.a.min_input_tokens: must be a whole number"),
    (
        "MODELGATE_SLOTS__A__MODEL",
        "\udcff",
        r"slots.a.model: '\udcff' is no model name: letters, digits and . _ - : @ / only, no path",
    ),
    ("MODELGATE_SLOTS__A-B__MODEL", "x", "slots.a-b: 'a-b': slot names are lower snake case, such as 'summarizer'"),
    ("MODELGATE_SLOTS____MODEL", "x", "slots.: is empty"),
    ("MODELGATE_SLOTS__B__REQUIRES", "[]", "slots.b: has neither model nor model_from"),
    ("MODELGATE_PRICES__X__INPUT", "1", "prices.x.output: is missing"),
    ("MODELGATE_API__PLATFORM", "bedrock", "api.platform: bedrock has no Models API: 'aws' and 'google-cloud' do"),
    (
        "MODELGATE_DATABASE__URL",
        "oracle://u:hush@h/x",
        "database.url: must be a URL such as sqlite:///modelgate.db or postgresql://host/name",
    ),
]


@pytest.mark.parametrize(("name", "text", "error"), IN_VARIABLES, ids=range(len(IN_VARIABLES)))
def test_in_a_variable(config: Config, name: str, text: str, error: str) -> None:
    """A variable with an odd value is named."""
    assert str(config.write(prod=SLOT).error({name: text})) == f"${name}: {error}"


@pytest.mark.parametrize(
    ("environ", "error"),
    [
        ({"GRADER": "../x"}, "$GRADER: slots.a: holds no model name: letters, digits and . _ - : @ / only, no path"),
        ({"GRADER": "sk-ant-secret"}, "$GRADER: slots.a: holds no model name: it looks like an API key"),
    ],
)
def test_model_from(config: Config, environ: dict[str, str], error: str) -> None:
    """A reference that its variable does not give names slot, variable and the line that asks; never what it holds."""
    assert str(config.write(prod="[slots.a]\nmodel_from = 'GRADER'").error(environ)) == error


@pytest.mark.parametrize(
    ("environ", "error"),
    [
        ({}, "config/prod.toml:2: slots.a: the variable GRADER is not set"),
        ({"GRADER": ""}, "config/prod.toml:2: slots.a: the variable GRADER is empty"),
        ({"GRADER": " "}, "config/prod.toml:2: slots.a: the variable GRADER is empty"),
    ],
)
def test_an_unset_model_from_is_told_to_whoever_needs_it(config: Config, environ: dict[str, str], error: str) -> None:
    """A variable that is not set stops nothing but what needs that slot's reference."""
    settings = config.write(prod="[slots.a]\nmodel_from = 'GRADER'\n[slots.b]\nmodel = 'x'").load(environ)
    assert [slot.name for slot in settings.slots] == ["b"]
    settings.need_references(["b"])
    with pytest.raises(SettingsError) as caught:
        settings.need_references()
    assert str(caught.value) == error
    assert caught.value.hint == "export GRADER=…, or say model instead of model_from"


def test_unset_slots_keep_their_place(config: Config) -> None:
    """Slots that are given a reference afterwards stand where the settings have them."""
    text = "[slots.a]\nmodel_from = 'A'\n[slots.b]\nmodel = 'x'\n[slots.c]\nmodel_from = 'C'\n[slots.d]\nmodel = 'y'"
    settings = config.write(prod=text).load()
    some = settings.asking({"c": "z"})
    assert [(slot.name, slot.reference) for slot in some.slots] == [("b", "x"), ("c", "z"), ("d", "y")]
    assert [slot.name for slot in settings.asking({"a": "w", "c": "z"}).slots] == ["a", "b", "c", "d"]
    assert some.names == ("b", "c", "d", "a")


@pytest.mark.parametrize("name", ["PATH", "MODELGATE_SERVICE"])
def test_model_from_a_harmful_variable(config: Config, name: str) -> None:
    """A variable that must not be handed over needs another name to be handed over under."""
    config.write(prod=f"[slots.a]\nmodel_from = '{name}'")
    error = config.error({name: "x"})
    assert str(error) == (
        f"config/prod.toml:1: slots.a.export_as: {name} has another meaning already: a model ID there would do harm"
    )
    assert error.hint == "set export_as to another name"


def test_own_variable(config: Config) -> None:
    """A slot whose reference is in the variable that it is handed over under anyway is in order."""
    config.write(prod="[slots.a]\nmodel_from = 'MODELGATE_MODEL_A'")
    assert config.load({"MODELGATE_MODEL_A": "x"}).slots[0].reference == "x"


def test_no_environment(config: Config) -> None:
    """Without an environment, those there are get listed."""
    config.write(prod="", dev="", default="")
    with pytest.raises(SettingsError) as caught:
        load(environ={})
    assert (str(caught.value), caught.value.hint) == (
        "no environment named: there are dev, prod", "name one: -e ENV, or MODELGATE_ENVIRONMENT=ENV",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("prdo", "--environment: no file config/prdo.toml, did you mean 'prod'?"),
        ("test", "--environment: no file config/test.toml"),
        ("../prod", "--environment: '../prod': lower-case letters, digits and . _ - only, a letter or digit first"),
        (
            "/etc/passwd",
            "--environment: '/etc/passwd': lower-case letters, digits and . _ - only, a letter or digit first",
        ),
        ("prod\x00", r"--environment: 'prod\x00': lower-case letters, digits and . _ - only, a letter or digit first"),
        ("default", "--environment: 'default' cannot be the name of an environment"),
        ("prod.lock", "--environment: 'prod.lock' cannot be the name of an environment"),
    ],
)
def test_odd_environment(config: Config, name: str, error: str) -> None:
    """An environment that is none, or a path, is refused before any file is opened."""
    config.write(prod="", default="")
    with pytest.raises(SettingsError) as caught:
        load(environment=name, environ={})
    assert str(caught.value) == error
    assert caught.value.hint.startswith("there are prod")


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there says what to set."""
    with pytest.raises(SettingsError) as caught:
        load(environment="prod", environ={"MODELGATE_CONFIG_DIR": f"{tmp_path}/nowhere"})
    assert str(caught.value) == f"--environment: no file {tmp_path}/nowhere/prod.toml"
    assert caught.value.hint == f"{tmp_path}/nowhere has no <environment>.toml; --config-dir names another folder"


def test_folder_or_pipe_in_place_of_a_file(config: Config) -> None:
    """What is no regular file is not opened: a pipe would wait for ever."""
    (config.folder / "prod.toml").mkdir()
    assert str(config.error()) == "config/prod.toml: is not a file"
    (config.folder / "prod.toml").rmdir()
    os.mkfifo(config.folder / "prod.toml")
    assert str(config.error()) == "config/prod.toml: is not a file"


def test_link_into_nowhere(config: Config) -> None:
    """A default that is a broken link is an error, not a missing default."""
    config.write(prod="")
    (config.folder / "default.toml").symlink_to("gone.toml")
    assert str(config.error()) == "config/default.toml: cannot be read: No such file or directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable(config: Config) -> None:
    """A file without permission says so."""
    config.write(prod="")
    (config.folder / "prod.toml").chmod(0)
    assert str(config.error()) == "config/prod.toml: cannot be read: Permission denied"


@pytest.mark.parametrize(
    "environ",
    [
        {"MODELGATE_DATABASE_URL": "postgres://gate:canary@db/audit"},
        {"MODELGATE_DATABASE_URL": "postgresql://gate:canary@db/audit", "MODELGATE_API__ALLOW_HTTP": "x"},
        {"MODELGATE_DATABASE_URL": "postgresql://gate:canary@db/\udcff"},
        {"MODELGATE_API__BASE_URL": "https://user:canary@host"},
        {"MODELGATE_API__ORIGINS": '["https://user:canary@host"]'},
        {"MODELGATE_API__ORIGINS": "canary"},
    ],
)
def test_no_secret(config: Config, environ: dict[str, str]) -> None:
    """No error, nor anything that it was raised from, shows a password."""
    error = config.write(prod=SLOT).error(environ)
    assert "canary" not in "".join(traceback.format_exception(error)) + repr(error.__context__) + error.hint


def test_no_secret_in_the_debug_log(
    config: Config, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The debug log of pydantic-settings, which shows whole layers, stays empty."""
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    with caplog.at_level("DEBUG"):
        settings = config.write(prod=SLOT).load({"MODELGATE_DATABASE_URL": "postgresql://gate:canary@db/audit"})
    assert "canary" not in caplog.text + repr(settings)
