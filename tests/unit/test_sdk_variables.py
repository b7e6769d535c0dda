"""The variables that the installed SDK reads, against those under which no model ID is handed over."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from modelgate.settings import names

_READS = re.compile(r"""(?:environ(?:\.get\(|\[)|getenv\(|\bENV_?\w* *(?::[^=]+)?= *)\s*["']([A-Z][A-Z0-9_]{5,})["']""")


def read_by_the_sdk() -> set[str]:
    """Every variable that a module of the SDK names where it reads the environment."""
    spec = find_spec("anthropic")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    modules = Path(spec.submodule_search_locations[0]).rglob("*.py")
    return {found for module in modules for found in _READS.findall(module.read_text("utf-8"))}


def test_no_model_is_handed_over_as_what_the_sdk_reads() -> None:
    """Whatever the SDK reads of its environment is refused as `export_as`: a model ID there would do harm."""
    found = read_by_the_sdk()
    assert {"ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_WORKSPACE_ID"} <= found
    allowed = []
    for name in sorted(found):
        try:
            names.exported(name)
        except ValueError:
            continue
        allowed.append(name)
    assert allowed == []


@pytest.mark.parametrize("name", ["ANTHROPIC_MODEL", "GRADER_MODEL", "CLAUDE_MODEL"])
def test_what_applications_call_their_models_may_be_used(name: str) -> None:
    """Only what the SDK itself reads is taken, not every name that begins so."""
    assert names.exported(name) == name
