"""A receiver of notices on loopback: it keeps what it took, and fails as it is told."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What stands at the other end of a webhook."""

    def __init__(self, port: int, speaks: str = "json") -> None:
        self.speaks, self.port = speaks, port
        self.url = f"http://127.0.0.1:{port}/hook?token=not-for-eyes"
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.lost: list[bool] = []
        """Of each body, whether its answer was lost."""
        self.answers: list[int | str] = []
        """What the next requests get: a status, `lose` (taken, but no answer), `hang`, `reset` or `slow`; then 200."""
        self.retry_after = "1"
        """What a 429 asks for."""
        self.leave = threading.Event()

    @property
    def documents(self) -> list[dict[str, Any]]:
        """What it took, or lost after taking it."""
        return [json.loads(body) for body in self.bodies]

    def notices(self) -> list[tuple[str, str, str, str]]:
        """Kind, check, slot and model of each notice of each digest."""
        found = [notice for document in self.documents for notice in document["notices"]]
        return [(n["kind"], n["check_id"], n["slot"], n["model_id"]) for n in found]


@contextmanager
def receiver(speaks: str = "json", tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Such a receiver, for as long as the block lasts: of the webhook, or of `slack`; behind TLS, or not."""

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # of a connection that it reset itself
                super().handle()

        def finish(self) -> None:
            with suppress(OSError, ValueError):  # as above
                super().finish()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = kept.answers.pop(0) if kept.answers else 200
            if answer == "hang":
                kept.leave.wait(60)
                return
            if answer == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            if answer == "slow":
                kept.leave.wait(2)
                answer = 200
            if answer in (200, "lose"):
                kept.lost.append(answer == "lose")
                kept.bodies.append(body)
                kept.headers.append(dict(self.headers))
            if answer == "lose":
                self.close_connection = True
                return
            self.send_response(int(answer))
            self.send_header("Content-Length", "0")
            if answer == 302:
                self.send_header("Location", kept.url)
            if answer == 429:
                self.send_header("Retry-After", kept.retry_after)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:  # whoever never ends his handshake holds back his own thread, not the door
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    kept = Receiver(server.server_address[1], speaks)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.leave.set()
        server.shutdown()
        server.server_close()
