"""The SDK's own imports made lazy, where Python can: a switch of the interpreter."""

from __future__ import annotations

import sys
from typing import Any


def import_sdk_lazily() -> None:
    """From now on, on Python 3.15 and later, the SDK's own imports are lazy, and nobody else's.

    For a process that is modelgate's alone. Importing the SDK and asking the Models API then takes a third of the CPU
    time (measured with SDK 2.12.0).
    """
    interpreter: Any = sys  # its functions are younger than the Python that types are checked for
    if hasattr(interpreter, "set_lazy_imports_filter"):
        interpreter.set_lazy_imports_filter(_is_the_sdks)
        interpreter.set_lazy_imports("all")


def _is_the_sdks(importer: str, *_: object) -> bool:
    return importer == "anthropic" or importer.startswith("anthropic.")
