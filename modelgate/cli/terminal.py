"""What the stream that is written to can show."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TextIO

from modelgate.render.style import Style


def style_of(stream: TextIO, environ: Mapping[str, str]) -> Style:
    """Colour and wrapping on a terminal alone; NO_COLOR, if it is not empty, takes the colour away."""
    unicode = (stream.encoding or "ascii").lower().replace("-", "").startswith("utf")
    if not stream.isatty():
        return Style(unicode=unicode)
    colour = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return Style(colour=colour, unicode=unicode, width=shutil.get_terminal_size().columns)
