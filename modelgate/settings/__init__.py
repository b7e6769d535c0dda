"""The settings' edge: files, variables and flags in, frozen `modelgate.domain.settings.Settings` out."""

from modelgate.settings.reader import environments, load, load_base, settings_names

__all__ = ["environments", "load", "load_base", "settings_names"]
