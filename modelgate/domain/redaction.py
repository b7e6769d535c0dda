"""What an API's own words may repeat and nobody else may read: credentials and prompts, taken out again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from modelgate.domain.text import printable

LONGEST = 300
"""Characters of a reason that are shown."""
_SHORTEST_SECRET = 4
_WINDOW = 12
"""So many characters in a row that stand in a prompt as well are taken for a part of it."""
_WITH_PROMPTS = ("messages", "system", "tools", "metadata", "mcp_servers", "container", "stop_sequences")
"""The parameters whose texts are the application's own."""
_NAMES = ("type", "role", "media_type")
"""Keys whose values are the API's words."""


def redacted(text: str, secrets: Iterable[str], prompts: Collection[str]) -> str:
    """`text` in one harmless line, `***` in place of each secret and of whatever it repeats of the prompts."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    cut = text[: LONGEST + 1]
    repeated = [False] * len(cut)
    for start in range(len(cut) - _WINDOW + 1):
        window = cut[start : start + _WINDOW]
        if any(window in prompt for prompt in prompts):
            repeated[start : start + _WINDOW] = [True] * _WINDOW
    kept = (
        "***" if hidden and not (at and repeated[at - 1]) else "" if hidden else char
        for at, (char, hidden) in enumerate(zip(cut, repeated, strict=True))
    )
    return printable("".join(kept), LONGEST)


def prompts_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Every text of a request that is the application's own."""
    return tuple(text for name in _WITH_PROMPTS for text in _texts(body.get(name)) if len(text) >= _WINDOW)


def _texts(value: object) -> Iterator[str]:
    """Every text in a value, however deep; what is not a text, a list or an object has none."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            yield here
        elif isinstance(here, Mapping):
            waiting += [inner for key, inner in here.items() if key not in _NAMES]
        elif isinstance(here, list):
            waiting += here
