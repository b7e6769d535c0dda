"""The settings as they are shown: `modelgate settings`, and the JSON Schema that editors read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from modelgate.settings import reader, settings_names
from modelgate.settings.json_schema import json_schema

ROOT = Path(__file__).parents[3]
TAPLO = Path(sys.executable).parent / "taplo"
TEXT = """\
service = "checkout"
[policy.preflight]
alias_moved = "warn"
[slots.summarizer]
model = "claude-sonnet-4-6"
[[waivers]]
check = "catalogue.retires-soon"
until = 2026-12-31
reason = "r"
[database]
url = "postgresql://u:hush@db/x"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder with one environment."""
    (tmp_path / "prod.toml").write_text(TEXT)
    return tmp_path


def shown(config: Path, environment: str | None = "prod", **environ: str) -> dict[str, tuple[object, str]]:
    """Key to value and source."""
    found = reader.show(service=None, environment=environment, config_dir=config, environ=environ)
    return {each.key: (each.value, str(each.source)) for each in found}


def test_every_value_knows_its_source(config: Path) -> None:
    """Files, variables and defaults are told apart; what nobody set shows what holds then."""
    found = shown(config, MODELGATE_API__BASE_URL="https://gateway.example")
    at = (config / "prod.toml").as_posix()
    assert found["service"] == ("checkout", f"{at}:1")
    assert found["policy.preflight.alias_moved"] == ("warn", f"{at}:3")
    assert found["policy.retires_within_days.refuse"] == (14, "default")
    assert found["waivers.until"] == ("2026-12-31", f"{at}:8")
    assert found["api.base_url"] == ("https://gateway.example", "$MODELGATE_API__BASE_URL")


def test_a_secret_is_set_or_not(config: Path) -> None:
    """A database URL, which may hold a password, is never shown."""
    assert shown(config)["database.url"][0] == "set"
    assert "hush" not in str(shown(config))
    assert shown(config, None)["database.url"] == ("not set", "default")


def test_every_setting_is_shown_where_it_is_set_or_has_a_default(config: Path) -> None:
    """No key of the first level of a section is left out."""
    expected = {name for name in settings_names() if "*" not in name and not name.startswith("policy.preflight.")}
    assert expected <= set(shown(config)) | {"policy.preflight"}


@pytest.mark.parametrize("path", sorted(ROOT.glob("config/*.toml")), ids=lambda path: path.name)
def test_a_language_server_takes_the_settings(path: Path, tmp_path: Path) -> None:
    """taplo, the language server of TOML, finds nothing wrong with the project's own settings."""
    if ".lock." not in path.name:
        assert _lint(path, tmp_path) == (0, "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[policy]\nenforce = "no"', '"no" is not of type "boolean"'),
        ('[slots.a]\nmodle = "x"', "('modle' was unexpected)"),
        ('[slots.a]\nmodel = "x"\nmodel_from = "Y"', "is valid under more than one of"),
        ('[[waivers]]\ncheck = "drift.held"\nuntil = 2026-12-31', '"reason" is a required property'),
    ],
)
def test_a_language_server_finds_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    """taplo underlines a wrong type, an unknown key, two references and a waiver without a reason."""
    (tmp_path / "wrong.toml").write_text(text)
    code, err = _lint(tmp_path / "wrong.toml", tmp_path)
    assert code == 1
    assert told in err


def _lint(path: Path, folder: Path) -> tuple[int, str]:
    schema = folder / "schema.json"
    schema.write_text(json.dumps(json_schema()))
    done = subprocess.run(
        [TAPLO, "lint", "--schema", schema.as_uri(), str(path)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"RUST_LOG": "error"},
        timeout=60,
    )
    return done.returncode, done.stderr
