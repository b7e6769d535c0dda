"""A Models API on loopback, made of raw sockets, that can break at one call. `faults` has the ways to break."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

CALLS = ("list", "retrieve", "retired")
"""The calls a gate makes: the list, `retrieve` of an alias, the list of retired models."""
CANONICAL, ALIAS, ALIAS_ID, RETIRED = "claude-sonnet-4-6", "claude-haiku-4-5", "claude-haiku-4-5-20251001", "claude-2.1"
REQUEST_ID = "req_011CdeLVBnxFhKCgRGu6DHqy"
MEGABYTE = 2**20


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def call(self) -> str:
        """Which of `CALLS` it is, or `batches`."""
        if self.target.startswith("/v1/messages/batches"):
            return "batches"
        if self.target.startswith("/v1/models/"):
            return "retrieve"
        return "retired" if "lifecycle" in self.target else "list"


@dataclass
class Wire:
    """The server's end of one connection."""

    socket: socket.socket
    stopped: threading.Event
    request: Request
    whole: bool = False
    """Whether the answer is complete, so that the connection may go on."""

    def send(self, data: bytes) -> None:
        """Writes all of it."""
        self.socket.sendall(data)

    def answer(self, status: int, body: object, **headers: str) -> None:
        """Writes a whole answer, as `answer` makes it."""
        self.whole = True
        self.send(answer(status, body, **headers))

    def hang(self) -> None:
        """Says nothing until the server stops."""
        self.stopped.wait(60)

    def drip(self, data: bytes) -> None:
        """Writes a byte every 20 ms until the server stops: each arrives before any read times out."""
        for position in range(3000):
            if self.stopped.wait(0.02):
                return
            self.send(data[position % len(data) : position % len(data) + 1])

    def reset(self) -> None:
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Play = Callable[[Wire], None]


@dataclass(frozen=True)
class Fault:
    """One way to break, and what must come of it."""

    name: str
    play: Play
    check: str = "api.untrusted-answer"
    graceable: bool = False
    lasting: bool = False
    """Whether the gate tries until its deadline: worth a short one in tests."""
    request_id: bool = False
    calls: tuple[str, ...] = CALLS


def model(model_id: str, **facts: object) -> dict[str, object]:
    """An entry of the Models API."""
    return {
        "type": "model",
        "id": model_id,
        "display_name": model_id,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "deprecated_at": None,
        "retires_at": None,
        "line": None,
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "capabilities": {"batch": {"supported": True}},
    } | facts


def page(*entries: dict[str, object], **facts: object) -> dict[str, object]:
    """A page of the list."""
    ids = [entry["id"] for entry in entries] or [None]
    return {"data": list(entries), "has_more": False, "first_id": ids[0], "last_id": ids[-1]} | facts


def error(kind: str, message: str = "no", **details: object) -> dict[str, object]:
    """An error of the API's own shape."""
    told = {"type": kind, "message": message} | ({"details": details} if details else {})
    return {"type": "error", "error": told, "request_id": REQUEST_ID}


def answer(status: int, body: object, **headers: str) -> bytes:
    """A whole HTTP/1.1 answer; `body` is sent as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/json" if not isinstance(body, bytes) or body[:1] in b"{[" else "text/html"
    fields = {"content-type": kind, "content-length": str(len(content)), "request-id": REQUEST_ID}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + content


def healthy(request: Request) -> bytes:
    """What an API that works answers."""
    if request.call == "list":
        return answer(200, page(model(CANONICAL), model(ALIAS_ID)))
    if request.call == "retired":
        return answer(200, page(model(RETIRED, lifecycle="retired")))
    name = request.target.rsplit("/", 1)[1]
    if name in {ALIAS, ALIAS_ID, CANONICAL}:
        return answer(200, model(ALIAS_ID if name == ALIAS else name))
    return answer(404, error("not_found_error", f"model: {name}"))


@dataclass
class FaultServer:
    """A Models API on loopback that plays `fault` at the call `at`, and answers all else well. It ends by itself."""

    fault: Fault | None = None
    at: str = "list"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None
    greeting: bytes = b""
    """Sent to whoever connects, before anything is read: no HTTP, no TLS."""

    def __enter__(self) -> FaultServer:
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.base_url = f"http{'s' if self.tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            connection.sendall(self.greeting)
            with connection, connection.makefile("rb") as reader:
                while (request := _read(reader)) and not self._stopped.is_set():
                    self.requests.append(request)
                    if self.fault is None or request.call != self.at:
                        connection.sendall(healthy(request))
                        continue
                    wire = Wire(connection, self._stopped, request)
                    self.fault.play(wire)
                    if not wire.whole:
                        return
        except OSError:
            return  # the gate hung up


def _read(reader: Any) -> Request | None:
    first = reader.readline(65_536).decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := reader.readline(65_536).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    reader.read(int(headers.get("content-length", 0)))
    return Request(first[0], first[1], headers)
