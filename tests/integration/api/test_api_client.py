"""Where requests go and what they carry: origins, credentials, platforms, proxies, certificates, logs."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from asked import KEY, ask_at
from support.fault_server import ALIAS, CANONICAL, Fault, FaultServer, error, page
from support.faults import FAULTS

from modelgate.api import connect, origin_used
from modelgate.domain.catalogue import Outcome
from modelgate.domain.errors import Refused, SettingsError
from modelgate.domain.problems import Problem
from modelgate.domain.settings import ApiSettings

CANARIES = ("sk-ant-canary", "token-canary", "header-canary", "proxy-canary")
MISSING = "no API credentials: no key, token, profile or federation found"


def test_an_origin_that_is_not_approved_gets_nothing() -> None:
    """With `origins` that do not hold it, not one byte is sent, and the problem says so."""
    with FaultServer() as server:
        facts = ask_at(server.base_url, CANONICAL, origins=("https://api.anthropic.com",))
    assert facts.problem == Problem("api.origin-not-approved", f"not among [api] origins: {server.base_url}")
    assert (facts.origin, facts.requests) == (server.base_url, 0)
    assert facts.answers[CANONICAL].outcome is Outcome.FAILED
    assert server.connections == 0


def test_an_approved_origin_is_asked() -> None:
    """Origins are compared as origins: case, path and a slash do not matter."""
    with FaultServer() as server:
        facts = ask_at(server.base_url + "/", CANONICAL, origins=("https://a", server.base_url.upper() + "/v1"))
    assert facts.problem is None


def test_connect_refuses_an_origin_too() -> None:
    """Batches go through `connect`: it raises what `ask` reports."""
    with pytest.raises(Refused, match="not among"):
        connect(ApiSettings(base_url="https://gateway.example", origins=("https://a",)), environ=KEY)


def test_a_url_in_an_answer_does_not_take_the_key_elsewhere() -> None:
    """The SDK fetches an absolute URL with the key attached: this client refuses before it connects."""
    with FaultServer() as trap, FaultServer() as server:
        client = connect(ApiSettings(base_url=server.base_url), environ=KEY)
        with pytest.raises(Exception) as caught:  # noqa: PT011 # the SDK's wrapping is not what this is about
            client.get(trap.base_url + "/v1/results", cast_to=object)
    assert "pointed to another origin" in repr(caught.value.__cause__)
    assert trap.connections == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"base_url": "http://gateway.example"}, "plain http would show the key"),
        ({"base_url": "ftp://gateway.example"}, "no http(s) URL"),
        ({"base_url": "gateway.example"}, "no http(s) URL"),
        ({"base_url": "https://me:proxy-canary@gateway.example"}, "must not hold a user"),
        ({"origins": ("gateway",), "base_url": "https://a"}, "origins: each must be"),
    ],
)
def test_settings_that_cannot_work_are_settings_errors(settings: dict[str, object], says: str) -> None:
    """They exit 2, say why, and show no password."""
    with pytest.raises(SettingsError) as caught:
        connect(ApiSettings(**settings), environ=KEY)  # type: ignore[arg-type]  # each case has what it is about
    assert says in caught.value.message
    assert "proxy-canary" not in caught.value.message


def test_plain_http_is_allowed_where_the_settings_say_so() -> None:
    """`allow_http` is the person's word that the way is safe."""
    client = connect(ApiSettings(base_url="http://gateway.example:8080/claude", allow_http=True), environ=KEY)
    assert origin_used(client) == "http://gateway.example:8080"


def test_the_sdks_own_defaults_hold() -> None:
    """Without settings it is the public API; ANTHROPIC_BASE_URL moves it; a setting wins over that."""
    assert origin_used(connect(ApiSettings(), environ=KEY)) == "https://api.anthropic.com"
    environ = KEY | {"ANTHROPIC_BASE_URL": "https://gateway.example"}
    assert origin_used(connect(ApiSettings(), environ=environ)) == "https://gateway.example"
    assert origin_used(connect(ApiSettings(base_url="https://b.example"), environ=environ)) == "https://b.example"


def test_no_credentials_is_told_before_anything_is_sent() -> None:
    """Nothing set, no profile: `api.credentials`, with what to do about it."""
    with FaultServer() as server:
        facts = ask_at(server.base_url, CANONICAL, environ={})
    assert facts.problem is not None
    assert (facts.problem.check, facts.problem.message, facts.requests) == ("api.credentials", MISSING, 0)
    assert server.connections == 0


def test_a_key_file_is_the_key(tmp_path: Path) -> None:
    """It wins over the variable."""
    (tmp_path / "key").write_text("sk-from-the-file\n")
    with FaultServer() as server:
        ask_at(server.base_url, CANONICAL, key_file=tmp_path / "key")
    assert server.requests[0].headers["authorization"] == "Bearer sk-from-the-file"


def _profile(folder: Path, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "configs").mkdir(parents=True)
    (folder / "credentials").mkdir()
    config = {"version": "1.0", "authentication": {"type": "user_oauth"}, "base_url": base_url}
    (folder / "configs" / "work.json").write_text(json.dumps(config))
    token = folder / "credentials" / "work.json"
    token.write_text(json.dumps({"version": "1.0", "type": "oauth_token", "access_token": "token-canary"}))
    token.chmod(0o600)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(folder))
    monkeypatch.setenv("ANTHROPIC_PROFILE", "work")


def test_a_profile_of_the_sdk_brings_its_token_and_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own chain finds it; the origin that is reported is the profile's."""
    with FaultServer() as server:
        _profile(tmp_path / "anthropic", server.base_url, monkeypatch)
        facts = ask_at("", CANONICAL, environ=os.environ)
    assert facts.problem is None
    assert facts.origin == server.base_url
    assert server.requests[0].headers["authorization"] == "Bearer token-canary"


def test_a_broken_profile_is_a_problem_with_the_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a traceback nor the public API asked without a key."""
    _profile(tmp_path / "anthropic", "https://gateway.example", monkeypatch)
    (tmp_path / "anthropic" / "configs" / "work.json").write_text("{")
    problem = ask_at("", CANONICAL, environ=os.environ).problem
    assert problem is not None
    assert problem.check == "api.credentials"


def test_the_aws_client_is_made_without_that_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Platform aws: the SDK's client for it, at the region's origin; what it lacks is a settings error."""
    api = ApiSettings(platform="aws")
    monkeypatch.setenv("ANTHROPIC_AWS_API_KEY", "aws-key")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with pytest.raises(SettingsError, match="workspace ID"):
        connect(api, environ=os.environ)
    monkeypatch.setenv("ANTHROPIC_AWS_WORKSPACE_ID", "wrkspc_1")
    client = connect(api, environ=os.environ)
    assert type(client).__name__ == "AnthropicAWS"
    assert origin_used(client) == "https://aws-external-anthropic.us-east-1.api.aws"


def test_the_aws_client_asks_the_models_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its requests carry the workspace and the key, and are answered like any other."""
    for name, value in {"API_KEY": "aws-key", "WORKSPACE_ID": "wrkspc_1"}.items():
        monkeypatch.setenv(f"ANTHROPIC_AWS_{name}", value)
    with FaultServer() as server:
        facts = ask_at(server.base_url, ALIAS, platform="aws", environ=os.environ)
    assert facts.problem is None
    assert server.requests[0].headers["anthropic-workspace-id"] == "wrkspc_1"
    assert server.requests[0].headers["authorization"] == "Bearer aws-key"


def test_a_platform_whose_library_is_missing_says_what_to_install() -> None:
    """Platform google-cloud without google-auth: exit 2, and the line to type."""
    program = (
        "import sys; sys.modules['google'] = sys.modules['google.auth'] = None\n"
        "from modelgate.api import connect; from modelgate.domain.settings import ApiSettings\n"
        "from modelgate.domain.errors import SettingsError\n"
        "try: connect(ApiSettings(platform='google-cloud'), environ={})\n"
        "except SettingsError as error: print(error.exit_code, error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "2 install it with the extra google-cloud: pip install '.[google-cloud]' in its checkout\n"


def test_the_google_cloud_client_is_made_without_that_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its origin is Google's, whether the project is set or still to be found."""
    pytest.importorskip("google.auth", reason="google-auth is not installed")
    api = ApiSettings(platform="google-cloud")
    for project in ("", "my-project"):
        if project:
            monkeypatch.setenv("ANTHROPIC_GOOGLE_CLOUD_PROJECT", project)
            monkeypatch.setenv("ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID", "wrkspc_1")
        client = connect(api, environ=os.environ)
        assert type(client).__name__ == "AnthropicGoogleCloud"
        assert origin_used(client) == "https://claude.googleapis.com"


def test_google_cloud_has_no_key_file(tmp_path: Path) -> None:
    """A setting that means nothing is not passed over."""
    pytest.importorskip("google.auth", reason="google-auth is not installed")
    with pytest.raises(SettingsError, match="key_file means nothing"):
        connect(ApiSettings(platform="google-cloud", key_file=tmp_path), environ={})


def _unreachable(url: str, **environ: str) -> tuple[str, bool]:
    problem = ask_at(url, CANONICAL, seconds=3.0).problem
    assert problem is not None
    assert problem.check == "api.unreachable"
    return problem.message, problem.graceable


def test_a_refused_connection() -> None:
    """Nobody listens."""
    with FaultServer() as server:
        url = server.base_url
    assert _unreachable(url) == ("the connection was refused", True)


def test_a_host_name_that_does_not_exist() -> None:
    """`.invalid` never resolves."""
    message, graceable = _unreachable("https://api.invalid")
    assert message in {"the API's host name cannot be resolved", "no answer in time"}
    assert graceable


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's proxy is used; its refusal is an outage on the way, and its password is not shown."""
    deny = Fault("deny", lambda wire: wire.answer(403, b""))
    with FaultServer(deny) as proxy:
        address = proxy.base_url.replace("http://", "http://me:proxy-canary@")
        monkeypatch.setenv("HTTPS_PROXY", address)
        assert _unreachable("https://api.example") == ("the proxy refused the connection", True)
    assert {request.method for request in proxy.requests} == {"CONNECT"}
    assert "authorization" not in proxy.requests[0].headers


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an outage like any other."""
    with FaultServer() as server:
        monkeypatch.setenv("HTTPS_PROXY", server.base_url)
    assert _unreachable("https://api.example") == ("the connection was refused", True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's certificate that nobody signed."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    try:
        subprocess.run(
            [*command.split(), "-keyout", folder / "key", "-out", folder / "crt"], capture_output=True, check=True
        )
    except FileNotFoundError:
        pytest.skip(reason="openssl, which makes the certificate, is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", folder / "key")
    return context


def test_a_certificate_that_nobody_signed(certificate: ssl.SSLContext) -> None:
    """It may be somebody in the middle: told at once, and no grace covers it."""
    with FaultServer(tls=certificate) as server:
        assert _unreachable(server.base_url) == ("the server's TLS certificate is not valid", False)
    assert server.requests == []


def test_a_server_that_speaks_no_tls() -> None:
    """Plain HTTP behind an https URL is no outage either."""
    with FaultServer(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        assert _unreachable(server.base_url.replace("http:", "https:")) == ("the TLS handshake failed", False)


def test_no_secret_reaches_a_log_at_any_level() -> None:
    """With every logger at debug, the SDK's own switch included, neither key nor header is in any stream."""
    program = (
        "import json, logging, os, sys; sys.path[:0] = sys.argv[2:]; logging.basicConfig(level=1)\n"
        "from asked import ask_at; from modelgate.api import import_sdk; import_sdk()\n"
        "for url in json.loads(sys.argv[1]):\n"
        "    print(ask_at(url, 'claude-haiku-4-5', 'claude-typo', seconds=5.0, environ=os.environ))\n"
    )
    environ = {
        **os.environ,
        "ANTHROPIC_LOG": "debug",
        "ANTHROPIC_API_KEY": "sk-ant-canary",
        "ANTHROPIC_AUTH_TOKEN": "token-canary",
        "ANTHROPIC_CUSTOM_HEADERS": "X-Gateway-Token: header-canary",
    }
    faults = [None, *(FAULTS[name] for name in ("401-api", "reset-in-body", "307-redirect"))]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(FaultServer(fault)) for fault in faults]
        urls = json.dumps([server.base_url for server in servers])
        command = [sys.executable, "-c", program, urls, *[path for path in sys.path if path]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True, env=environ)
    assert {server.requests[0].headers["x-gateway-token"] for server in servers} == {"header-canary"}
    assert "DEBUG" in done.stderr
    assert [line[:6] for line in done.stdout.splitlines()] == ["Facts("] * len(servers)
    assert [canary for canary in CANARIES if canary in done.stdout + done.stderr] == []


@pytest.mark.parametrize("value", ["X-Token: header\rcanary", "X-Token: header\0canary"])
def test_a_custom_header_that_cannot_be_sent_is_not_quoted(value: str) -> None:
    """The HTTP library would put its value into an error."""
    with pytest.raises(SettingsError, match="no header") as caught:
        connect(ApiSettings(), environ=KEY | {"ANTHROPIC_CUSTOM_HEADERS": value})
    assert "canary" not in caught.value.message


def test_an_abandoned_batch_of_pages_is_bounded() -> None:
    """Fifty pages are the most that a list may have."""
    with FaultServer(FAULTS["endless-pages"]) as server:
        facts = ask_at(server.base_url, CANONICAL)
    assert facts.requests == len(server.requests) == 50


def test_an_empty_list_of_retired_models_is_no_failure() -> None:
    """Only the default list must not be empty."""
    with FaultServer(Fault("none", lambda wire: wire.answer(200, page())), at="retired") as server:
        facts = ask_at(server.base_url, "claude-typo")
    assert facts.answers["claude-typo"].outcome is Outcome.UNKNOWN


def test_spans_are_made_where_somebody_collects_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenTelemetry's SDK in the process the client's spans would go nowhere: it makes none."""
    monkeypatch.delitem(sys.modules, "opentelemetry.sdk", raising=False)
    with connect(ApiSettings(), environ={"ANTHROPIC_API_KEY": "k"}) as client:
        assert client.open_telemetry["traces"]["enabled"] is False
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", ModuleType("opentelemetry.sdk"))
    with connect(ApiSettings(), environ={"ANTHROPIC_API_KEY": "k"}) as client:
        assert client.open_telemetry["traces"]["enabled"] is True


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SSL_CERT_FILE", "/no/such/file"),
        ("HTTPS_PROXY", "ftp://proxy:1"),
        ("HTTPS_PROXY", "socks5://proxy:1"),
        ("HTTPS_PROXY", "http://user:proxy-canary#x@proxy:1"),
    ],
)
def test_a_variable_that_the_http_library_cannot_use(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """It is no defect: the variables are named, and nothing of what is in them is shown."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match="a variable for proxies or certificates cannot be used") as told:
        connect(ApiSettings(), environ=KEY)
    assert variable in (told.value.hint or "")
    assert "canary" not in str(told.value) + str(told.value.hint)


def test_authorities_that_cannot_be_read_are_no_matter_on_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """No certificate is shown there, so none is asked for."""
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    with FaultServer() as server:
        assert ask_at(server.base_url, CANONICAL).problem is None


@pytest.mark.parametrize("split", ["#", "/", "?"])
def test_no_piece_of_a_password_in_a_url_is_shown(split: str) -> None:
    """A character that ends the host makes the password's beginning a port: no library may quote it."""
    with pytest.raises(SettingsError) as told:
        connect(ApiSettings(), environ={**KEY, "ANTHROPIC_BASE_URL": f"https://user:canary{split}x@gateway.example"})
    assert "canary" not in str(told.value) + str(told.value.hint)


def test_a_workspace_goes_with_every_question() -> None:
    """A key of an organization reaches more than one workspace: the settings' own is named in each request."""
    with FaultServer() as server:
        ask_at(server.base_url, CANONICAL, ALIAS, workspace_id="wrkspc_01")
        ask_at(server.base_url, CANONICAL)
        named = [request.headers.get("anthropic-workspace-id") for request in server.requests]
    assert named == ["wrkspc_01", "wrkspc_01", None]


@pytest.mark.parametrize(
    ("fault", "check", "hint"),
    [
        (b"<html>Request blocked</html>", "api.untrusted-answer", "lead to the Claude API itself?"),
        (json.dumps(error("permission_error")).encode(), "api.credentials", "a key that may read"),
    ],
)  # fmt: skip
def test_a_403_is_the_apis_own_or_a_firewalls(fault: bytes, check: str, hint: str) -> None:
    """Only an error of the API's own shape speaks of the key."""
    with FaultServer(Fault("403", lambda wire: wire.answer(403, fault))) as server:
        problem = ask_at(server.base_url, CANONICAL).problem
    assert problem is not None
    assert (problem.check, hint in problem.hint) == (check, True)


def test_a_base_url_with_v1_says_so() -> None:
    """The SDK adds /v1 by itself: a gateway that knows no /v1/v1 answers 404, and the hint leads out of it."""
    with FaultServer(Fault("404", lambda wire: wire.answer(404, b"<html>not here</html>"))) as server:
        problem = ask_at(server.base_url + "/v1", CANONICAL).problem
    assert problem is not None
    assert problem.hint.endswith("; the base URL ends in /v1, which the SDK adds by itself: write it without")


def test_an_empty_base_url_is_told() -> None:
    """A variable that is set to nothing is unset, not worked around."""
    with pytest.raises(SettingsError, match=r"\$ANTHROPIC_BASE_URL is empty"):
        ask_at("", CANONICAL, environ={**KEY, "ANTHROPIC_BASE_URL": ""})


@pytest.mark.parametrize(("status", "retries"), [(407, False), (502, True)])
def test_a_proxy_that_refuses_is_named(status: int, retries: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its variable is named; one that wants another password is not asked again."""
    with FaultServer(Fault("proxy", lambda wire: wire.answer(status, b"no"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
        problem = ask_at("https://api.example.com", CANONICAL, seconds=3).problem
        asked = len(proxy.requests)
    assert problem is not None
    assert (problem.check, "$HTTPS_PROXY" in problem.hint, asked > 1) == ("api.unreachable", True, retries)


def test_each_way_to_be_unreachable_has_a_next_step_of_its_own() -> None:
    """A closed port, a name that is none, a certificate of nobody: one hint for all of them is none."""
    closed = ask_at("http://127.0.0.1:9", CANONICAL, seconds=1).problem
    unknown = ask_at("https://no-such-host.invalid", CANONICAL, seconds=1).problem
    assert closed is not None
    assert unknown is not None
    assert len({closed.hint, unknown.hint, "try again"}) == 3
