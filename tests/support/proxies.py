"""A proxy before PostgreSQL's socket that cuts, swallows or hangs connections where a test says."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote

Act = Literal["pass", "cut", "hang"]
FAREWELL = b"X\0\0\0\4"
"""PostgreSQL's Terminate: who says it has all answers, and waits for none."""


@dataclass
class Plan:
    """What happens to the messages between client and server, in the order in which they pass.

    `at` counts the pieces that pass in one direction, beginning with 0, over all connections. From that piece on, or at
    that piece alone with `once`, the connection is cut before the piece is delivered, or hangs for good. A farewell is
    no piece: whether it passes before the test looks is chance.
    """

    act: Act = "pass"
    direction: Literal["up", "down"] = "up"
    at: int = 0
    once: bool = True
    word: bytes = b""
    """If given, only pieces that hold it count."""
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def decide(self, direction: str, piece: bytes) -> Act:
        """What to do with the next piece."""
        with self.lock:
            if self.act == "pass" or direction != self.direction or self.word not in piece or piece == FAREWELL:
                return "pass"
            self.seen += 1
            due = self.seen - 1 == self.at if self.once else self.seen - 1 >= self.at
            return self.act if due else "pass"


@contextlib.contextmanager
def proxied(upstream: Path, folder: Path, plan: Plan) -> Iterator[Path]:
    """The folder of a socket that leads to the one in `upstream`, by way of `plan`."""
    name = ".s.PGSQL.5432"
    open_sockets: list[socket.socket] = []

    def pump(source: socket.socket, target: socket.socket, direction: str) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                act = plan.decide(direction, piece)
                if act == "hang":
                    return
                if act == "cut":
                    break
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(upstream / name))
                open_sockets.extend([client, server])
                for arguments in ((client, server, "up"), (server, client, "down")):
                    threading.Thread(target=pump, args=arguments, daemon=True).start()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / name))
        listener.listen(128)
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield folder
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for each in open_sockets:
                each.close()


def through(url: str, folder: Path) -> str:
    """`url` by way of the socket in `folder`."""
    return f"{url.partition('?')[0]}?host={quote(str(folder), safe='')}"
