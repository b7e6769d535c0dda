"""A way to PostgreSQL that breaks after so many connections, as a failing network does."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType


class StoreProxy:
    """Listens on loopback and passes connections on to the server's socket while `left` is not 0."""

    def __init__(self, socket_path: str) -> None:
        self.socket_path = socket_path
        self.left = 10**6
        self.taken = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> StoreProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.left <= 0:
                client.close()
                continue
            self.left -= 1
            self.taken += 1
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.socket_path)
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
