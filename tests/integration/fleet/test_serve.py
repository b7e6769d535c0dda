"""serve, as a process, asked over real HTTP."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.ledger import AUTHOR, NOW
from support.sites import ALIAS, NEW, OLD, Site

from modelgate.domain.rows import ResolutionRow, RunRow, Scope

MODELGATE = str(Path(sys.executable).with_name("modelgate"))
HOSTILE = 'claude-"><script>alert(1)</script><img src=x onerror=alert(1)>'
TOKEN = "0123456789abcdef0123456789abcdef"


def free_port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])


@contextmanager
def served(site: Site, *words: str) -> Iterator[int]:
    """The port of a `modelgate serve`."""
    with serving(site, *words) as (port, _):
        yield port


@contextmanager
def serving(site: Site, *words: str) -> Iterator[tuple[int, int]]:
    """The same, with its process's number."""
    port = free_port()
    environ = {**os.environ, **site.environ}
    process = subprocess.Popen(
        [MODELGATE, "serve", "--port", str(port), *words], cwd=site.folder, env=environ, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                if ask(port, "/healthz")[0] == 200:
                    break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A served store of three environments: fine, held, and one whose names are hostile."""
    from modelgate.sandbox import Sandbox

    with Sandbox() as sandbox:
        folder = tmp_path_factory.mktemp("served")
        site = Site(folder, sandbox, f"sqlite:///{folder}/modelgate.db")
        for environment in ("prod", "staging"):
            site.asks(environment, summarizer=ALIAS, grader="claude-sonnet-4-6")
            site.accept("summarizer", "grader", environment=environment)
            site.preflight(environment)
        sandbox.move_alias(ALIAS, NEW)
        site.accept("summarizer")
        site.preflight()
        site.rollback("summarizer")
        sandbox.deprecate("claude-sonnet-4-6", retires_in_days=20)
        site.preflight()
        run = RunRow("run_x", "preflight", "pass", True, 0, NOW, NOW, f'[{{"slot": {json.dumps(HOSTILE)}}}]')
        row = ResolutionRow("run_x", HOSTILE, HOSTILE, "resolved", HOSTILE, HOSTILE, HOSTILE, 1)
        author = replace(AUTHOR, actor=HOSTILE, host=HOSTILE)
        site.store().append(Scope("evil", "prod"), author, [run, row], now=site.clock.now())
        with served(site) as it:
            yield it


PAGES = {
    "/": "20", "/?q=staging&sort=days%20left": "staging", "/service/checkout/prod": "INC-42",
    f"/model?id={OLD}": OLD, "/retirements": "claude-sonnet-4-6",
}  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_each_page_shows_what_it_is_for(port: int, path: str) -> None:
    """A page of its own, with the fact that somebody came for."""
    status, headers, body = ask(port, path)
    assert (status, headers["content-type"], PAGES[path] in body) == (200, "text/html; charset=utf-8", True)


def test_a_run_is_shown_with_its_findings(port: int) -> None:
    """The link of a service's newest run leads to it."""
    run_id = json.loads(ask(port, "/api/fleet")[2])["slots"][0]["verdicts"]["preflight"]["run_id"]
    body = ask(port, f"/run/{run_id}")[2]
    assert "drift.held" in body


@pytest.mark.parametrize("path", [*PAGES, "/metrics", "/retirements.ics", "/api/fleet", "/style.css", "/nothing"])
def test_headers_stand_on_every_answer(port: int, path: str) -> None:
    """A policy under which no script and nothing from elsewhere loads; nothing is kept, framed or guessed."""
    headers = ask(port, path)[1]
    policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    policy += "frame-ancestors 'none'"
    assert headers["content-security-policy"] == policy
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert (headers["cache-control"], headers["x-frame-options"], "server" in headers) == ("no-store", "DENY", False)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(port: int, method: str) -> None:
    """There is no method that changes anything."""
    assert ask(port, "/", method)[0] == 405


def test_hostile_names_are_text(port: int) -> None:
    """No markup that somebody wrote into a name reaches a page as markup."""
    for path in ("/", "/service/evil/prod", "/run/run_x", "/?q=%22%3E%3Cscript%3E", "/model?id=%3Cscript%3E"):
        status, _, body = ask(port, path)
        assert (status, "<script" in body, "<img" in body) == (200, False, False)


def test_machines_are_answered_in_their_formats(port: int) -> None:
    """Metrics, calendar and JSON are the command's own."""
    names = {family.name for family in text_string_to_metric_families(ask(port, "/metrics")[2])}
    assert "modelgate_slot_days_left" in names
    assert ask(port, "/retirements.ics")[2].startswith("BEGIN:VCALENDAR\r\n")
    assert json.loads(ask(port, "/api/fleet")[2])["schema"] == "modelgate.fleet/1"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("", False), ("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0, *", False), ("*", True), ("identity", False)],
)
def test_all_of_the_fleet_is_packed_for_whoever_takes_that(port: int, accepted: str, packed: bool) -> None:
    """It is kept compressed, and everybody gets the same document."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/fleet", headers={"Accept-Encoding": accepted})
    answer = connection.getresponse()
    body, encoding = answer.read(), answer.headers["content-encoding"]
    connection.close()
    assert (encoding, answer.headers["vary"]) == ("gzip" if packed else None, "accept-encoding")
    assert (gzip.decompress(body) if packed else body).decode() == ask(port, "/api/fleet")[2]


@pytest.mark.parametrize("path", ["/service/no/where", "/run/none", "/nothing"])
def test_what_is_not_there_is_404(port: int, path: str) -> None:
    """In one line."""
    assert ask(port, path)[0] == 404


@pytest.mark.parametrize("page", ["-1", "0", "9999999999", "x", "٣"])
def test_a_wrong_page_is_the_nearest(port: int, page: str) -> None:
    """Whatever stands in the address."""
    from urllib.parse import quote

    assert ask(port, f"/?page={quote(page)}")[0] == 200


def test_loopback_answers_to_its_own_name_alone(port: int) -> None:
    """A stranger's name that points here is refused: a page of its own could read this otherwise."""
    statuses = [ask(port, "/", Host=host)[0] for host in ("evil.example", "127.0.0.1.evil.example", "localhost:1")]
    assert statuses == [421, 421, 200]


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"GET /api/fleet HTTP/1.1\r\nHost: localhost\r\n\r\n"]
)
def test_thousands_of_connections_keep_nobody_out(port: int, sent: bytes) -> None:
    """Two thousand that send nothing, half a request, or do not read: who asks meanwhile is answered."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, limits[1]), limits[1]))
    held: list[socket.socket] = []
    try:
        for number in range(2000):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=60))
            with suppress(OSError):  # it was closed meanwhile, to make room
                held[-1].sendall(sent)
            if number % 400 == 399:
                assert [ask(port, path)[0] for path in ("/healthz", "/", "/metrics")] == [200] * 3
    finally:
        for each in held:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert ask(port, "/")[0] == 200


def used(pid: int) -> tuple[int, int]:
    """How much memory the process ever took, in MB, and how many files it has open."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024, len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc to read what a process uses")
@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 10_100, reason="may not open so many files")
@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"GET /api/fleet HTTP/1.1\r\nHost: localhost\r\n\r\n"]
)
def test_ten_thousand_connections_at_once(file_site: Site, sent: bytes) -> None:
    """All held by people who send nothing, half a request, or do not read: who asks meanwhile is answered, memory does
    not grow with their number, and when they are gone nothing is left of them.
    """
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (10_100, limits[1]))
    file_site.accept("summarizer")
    file_site.preflight()
    held: list[socket.socket] = []
    try:
        with serving(file_site) as (port, pid):
            before = ask(port, "/") and used(pid)
            for number in range(10_000):
                held.append(socket.create_connection(("127.0.0.1", port), timeout=60))
                with suppress(OSError):  # it was closed meanwhile, to make room
                    held[-1].sendall(sent)
                if number % 1000 == 999:
                    assert [ask(port, path)[0] for path in ("/healthz", "/", "/metrics", "/api/fleet")] == [200] * 4
            meanwhile = used(pid)
            assert (meanwhile[0] - before[0] < 64, meanwhile[1] < 1024) == (True, True), (before, meanwhile)
            for each in held:
                each.close()
            for _ in range(600):
                if used(pid)[1] <= before[1] + 2:
                    break
                time.sleep(0.1)
            assert (ask(port, "/")[0], used(pid)[1] <= before[1] + 2) == (200, True)
    finally:
        for each in held:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_sigterm_ends_it_whoever_still_reads(file_site: Site) -> None:
    """A connection that asked half a question holds nothing back."""
    file_site.accept("summarizer")
    file_site.preflight()
    port = free_port()
    process = subprocess.Popen(
        [MODELGATE, "serve", "--port", str(port)], cwd=file_site.folder, env={**os.environ, **file_site.environ},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline() == f"http://127.0.0.1:{port}/\n"
    for _ in range(600):
        with suppress(OSError):
            held = socket.create_connection(("127.0.0.1", port))
            break
        time.sleep(0.1)
    held.sendall(b"GET / HTTP/1.1\r\nHost: ")
    process.terminate()
    _, told = process.communicate(timeout=60)
    held.close()
    assert (process.returncode, "Traceback" in told) == (143, False)


def test_a_token_is_asked_for_where_there_is_one(file_site: Site) -> None:
    """As a bearer's or as a password; everything but /healthz."""
    file_site.accept("summarizer")
    file_site.preflight()
    (file_site.folder / "token").write_text(TOKEN + "\n")
    basic = b64encode(f"me:{TOKEN}".encode()).decode()
    with served(file_site, "--host", "0.0.0.0", "--token-file", "token") as port:
        tried = [None, "Bearer wrong", f"Bearer {TOKEN}", f"Basic {basic}", "Basic ???", f"Bearer {TOKEN}é"]
        told = [ask(port, "/api/fleet", **({"Authorization": each} if each else {}))[0] for each in tried]
        assert (told, ask(port, "/healthz")[0]) == ([401, 401, 200, 200, 401, 401], 200)


@pytest.mark.parametrize("words", [("--host", "0.0.0.0"), ("--host", "::"), ("--token-file", "short")])
def test_nobody_is_served_by_mistake(file_site: Site, words: tuple[str, ...]) -> None:
    """Beyond loopback without a token, or with one that is easy to guess: wrong usage."""
    file_site.check()
    (file_site.folder / "short").write_text("1234")
    done = subprocess.run(
        [MODELGATE, "serve", *words], cwd=file_site.folder, env={**os.environ, **file_site.environ}, check=False
    )
    assert done.returncode == 2


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_in_a_browser(port: int, scheme: str, width: int) -> None:
    """No horizontal scroll, nothing the policy refuses, nothing that axe finds; the keyboard reaches the content."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    with playwright.sync_playwright() as started:
        options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync"]  # fmt: skip
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
        page = browser.new_page(**look)
        under_axe = browser.new_page(**look, bypass_csp=True)  # axe is a script, which the policy refuses
        trouble: list[str] = []
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        for path in PAGES:
            page.goto(f"http://127.0.0.1:{port}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip"
            under_axe.goto(f"http://127.0.0.1:{port}{path}")
            found = axe.Axe().run(under_axe)
            assert [each["id"] for each in found.response["violations"]] == [], found.generate_report()
        browser.close()
    assert trouble == []
