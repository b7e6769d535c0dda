"""Running a sandbox: `Sandbox` in a thread of this process, `serve` as the whole of one."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from types import TracebackType

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from modelgate.domain.errors import ModelgateError, UsageError
from modelgate.sandbox.app import build_app
from modelgate.sandbox.control_client import SandboxControl

HOST = "127.0.0.1"
API_KEY = "sandbox-key"
"""A key to send to a sandbox; a fresh one accepts any."""

_START_SECONDS = 30
_STOP_SECONDS = 5


class _Connections:
    """The open connections by the client's address, so that one can be cut."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        connections = self._open

        class Tracked(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its base does
                super().connection_made(transport)
                connections[transport.get_extra_info("peername")[:2]] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    connections.pop(self.client, None)
                super().connection_lost(exc)

        return Tracked

    def cut(self, scope: Scope) -> None:
        transport = self._open.get(tuple(scope["client"]))
        if transport is not None:
            transport.abort()

    def cut_all(self) -> None:
        for transport in list(self._open.values()):
            transport.abort()


class _Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready, and stops at once, waiting for no client and no timer."""

    def __init__(self, on_ready: Callable[[], None]) -> None:
        self._connections = _Connections()
        config = uvicorn.Config(
            build_app(self._connections.cut),
            http=self._connections.protocol(),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,  # `front` tells the sandbox's own time
            timeout_keep_alive=75,
        )
        super().__init__(config)
        self._on_ready = on_ready
        self._halted: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._halted = asyncio.Event()
        self._on_ready()
        ticking, halted = asyncio.create_task(super().main_loop()), asyncio.create_task(self._halted.wait())
        await asyncio.wait({ticking, halted}, return_when=asyncio.FIRST_COMPLETED)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self._connections.cut_all()
        for listening in sockets or []:
            listening.close()

    def halt(self) -> None:
        """Stop, from any thread."""
        if self._loop is not None and self._halted is not None:
            self._loop.call_soon_threadsafe(self._halted.set)


def _listen(port: int) -> socket.socket:
    """A bound socket; asyncio sets TCP_NODELAY only on one made with IPPROTO_TCP; without it answers take 40 ms."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(f"cannot listen on {HOST}:{port}: {error}", hint="choose another --port, or 0") from None
    return listening


class Sandbox(SandboxControl):
    """A sandbox in a daemon thread of this process: `with Sandbox() as sandbox: … sandbox.url …`.

    `port` 0 takes a free one. The controls are methods, and go over HTTP as for a sandbox elsewhere. Raises
    UsageError if the port cannot be had.
    """

    def __init__(self, port: int = 0) -> None:
        self._listening = _listen(port)
        super().__init__(f"http://{HOST}:{self._listening.getsockname()[1]}")
        self._ready = threading.Event()
        self._server = _Server(self._ready.set)
        self._thread = threading.Thread(target=self._run, name="modelgate-sandbox", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._listening])

    def start(self) -> None:
        """Serve; returns once requests are answered."""
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise ModelgateError(f"the sandbox did not start within {_START_SECONDS} seconds")

    def stop(self) -> None:
        """Stop at once: open connections are cut."""
        self._server.halt()
        self._thread.join(_STOP_SECONDS)

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _say(line: str) -> None:
    print(line, flush=True)


def serve(port: int, announce: Callable[[str], None] = _say) -> None:
    """Serve in the foreground until SIGINT or SIGTERM, which is then delivered to whoever handled it before.

    `announce` gets the lines that say where the sandbox is and how to use it, once it answers. Raises UsageError
    if the port cannot be had.
    """
    listening = _listen(port)
    url = f"http://{HOST}:{listening.getsockname()[1]}"

    def ready() -> None:
        announce(f"sandbox of the Claude API at {url}, Ctrl-C stops it; its controls are under {url}/_sandbox/")
        announce(f"export ANTHROPIC_BASE_URL={url}")
        announce(f"export ANTHROPIC_API_KEY={API_KEY}")

    _Server(ready).run(sockets=[listening])
