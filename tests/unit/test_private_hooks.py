"""What of libraries is used though it is private: named here, so that a new version that drops it is noticed."""

from __future__ import annotations

import atexit
import inspect

from pydantic_settings import BaseSettings, EnvSettingsSource

from modelgate.settings import layers, schema


def test_the_private_hooks_of_pydantic_settings() -> None:
    """Three private methods are overridden, and no other: the bound in pyproject.toml is for their sake."""
    overridden = {
        name
        for ours, theirs in ((layers.VariablesLayer, EnvSettingsSource), (schema.Document, BaseSettings))
        for name in vars(ours)
        if name.startswith("_") and not name.startswith(("__", "_abc")) and hasattr(theirs, name)
    }
    assert overridden == {"_load_env_vars", "_coerce_env_val_strict", "_settings_log_debug"}
    assert list(inspect.signature(EnvSettingsSource._load_env_vars).parameters) == ["self"]
    assert list(inspect.signature(EnvSettingsSource._coerce_env_val_strict).parameters) == ["self", "field", "value"]


def test_the_private_hook_of_python() -> None:
    """A command runs what libraries left for its end, and then ends at once: multiprocessing ends so, too."""
    assert callable(atexit._run_exitfuncs)
