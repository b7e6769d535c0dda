"""pytest fixtures for applications that use the Claude API or modelgate's pins; registered by installing modelgate.

`modelgate_sandbox`: a fresh stand-in API, with ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY pointing to it (needs
`modelgate[sandbox]`). `modelgate_pins`: hands model IDs to the application as `modelgate preflight` would.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from modelgate.sandbox.server import Sandbox

SetPins = Callable[[Mapping[str, str]], None]
"""Takes slot to model ID."""

_OTHER_CREDENTIALS = ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE", "ANTHROPIC_CUSTOM_HEADERS")
_MODEL_PREFIX = "MODELGATE_MODEL_"


@pytest.fixture(scope="session")
def _modelgate_sandbox_server() -> Iterator[Sandbox]:
    from modelgate.sandbox.server import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def modelgate_sandbox(_modelgate_sandbox_server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A running sandbox, fresh for each test, that asks to be polled again at once (`retry-after: 0`); the SDK finds it
    by itself.
    """
    from modelgate.sandbox.server import API_KEY

    sandbox = _modelgate_sandbox_server
    sandbox.reset()
    sandbox.configure(retry_after="0")
    for name in _OTHER_CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", sandbox.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", API_KEY)
    return sandbox


@pytest.fixture
def modelgate_pins(monkeypatch: pytest.MonkeyPatch) -> SetPins:
    """A function that makes exactly the given slots and IDs the pins of this test: `modelgate_pins({"summarizer":
    "claude-opus-5"})`.
    """

    def set_pins(models: Mapping[str, str]) -> None:
        monkeypatch.delenv("MODELGATE_PINS_FILE", raising=False)
        for name in [name for name in os.environ if name.startswith(_MODEL_PREFIX)]:
            monkeypatch.delenv(name)
        for slot, model_id in models.items():
            monkeypatch.setenv(_MODEL_PREFIX + slot.upper(), model_id)

    return set_pins
