"""Where tests found what is in `support.commands` now."""

from support.commands import MODELGATE, SECONDS, Shell, files

__all__ = ["MODELGATE", "SECONDS", "Shell", "files"]
