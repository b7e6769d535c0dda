"""A long road to PostgreSQL's socket: each round trip takes its time and is counted, and what was asked is kept."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

NAME = ".s.PGSQL.5432"
READY = b"Z\0\0\0\5"
"""The end of an answer: the server is ready for the next question."""
_WORDS = re.compile(rb"(BEGIN|COMMIT|ROLLBACK|SET LOCAL|SELECT|INSERT INTO|DELETE FROM|UPDATE|WITH)[ -~\n]*")


@dataclass
class Road:
    """What passed, connection by connection."""

    seconds: float = 0.0
    """That one round trip takes longer by."""
    connections: list[list[bytes]] = field(default_factory=list)
    """Of each connection the round trips once it was made: what the client sent before it waited."""
    waited: float = 0.0
    """Seconds that clients waited for answers once their connections were made."""
    open_now: int = 0
    """Connections that are open."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def trips(self) -> list[bytes]:
        """All of them."""
        return [trip for connection in self.connections for trip in connection]

    @property
    def asked(self) -> list[bytes]:
        """Those that asked or told something beside beginning and ending a transaction."""
        return [trip for trip in self.trips if not re.fullmatch(rb"[A-Z]\0\0\0.(COMMIT|ROLLBACK)\0", trip, re.DOTALL)]

    def forget(self) -> None:
        """Counts from nothing again."""
        self.connections.clear()
        self.waited = 0.0

    def told(self) -> list[str]:
        """The statements of each round trip, for people."""
        return ["; ".join(each.decode()[:60] for each in _statements(trip)) for trip in self.trips]


def _statements(trip: bytes) -> list[bytes]:
    return [match[0].replace(b"\n", b" ") for match in _WORDS.finditer(trip)]


@contextlib.contextmanager
def long_road(upstream: Path, folder: Path, road: Road) -> Iterator[Path]:
    """The folder of a socket that leads to the one in `upstream`."""

    def drive(client: socket.socket) -> None:
        """One connection: what the client sends until it waits is one round trip."""
        with socket.socket(socket.AF_UNIX) as server, client:
            server.connect(str(upstream / NAME))
            trips: list[bytes] = []
            with road.lock:
                road.connections.append(trips)
                road.open_now += 1
            ready = threading.Event()
            waits, since = [True], [0.0]

            def back() -> None:
                tail = b""
                with contextlib.suppress(OSError):
                    while piece := server.recv(1 << 20):
                        answered, tail = READY in tail + piece, piece[-len(READY) :]
                        with road.lock:  # before the client can go on
                            if ready.is_set() and answered and not waits[0]:
                                road.waited += time.monotonic() - since[0]
                            # A part of an answer ends no round trip: on a busy machine it overtakes what is still sent.
                            waits[0] = waits[0] or answered or not ready.is_set()
                            if answered:
                                ready.set()
                        client.sendall(piece)
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

            threading.Thread(target=back, daemon=True).start()
            with contextlib.suppress(OSError):
                while piece := client.recv(1 << 20):
                    if piece.startswith(b"X\0\0\0\4"):  # good-bye
                        server.sendall(piece)
                        continue
                    if waits[0]:
                        since[0], waits[0] = time.monotonic(), False
                        time.sleep(road.seconds)
                        if ready.is_set():
                            trips.append(b"")
                    if ready.is_set() and trips:
                        trips[-1] += piece
                    server.sendall(piece)
            with road.lock:
                road.open_now -= 1
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=drive, args=(client,), daemon=True).start()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / NAME))
        listener.listen(128)
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield folder
        finally:
            listener.shutdown(socket.SHUT_RDWR)
