"""The SDK taken apart by name, and imported lazily: what a process of ours does not use of it is never loaded.

Its packages list what they re-export from 2,900 modules, and Python loads all of them to give one name.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

_SDK = "anthropic"
_RE_EXPORTS = re.compile(r"^from (\.[\w.]*) import (?:\(([^)]*)\)|(.+))$", re.MULTILINE)
_IDLE = re.compile(r"^(?:#.*|from __future__ .*|__all__ = \[[^]]*\])$", re.MULTILINE)


def open_by_name() -> None:
    """From now on a name of the SDK loads the module that defines it, and no other.

    For a process that is modelgate's alone: an application that imports the SDK itself gets it as its authors wrote it.
    So does whoever asks for the SDK's own log, which its top package turns on. A cold gate takes half of the CPU time
    on Python 3.11, a quarter less on 3.15, where imports are lazy besides (measured with SDK 2.12.0).
    """
    if "ANTHROPIC_LOG" not in os.environ and _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


def import_sdk_lazily() -> None:
    """From now on, on Python 3.15 and later, the SDK's own imports are lazy, and nobody else's.

    For a process that is modelgate's alone. Importing the SDK and asking the Models API then takes a third of the CPU
    time (measured with SDK 2.12.0). Not before it is imported: such a filter makes eager, too, what other modules
    import lazily by their own word, as Python's `concurrent.futures` does.
    """
    interpreter: Any = sys  # its functions are younger than the Python that types are checked for
    if hasattr(interpreter, "set_lazy_imports_filter"):
        interpreter.set_lazy_imports_filter(_is_the_sdks)
        interpreter.set_lazy_imports("all")


def _is_the_sdks(importer: str, *_: object) -> bool:
    return importer == "anthropic" or importer.startswith("anthropic.")


class _Finder:
    """Finds the packages of the SDK that do nothing but re-export; and its top package, which does little else."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _SDK and not name.startswith(f"{_SDK}."):
            return None
        if name == _SDK:
            import_sdk_lazily()
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.submodule_search_locations and isinstance(spec.loader, SourceFileLoader):
            source = spec.loader.get_source(name) or ""
            if name == _SDK or not _IDLE.sub("", _RE_EXPORTS.sub("", source)).strip():
                spec.loader = _ByName(name, spec.loader.path, source)
        return spec


class _ByName(SourceFileLoader):
    """Loads a package without running it, until somebody asks for a name that it neither lists nor contains."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._origins = _origins(source)

    def exec_module(self, module: ModuleType) -> None:
        def look_up(name: str) -> object:
            if name.startswith("__") and name != "__all__":
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            found = self._look_up(name, module)
            setattr(module, name, found)
            return found

        module.__getattr__ = look_up  # type: ignore[method-assign]  # a module's own, by PEP 562

    def _look_up(self, name: str, module: ModuleType) -> object:
        if name == "__all__":  # for an import of everything
            return self._run(name, module)
        submodule, attribute = self._origins.get(name, (".", name))
        if submodule != ".":
            return getattr(importlib.import_module(submodule, module.__name__), attribute)
        wanted = f"{module.__name__}.{attribute}"
        try:
            return importlib.import_module(wanted)
        except ModuleNotFoundError as missing:
            if missing.name != wanted:
                raise
        return self._run(name, module)

    def _run(self, name: str, module: ModuleType) -> object:
        vars(module).pop("__getattr__", None)
        super().exec_module(module)
        return getattr(module, name)


def _origins(source: str) -> dict[str, tuple[str, str]]:
    """Each name that the package re-exports: the relative module it comes from, and its name there."""
    origins = {}
    for submodule, several, one in _RE_EXPORTS.findall(source):
        for listed in (several or one).split(","):
            name, _, alias = listed.partition("#")[0].strip().partition(" as ")
            origins[alias or name] = submodule, name
    return origins
