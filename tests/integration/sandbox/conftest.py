"""Fixtures of the sandbox's own tests: the real SDK against a running sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from anthropic import Anthropic

    from modelgate.sandbox import Sandbox


@pytest.fixture
def client(modelgate_sandbox: Sandbox) -> Iterator[Anthropic]:
    """The SDK's client as an application would make it, without its own retries."""
    from anthropic import Anthropic

    with Anthropic(max_retries=0, timeout=20) as made:
        yield made
