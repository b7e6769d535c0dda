"""Failures below HTTP: nobody there, no such name, no trust, a proxy in between."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from scene import DATABASES, VERBS, Place, reasons
from support.fault_server import FaultServer

from modelgate.domain.findings import Level
from modelgate.domain.settings import Verb

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
Network = Callable[[pytest.MonkeyPatch], AbstractContextManager[str]]


def _url(url: str, proxy: str = "") -> Network:
    @contextlib.contextmanager
    def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        if proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        yield url

    return network


def _tls(name: str, *, trusted: bool, days: int = 30) -> Network:
    """A server with a certificate for `name`, good for so many more days, of an authority that is trusted or not."""

    @contextlib.contextmanager
    def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, not_after=datetime.now(UTC) + timedelta(days=days)).configure_cert(context)
        with FaultServer(tls=context) as server, authority.cert_pem.tempfile() as bundle:
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", bundle)
            yield server.base_url

    return network


@contextlib.contextmanager
def _no_tls(_: pytest.MonkeyPatch) -> Iterator[str]:
    with FaultServer(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:  # else it waits for the end of a line
        yield server.base_url.replace("http:", "https:")


def _proxy(answers: bytes) -> Network:
    """A proxy that answers every CONNECT with this."""

    @contextlib.contextmanager
    def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    with listener.accept()[0] as client:
                        client.recv(65536)
                        client.sendall(answers)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, daemon=True).start()
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
            yield "https://api.invalid"

    return network


NETWORKS: dict[str, tuple[Network, str]] = {
    "refused": (_url("http://127.0.0.1:9"), "refused"),
    "no-such-name": (_url("https://api.invalid"), "cannot be resolved"),
    "certificate-of-nobody": (_tls("127.0.0.1", trusted=False), "certificate is not valid"),
    "certificate-of-another": (_tls("example.org", trusted=True), "certificate is not valid"),
    "certificate-expired": (_tls("127.0.0.1", trusted=True, days=-1), "certificate is not valid"),
    "no-tls": (_no_tls, "TLS handshake"),
    "proxy-away": (_url("https://api.invalid", "http://127.0.0.1:9"), "refused"),
    "proxy-wants-password": (_proxy(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n"), "proxy"),
    "proxy-fails": (_proxy(b"HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n"), "proxy"),
    "proxy-hangs-up": (_proxy(b""), "broke off"),
}


def _matrix() -> list[object]:
    """Every network on every database for every verb; the bounded part has each once."""
    combinations = [(database, verb) for database in DATABASES for verb in VERBS]
    return [
        pytest.param(
            name,
            database,
            verb,
            id=f"{name}-{database}-{verb}",
            marks=[pytest.mark.fault("network")] + ([] if number % 4 == place else [pytest.mark.whole]),
        )
        for number, name in enumerate(NETWORKS)
        for place, (database, verb) in enumerate(combinations)
    ]


@pytest.mark.parametrize(("name", "database", "verb"), _matrix())
def test_a_network_that_fails(
    name: str, database: str, verb: Verb, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Could not know, with what failed in words; recorded."""
    for variable in PROXIES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    network, cause = NETWORKS[name]
    with network(monkeypatch) as base_url:
        scene = place.scene(database, base_url, deadline_seconds=4)
        report = scene.run(verb)
    (finding,) = reasons(report)
    assert (report.exit_code, finding.id, finding.level) == (3, "api.unreachable", Level.UNKNOWN)
    assert cause in finding.message
    assert report.audit_head is not None
    assert scene.is_whole()
