"""Importing the SDK: late, lazily where Python can, and without the garbage collector's help."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from modelgate.background import Background

if TYPE_CHECKING:
    from types import ModuleType

_lock = threading.RLock()
_depth = 0
_before: tuple[Any, Any] = (None, None)


@contextmanager
def lazy_imports() -> Iterator[None]:
    """Within the block, on Python 3.15 and later, the SDK's own imports are lazy, and nobody else's.

    Keep it around the SDK's use, not its import alone: modules that load later load the rest eagerly. Importing it and
    asking the Models API then takes a third of the CPU time (measured with SDK 2.12.0). Blocks may nest and overlap;
    the last one to end leaves the interpreter as the first one found it.
    """
    interpreter: Any = sys  # its functions are younger than the Python that types are checked for
    if not hasattr(interpreter, "set_lazy_imports_filter"):
        yield
        return
    global _depth, _before
    with _lock:
        if not _depth:
            _before = interpreter.get_lazy_imports(), interpreter.get_lazy_imports_filter()
            interpreter.set_lazy_imports_filter(lambda importer, *_: importer.startswith("anthropic"))
            interpreter.set_lazy_imports("all")
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if not _depth:
                interpreter.set_lazy_imports(_before[0])
                interpreter.set_lazy_imports_filter(_before[1])


def import_sdk() -> ModuleType:
    """The `anthropic` module.

    Its 3,000 modules make the garbage collector search them again and again, at import and at exit, and find nothing:
    without it a quarter of the CPU time is saved (measured with SDK 2.12.0 on Python 3.11).
    """
    with _lock:
        if "anthropic" in sys.modules:
            return sys.modules["anthropic"]
        collects = gc.isenabled()
        gc.disable()
        try:
            with lazy_imports():
                import anthropic
        finally:
            if collects:
                gc.enable()
        return anthropic


def import_ahead() -> None:
    """Begins to import it, for a caller that will need it and now waits for something else: a database, say.

    What goes wrong with that is met, and told, where the SDK is used.
    """

    def attempt() -> None:
        with suppress(Exception), lazy_imports():
            import_sdk().Anthropic  # noqa: B018 # the package alone may be next to nothing: its client is what loads

    Background(attempt, "sdk")
