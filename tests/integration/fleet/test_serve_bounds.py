"""What `serve` cannot do, whoever asks: write, tell a token by time, or keep copies for slow readers."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from support.databases import PostgreSQL
from support.ledger import AUTHOR
from support.roles import store_with_roles
from support.sites import Site
from support.watching import running

from modelgate.domain.errors import StoreProblem
from modelgate.domain.notices import RESERVED, TellingRow
from modelgate.domain.secret import Secret
from modelgate.fleet.answers import Drawn, Packed
from modelgate.fleet.connections import MOST, Connection
from modelgate.fleet.fleet import open_whole
from modelgate.fleet.guard import Guard
from modelgate.fleet.picture import Gallery
from modelgate.fleet.site import app
from modelgate.gate.context import prepare

TOKEN = "0123456789abcdef0123456789abcdef"
LARGE = 30 * 2**20


def asked(guard: Guard, path: str, **headers: str) -> tuple[int, str]:
    """Status and body of one answer, without a server between."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    told = [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), *told], "http_version": "1.1", "scheme": "http", "root_path": "",
    }  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent).decode()


def test_the_connection_itself_cannot_write(site: Site) -> None:
    """Also of the store's owner: neither a row nor a lease."""
    running(site)
    before = site.store().head(site.scope())
    store = open_whole(prepare(site.environ, config_dir=site.folder, clock=site.clock, anywhere=True))
    with pytest.raises(StoreProblem):
        store.append(RESERVED, AUTHOR, [TellingRow("x", "dig_1", 0, 0)], now=site.clock.now())
    with pytest.raises(StoreProblem):
        store.take_lease("w", "me", 9)
    assert (site.store().head(site.scope()), site.store().head(RESERVED), site.store().lease("w")) == (
        before,
        None,
        None,
    )


def test_a_role_that_may_only_select_is_enough_for_every_page(postgresql: PostgreSQL, file_site: Site) -> None:
    """`modelgate_reader`, as docs/postgresql.md makes it."""
    site, url_as = file_site, store_with_roles(postgresql)
    site.environ["MODELGATE_DATABASE_URL"] = url_as("modelgate_operator")
    running(site)
    run_id = site.preflight().run_id
    site.environ["MODELGATE_DATABASE_URL"] = url_as("modelgate_reader")
    context = prepare(site.environ, config_dir=site.folder, clock=site.clock, anywhere=True)
    pages = app(Gallery(context), None)
    for path in (
        "/",
        "/service/checkout/prod",
        f"/run/{run_id}",
        "/model?id=x",
        "/retirements",
        "/metrics",
        "/api/fleet",
    ):
        assert (path, asked(pages, path)[0]) == (path, 200)


def test_a_store_that_was_away_is_shown_again(file_site: Site) -> None:
    """The last picture stays and says why it is old; pages that ask the store are 503; then all is as before."""
    running(file_site)
    context = prepare(file_site.environ, config_dir=file_site.folder, clock=file_site.clock, anywhere=True)
    gallery = Gallery(context)
    pages, file = app(gallery, None), file_site.folder / "modelgate.db"
    file.rename(file.with_suffix(".away"))
    gallery.renew()
    status, body = asked(pages, "/")
    for words in ("since then it cannot be read", "there is no audit store", "checkout/prod"):
        assert (status, words, words in body) == (200, words, True)
    assert asked(pages, "/service/checkout/prod")[0] == 503
    file.with_suffix(".away").rename(file)
    gallery.renew()
    assert (gallery.problem, asked(pages, "/service/checkout/prod")[0]) == ("", 200)


@pytest.mark.parametrize(
    "presented", ["", "Bearer", "Bearer x", f"Bearer {TOKEN[:-1]}x", f"Bearer {TOKEN}", f"Basic {TOKEN}"]
)
def test_a_token_is_compared_in_constant_time(presented: str) -> None:
    """Whatever is presented, `hmac.compare_digest` decides: how much of it is right takes no time of its own."""
    called: list[object] = []

    def watching(_frame: FrameType, event: str, argument: object) -> None:
        if event == "c_call":
            called.append(argument)

    inner = Starlette(routes=[Route("/", lambda _: PlainTextResponse("in"))])
    guard = Guard(inner, Secret(TOKEN))
    headers = {"Authorization": presented} if presented else {}
    sys.setprofile(watching)
    try:
        status, _ = asked(guard, "/", **headers)
    finally:
        sys.setprofile(None)
    assert (status, called.count(hmac.compare_digest)) == (
        200 if presented.endswith(TOKEN) and "Bearer" in presented else 401,
        1,
    )


@contextmanager
def serving(application: Any) -> Iterator[int]:
    """The application on loopback, with the connections of `serve`."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(application, http=Connection, ws="none", log_level="error", limit_concurrency=2 * MOST)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield int(listening.getsockname()[1])
        server.should_exit = server.force_exit = True
        thread.join(30)


KEPT = {"as it is": lambda: Drawn(b"x" * LARGE), "compressed": lambda: Packed(gzip.compress(b"x" * LARGE))}


@pytest.mark.parametrize("kept", KEPT)
def test_slow_readers_have_no_copy_kept_for_them(kept: str) -> None:
    """A hundred of them that ask for thirty megabytes and read nothing: not even ten of those are held in memory."""
    answer = KEPT[kept]()
    with serving(Starlette(routes=[Route("/", lambda _: answer)])) as port:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        for each in slow:
            each.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for each in slow:
            assert each.recv(8).startswith(b"HTTP/1.1")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        whole = slow[0]
        whole.settimeout(60)
        read = 0
        while read < LARGE:
            read += len(whole.recv(2**20))
        for each in slow:
            each.close()
    assert grown < 10 * LARGE / 2**20


@pytest.mark.parametrize("kept", KEPT)
def test_nothing_is_made_for_a_reader_who_has_left(kept: str) -> None:
    """He asked for thirty megabytes and is gone: the rest is neither unpacked nor sent."""
    heard = [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]
    sent: list[int] = []

    async def receive() -> dict[str, Any]:
        return heard.pop(0)

    async def send(message: Any) -> None:
        sent.append(len(message.get("body", b"")))

    asyncio.run(KEPT[kept]()({"type": "http", "headers": []}, receive, send))
    assert sum(sent) < LARGE / 10
