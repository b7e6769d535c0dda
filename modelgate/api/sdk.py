"""Importing the SDK late. How its imports are made light is for whoever owns the process to say: see `cli/start`."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def import_sdk() -> ModuleType:
    """The `anthropic` module: 3,000 modules where nothing holds them back."""
    import anthropic

    return anthropic


def import_ahead() -> None:
    """Begins to import it, for a caller that will need it and now waits for something else: a database, say.

    What goes wrong with that is met, and told, where the SDK is used.
    """

    def attempt() -> None:
        with suppress(Exception):
            import_sdk().Anthropic  # noqa: B018 # the package alone may be next to nothing: its client is what loads

    threading.Thread(target=attempt, name="modelgate-sdk", daemon=True).start()
