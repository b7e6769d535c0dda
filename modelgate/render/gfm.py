"""Pieces of GitHub's Markdown in which nothing is obeyed: text, code, tables and commands to copy."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ACTIVE = re.compile(r"[\\`*_\[\]<>|~$&@#]|:(?=//)|w(?=ww\.)", re.IGNORECASE)
_PLAIN_CODE = re.compile(r"[^`|\\]+")


def command_block(command: str) -> str:
    """A block to copy."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", command)), default=0))
    return f"{fence}sh\n{command}\n{fence}"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; empty without rows."""
    if not rows:
        return ""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escape(text: str) -> str:
    """Text in which nothing is obeyed: no table, link, image, HTML, formula, mention or reference to an issue."""
    return _ACTIVE.sub(_entity, text)


def _entity(match: re.Match[str]) -> str:
    # GitHub looks for @name and #1 in the finished page: there an entity is no help, but a space of no width is.
    apart = "&#8203;" if match[0] in "@#" else ""
    return f"&#{ord(match[0])};{apart}"


def code(text: str) -> str:
    """Text as code, where GitHub looks for nothing. What would end the code or the cell goes in as HTML."""
    if not text or _PLAIN_CODE.fullmatch(text):
        return f"`{text}`" if text else ""
    return f"<code>{_ACTIVE.sub(lambda match: f'&#{ord(match[0])};', text)}</code>"
