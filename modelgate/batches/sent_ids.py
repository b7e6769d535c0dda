"""The `custom_id`s that the API is sent: the job's own, so that results prove whose they are. Pure.

A token of 128 random bits stands in the job's row; with the number of the request it is what is sent, and what callers
call the request never leaves the house. Jobs that an older version began send the callers' own.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from modelgate.domain.text import printable

TOKEN_BYTES = 16


def new_token() -> str:
    """128 random bits, in hexadecimal."""
    return secrets.token_hex(TOKEN_BYTES)


@dataclass(frozen=True)
class SentIds:
    """What the requests of one job are called at the API. `token` None: as their caller calls them."""

    token: str | None

    def of(self, position: int, custom_id: str) -> str:
        """What the request at `position`, counted from 1, is sent as."""
        return f"{self.token}-{position}" if self.token else custom_id

    def position(self, sent: str) -> int | None:
        """The position that a `custom_id` names; None if it is not one of these. Only where there is a token."""
        token, _, number = sent.rpartition("-")
        is_number = number.isascii() and number.isdecimal() and not number.startswith("0") and len(number) < 19
        return int(number) if token == self.token and is_number else None

    def mapped(self, row: bytes, custom_id: Callable[[int], str | None]) -> bytes:
        """A row of results with its caller's `custom_id`s; they stand in texts of JSON alone, and stay ASCII there."""

        def theirs(found: re.Match[bytes]) -> bytes:
            name = custom_id(int(found[1]))
            return found[0] if name is None else json.dumps(name)[1:-1].encode()

        return self._pattern.sub(theirs, row) if self.token else row

    def told(self, text: str, custom_id: Callable[[int], str | None]) -> str:
        """A message of the API with its caller's `custom_id`s, harmless."""

        def theirs(found: re.Match[bytes]) -> bytes:
            return printable(custom_id(int(found[1])) or found[0].decode(), 60).encode()

        return self._pattern.sub(theirs, text.encode("utf-8", "replace")).decode() if self.token else text

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(re.escape(self.token or "").encode() + rb"-([1-9][0-9]{0,17})(?![0-9])")
