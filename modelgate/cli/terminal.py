"""What the stream that is written to can show."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TextIO

from modelgate.render.style import Style


def style_of(stream: TextIO, environ: Mapping[str, str]) -> Style:
    """Colour and wrapping on a terminal alone. NO_COLOR, unless empty, takes the colour away; FORCE_COLOR, unless empty
    or 0, gives it elsewhere too, as build servers show it.
    """
    unicode = (stream.encoding or "ascii").lower().replace("-", "").startswith("utf")
    if not stream.isatty():
        forced = environ.get("FORCE_COLOR", "") not in ("", "0") and not environ.get("NO_COLOR")
        return Style(colour=forced, unicode=unicode)
    colour = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return Style(colour=colour, unicode=unicode, width=shutil.get_terminal_size().columns)
