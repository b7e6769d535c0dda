"""Who gets the password of the store: a server on loopback that refuses TLS and asks for it in the clear."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from support.databases import opened

from modelgate.domain.errors import StoreProblem
from modelgate.store.server import is_unencrypted

PASSWORD = "canary-4711"
_TLS, _REFUSED = 80877103, b"N"
_ASKS_IN_THE_CLEAR = b"R" + struct.pack("!II", 8, 3)


@dataclass
class Thief:
    """What answers like PostgreSQL until it has the password."""

    port: int
    heard: bytearray = field(default_factory=bytearray)
    clients: int = 0


@pytest.fixture
def thief() -> Iterator[Thief]:
    """It listens while the test runs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Thief(server.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(server, found), daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(server: socket.socket, thief: Thief) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            client.settimeout(5)
            thief.clients += 1
            try:
                _steal(client, thief)
            except OSError:
                continue


def _steal(client: socket.socket, thief: Thief) -> None:
    while piece := client.recv(65536):
        thief.heard += piece
        is_request = len(piece) == 8 and struct.unpack("!II", piece)[1] == _TLS
        client.sendall(_REFUSED if is_request else _ASKS_IN_THE_CLEAR)
        if PASSWORD.encode() in piece:
            return


@pytest.mark.parametrize("more", ["", "?sslmode=prefer", "?sslmode=disable", "?sslmode=allow", "?sslmode=require"])
def test_a_password_is_not_given_where_the_server_is_not_known(thief: Thief, more: str) -> None:
    """Whatever the URL says short of verified TLS: the store cannot be asked, and the password stays here."""
    with pytest.raises(StoreProblem) as told:
        opened(f"postgresql://gate:{PASSWORD}@127.0.0.1:{thief.port}/store{more}", seconds=2)
    assert told.value.problem.check == "store.unreachable"
    assert (thief.clients > 0, PASSWORD.encode() in thief.heard) == (True, False)
    assert PASSWORD not in f"{told.value} {told.value.problem}"


def test_who_means_it_says_so_in_the_url(thief: Thief) -> None:
    """`require_auth=password` is the way for a server that knows no other."""
    with pytest.raises(StoreProblem):
        opened(f"postgresql://gate:{PASSWORD}@127.0.0.1:{thief.port}/store?require_auth=password", seconds=2)
    assert PASSWORD.encode() in thief.heard


def test_the_refusal_says_what_to_do(thief: Thief) -> None:
    """The hint names verified TLS, and the word for who means it."""
    with pytest.raises(StoreProblem) as told:
        opened(f"postgresql://gate:{PASSWORD}@127.0.0.1:{thief.port}/store", seconds=2)
    assert "sslmode=verify-full" in told.value.hint


@pytest.mark.parametrize(
    ("host", "address", "tls", "told"),
    [
        ("db.internal", "10.0.0.7", False, True),
        ("db.internal", "10.0.0.7", True, False),
        ("localhost", "127.0.0.1", False, False),
        ("::1", "::1", False, False),
        ("/var/run/postgresql", "", False, False),
        ("@socket", "", False, False),
        ("db", "fe80::1%eth0", False, True),
        ("db", "", False, True),  # libpq does not say: others may read
    ],
)  # fmt: skip
def test_what_others_may_read_is_told(host: str, address: str, tls: bool, told: bool) -> None:
    """Beyond loopback and sockets, without TLS: `store.unencrypted`."""
    assert is_unencrypted(host=host, address=address, tls=tls) is told
