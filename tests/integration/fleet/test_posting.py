"""A POST through a real proxy to a real TLS server."""

from __future__ import annotations

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from support.receivers import Receiver, receiver

from modelgate.domain.secret import Secret
from modelgate.fleet.posting import Sent, post

HOST = "hooks.example.com"


@dataclass
class Proxy:
    """What it was asked, and where it leads whatever is asked for."""

    port: int
    heads: list[str] = field(default_factory=list)
    status: str = "200 OK"


def _pipe(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextmanager
def proxy_to(target: int) -> Iterator[Proxy]:
    """A proxy that knows CONNECT, on loopback."""
    with ExitStack() as sockets:
        listening = sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
        it = Proxy(listening.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):  # until it is shut down
                while True:
                    client = sockets.enter_context(listening.accept()[0])
                    head = b""
                    while b"\r\n\r\n" not in head:
                        head += client.recv(1)
                    it.heads.append(head.decode())
                    client.sendall(f"HTTP/1.1 {it.status}\r\n\r\n".encode())
                    if it.status != "200 OK":
                        client.close()
                        continue
                    server = sockets.enter_context(socket.create_connection(("127.0.0.1", target)))
                    for pair in ((client, server), (server, client)):
                        threading.Thread(target=_pipe, args=pair, daemon=True).start()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield it
        listening.shutdown(socket.SHUT_RDWR)
        serving.join(10)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    """A receiver behind TLS, whose authority the machine trusts."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with receiver(tls=context) as it:
        yield it


def posted(path: str = "/services/T1?x=1") -> Sent:
    """One attempt."""
    return post(Secret(f"https://{HOST}{path}"), b'{"a": 1}', {})


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_is_asked_as_the_variables_say(monkeypatch: pytest.MonkeyPatch, hook: Receiver, variable: str) -> None:
    """By name and password; the receiver's address goes through it unseen, but for its host."""
    with proxy_to(hook.port) as proxy:
        monkeypatch.setenv(variable, f"http://me:p%40ss@127.0.0.1:{proxy.port}")
        assert (posted(), hook.bodies) == (Sent(), [b'{"a": 1}'])
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT {HOST}:443 ")
    assert b64encode(b"me:p@ss").decode() in head
    assert "services" not in head


def test_a_proxy_that_refuses_took_nothing(monkeypatch: pytest.MonkeyPatch, hook: Receiver) -> None:
    """It is certain that the digest did not arrive."""
    with proxy_to(hook.port) as proxy:
        proxy.status = "407 Proxy Authentication Required"
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
        sent = posted()
    assert (sent.certain, sent.problem, hook.bodies) == (True, f"{HOST}: OSError", [])


def test_no_proxy_is_heeded(monkeypatch: pytest.MonkeyPatch, hook: Receiver) -> None:
    """Then the host is asked itself, which here is no host."""
    with proxy_to(hook.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "example.com")
        sent = posted()
    assert (sent.problem.startswith(f"{HOST}: "), sent.certain, proxy.heads) == (True, True, [])


def test_a_stranger_with_another_certificate_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch, hook: Receiver, tmp_path: Path
) -> None:
    """TLS is verified through the proxy, too."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "another.pem"))
    with proxy_to(hook.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert (posted().problem, hook.bodies) == (f"{HOST}: SSLCertVerificationError", [])
