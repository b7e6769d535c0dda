"""One POST to an address that is a secret, through a proxy where the usual variables name one."""

from __future__ import annotations

import http.client
import ssl
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from modelgate.domain.secret import Secret
from modelgate.domain.text import printable
from modelgate.version import VERSION

SECONDS = 10.0
"""For one attempt, from the name server to the last byte."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a digest."""

    problem: str = ""
    """Empty: it was taken."""
    certain: bool = True
    """Whether it is known that it was not taken: the answer may have been lost."""
    wait: float | None = None
    """Seconds after which to try again; None: that is of no use."""


def post(url: Secret, body: bytes, headers: dict[str, str]) -> Sent:
    """One attempt. Redirects are not followed: whoever owns the address said where it is."""
    parts = urlsplit(url.reveal())
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"Content-Type": "application/json", "User-Agent": f"modelgate/{VERSION}", **headers}
    connection, connected = _connection(parts), False
    shown = printable(parts.hostname or "", 60)
    try:
        connection.connect()
        connected = True
        connection.request("POST", path, body, sent)
        answer = connection.getresponse()
        answer.read(1000)
    except (OSError, http.client.HTTPException) as error:
        return Sent(f"{shown}: {type(error).__name__}", certain=not connected, wait=1.0)
    finally:
        connection.close()
    if 200 <= answer.status < 300:
        return Sent()
    again = answer.status == 429 or answer.status >= 500
    wait = _wait(answer.headers.get("Retry-After")) if again else None
    return Sent(f"{shown}: HTTP {answer.status}", certain=answer.status < 500, wait=wait)


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    """Not made yet. Plain HTTP is for loopback alone, which no proxy leads to."""
    host = parts.hostname or ""
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
    context, proxy = ssl.create_default_context(), _proxy(parts)
    if proxy is None:
        return http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=context)
    tunnel = http.client.HTTPSConnection(proxy.hostname or "", proxy.port or 80, timeout=SECONDS, context=context)
    told = {}
    if proxy.username is not None:
        named = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        told["Proxy-Authorization"] = f"Basic {b64encode(named.encode()).decode()}"
    tunnel.set_tunnel(host, parts.port, told)
    return tunnel


def _proxy(parts: SplitResult) -> SplitResult | None:
    """As `HTTPS_PROXY` and `NO_PROXY` say, or the same in lower case."""
    from urllib.request import getproxies, proxy_bypass

    address = getproxies().get("https", "")
    if not address or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return urlsplit(address if "://" in address else f"http://{address}")


def _wait(told: str | None) -> float:
    return float(told) if told and told.isdecimal() and len(told) < 9 else 1.0
