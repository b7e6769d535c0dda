"""Hostile text made harmless: what strangers wrote is shown, never obeyed."""

from __future__ import annotations

import unicodedata

_DANGEROUS = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
LONGEST = 200


def printable(text: str, limit: int = LONGEST) -> str:
    r"""`text` on one line, with control, format and surrogate characters as `\x1b` or `\u202e`, cut at `limit`."""
    cut = text[:limit]
    shown = (
        cut
        if cut.isprintable()
        else "".join(_escape(char) if unicodedata.category(char) in _DANGEROUS else char for char in cut)
    )
    return f"{shown}…" if len(text) > limit else shown


def short(text: str, width: int) -> str:
    """`text` made harmless, in at most `width` characters: escapes make it longer, so it is cut after them."""
    shown = printable(text, limit=width)
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"


def _harmless(char: str) -> str:
    return _escape(char) if unicodedata.category(char) in _DANGEROUS else char


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def storable(text: str) -> str:
    r"""`text` as any database takes it: NUL and lone surrogates as `\x00` and `\ud800`, all else as it is."""
    if text.isascii() and "\0" not in text:
        return text
    return "".join(_escape(c) if c == "\0" or unicodedata.category(c) == "Cs" else c for c in text)


def did_you_mean(name: str, known: list[str]) -> str:
    """The nearest of `known` names, or an empty text if none is near."""
    import difflib

    return next(iter(difflib.get_close_matches(name[:LONGEST], known, n=1, cutoff=0.6)), "")
