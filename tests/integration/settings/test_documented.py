"""`docs/settings.md` and the example files in `config/` say what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from modelgate.domain.settings import ApiSettings, DatabaseSettings, Policy
from modelgate.settings import environments, load, settings_names

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([a-z0-9_.*]+)` \| [^|]+ \| ([^|]+) \|", PAGE, re.MULTILINE))


def test_every_key() -> None:
    """The page has a row for every key, in the order of the schema, and for nothing else."""
    assert list(ROWS) == [name for name in settings_names() if not name.startswith("policy.preflight.")]


def defaults() -> dict[str, Any]:
    """The defaults of the domain, by key."""
    policy = Policy()
    found: dict[str, Any] = {f"policy.{name}": getattr(policy, name) for name in policy.__slots__}
    found["policy.retires_within_days.warn"] = found.pop("policy.retires_warn_days")
    found["policy.retires_within_days.refuse"] = found.pop("policy.retires_refuse_days")
    found |= {f"api.{name}": getattr(ApiSettings(), name) for name in ApiSettings.__slots__}
    found["database.url"] = DatabaseSettings().url.reveal()
    found["database.password_file"] = DatabaseSettings().password_file
    return {name: "" if value is None else value for name, value in found.items()}


def test_defaults() -> None:
    """The page's defaults are those of the code."""
    stated = {name: tomllib.loads(f"x = {ROWS[name].strip('`')}")["x"] for name in defaults()}
    assert {name: tuple(value) if isinstance(value, list) else value for name, value in stated.items()} == defaults()


def test_examples(tmp_path: Path) -> None:
    """The page's examples, taken together, load."""
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "prod.toml").write_text("\n".join(examples), encoding="utf-8")
    settings = load(environment="prod", environ={"GRADER_MODEL": "claude-haiku-4-5"}, config_dir=tmp_path)
    assert [(slot.name, slot.export_as) for slot in settings.slots] == [
        ("summarizer", None),
        ("grader", "GRADER_MODEL"),
    ]
    assert len(examples) == 8


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_example_files(environment: str) -> None:
    """The files in `config/` load, and each environment is one."""
    config = ROOT / "config"
    assert environments(config) == ("dev", "prod", "staging")
    assert load(environment=environment, environ={}, config_dir=config).service_given


def test_production_is_strict() -> None:
    """No weight in the example for production is below its default, and preflight never pins by itself."""
    weights = {"note": 0, "accept": 0, "warn": 1, "refuse": 2}
    policy = load(environment="prod", environ={}, config_dir=ROOT / "config").check
    keys = ("first_use", "alias_moved", "reference_changed", "deprecated")
    assert [key for key in keys if weights[getattr(policy, key)] < weights[getattr(Policy(), key)]] == []
    assert policy.enforce
    assert policy.overridable == ()
