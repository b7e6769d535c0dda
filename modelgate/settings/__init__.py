"""The settings' edge: files, variables and flags in, frozen `modelgate.domain.settings.Settings` out."""

from modelgate.settings.lock import Lock, read_lock, render_lock, write_lock
from modelgate.settings.reader import environments, load, load_base, settings_names

__all__ = ["Lock", "environments", "load", "load_base", "read_lock", "render_lock", "settings_names", "write_lock"]
