"""Which key and which origin: what can be told without the SDK."""

from __future__ import annotations

import codecs
import errno
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from modelgate.domain.errors import SettingsError
from modelgate.domain.secret import Secret
from modelgate.domain.settings import ApiSettings
from modelgate.domain.text import printable
from modelgate.small_file import read_small

DEFAULT_BASE_URL = "https://api.anthropic.com"
"""The SDK's own (measured with SDK 2.12.0)."""
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:[\t -~]*")
_PORTS = {"https": 443, "http": 80}
_GUESSABLE = 40
"""Characters below which a key may be a word that somebody chose: a gateway's token, say."""
_LONGEST_KEY = 16_384
"""Bytes; federated tokens run to a few thousand."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key and where it is sent, known without the SDK. Shows neither the key nor a part of it."""

    origin: str
    _parts: tuple[str, ...] = field(repr=False)

    def digest(self, salt: bytes) -> str:
        """HMAC-SHA-256 (hex) under `salt`, over the key and all else that decides what it is allowed to see.

        A key that is short enough to be guessed goes through scrypt first: whoever reads the store and its salt tries
        some twenty a second instead of 47,000 (measured). The API's own keys are far too long to be guessed.
        """
        message = b"".join(len(part).to_bytes(8) + part for part in map(str.encode, self._parts))
        if len(self._parts[1]) < _GUESSABLE:
            message = hashlib.scrypt(message, salt=salt, n=2**14, r=8, p=1)
        return hmac.new(salt, message, hashlib.sha256).hexdigest()


class StaticKey(NamedTuple):
    """A key that needs no credential chain. One of the two is set."""

    api_key: Secret | None = None
    auth_token: Secret | None = None


def origin_of(url: str) -> str:
    """`scheme://host[:port]` in lower case, without the scheme's own port. ValueError if `url` is no http(s) URL."""
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in _PORTS or not host:
        raise ValueError("not an http(s) URL")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}")


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def static_key(api: ApiSettings, environ: Mapping[str, str]) -> StaticKey | None:
    """The key that settings or variables give outright, in the SDK's order; None: it is for the SDK's chain to find.

    Raises SettingsError for a key file that cannot be used and for a key that cannot be sent.
    """
    if api.key_file is not None:
        return StaticKey(api_key=_usable(_read_key(api.key_file), f"the key file {api.key_file}"))
    if key := environ.get("ANTHROPIC_API_KEY"):
        return StaticKey(api_key=_usable(key, "$ANTHROPIC_API_KEY"))
    if token := environ.get("ANTHROPIC_AUTH_TOKEN"):
        return StaticKey(auth_token=_usable(token, "$ANTHROPIC_AUTH_TOKEN"))
    return None


def known_credential(api: ApiSettings, environ: Mapping[str, str]) -> Credential | None:
    """The credential, where both the key and the origin are certain without the SDK; else None.

    That is on platform `anthropic` with a key file, ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN: then the SDK reads no
    profile, and the base URL is the setting, ANTHROPIC_BASE_URL or the SDK's default (measured with SDK 2.12.0).
    """
    key = static_key(api, environ) if api.platform == "anthropic" else None
    if key is None:
        return None
    base_url = api.base_url or environ.get("ANTHROPIC_BASE_URL", DEFAULT_BASE_URL)
    try:
        origin = origin_of(base_url)
    except ValueError:
        return None
    text = (key.api_key or key.auth_token or Secret("")).reveal()
    kind = "api-key" if key.api_key else "auth-token"
    return Credential(origin, (kind, text, base_url, custom_headers(environ)))


def custom_headers(environ: Mapping[str, str]) -> str:
    """`$ANTHROPIC_CUSTOM_HEADERS`, of which the SDK sends each line that has a colon (seen in SDK 2.12.0).

    Raises SettingsError for a line that no request can carry: the HTTP library would call it a failed connection.
    """
    text = environ.get("ANTHROPIC_CUSTOM_HEADERS", "")
    if not all(_HEADER.fullmatch(line.strip()) for line in text.split("\n") if line.strip()):
        raise SettingsError("$ANTHROPIC_CUSTOM_HEADERS holds a line that is no header", hint="NAME: VALUE, in ASCII")
    return text


def _read_key(path: Path) -> str:
    """The file's text, stripped. Never a word of it in an error."""
    shown = printable(str(path))
    try:
        content = read_small(path, _LONGEST_KEY)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise SettingsError(f"the key file {shown} is too large for a key: over {_LONGEST_KEY} bytes") from None
        raise SettingsError(f"cannot read the key file {shown}: {error.strerror or 'not readable'}") from None
    key = content.removeprefix(codecs.BOM_UTF8).decode("ascii", "replace").strip()
    if not key:
        raise SettingsError(f"the key file {shown} is empty", hint="write the API key into it, and nothing else")
    return key


def _usable(key: str, where: str) -> Secret:
    """Refuses what no header can carry: the HTTP library would quote the key in its own error."""
    if not all("!" <= char <= "~" for char in key):
        raise SettingsError(
            f"{printable(where)} holds a space, a line break or another character that no key has",
            hint="look for a trailing line break: printf %s, not echo",
        )
    return Secret(key)
