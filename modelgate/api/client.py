"""The SDK's client, made so that it goes to one origin, follows nothing and hides nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from modelgate.api.credential import custom_headers, is_loopback, origin_of, static_key
from modelgate.api.parse import Unbelievable
from modelgate.api.sdk import import_sdk
from modelgate.domain.errors import ApiProblem, SettingsError, failure_of
from modelgate.domain.problems import Problem
from modelgate.domain.settings import ApiSettings
from modelgate.domain.text import printable

if TYPE_CHECKING:
    from types import ModuleType

    import anthropic
    import httpx2

READ_TIMEOUT = 10.0
"""Seconds without a byte before an attempt is given up. The Models API answers in a tenth of one."""
MODE = "X-Stainless-Raw-Response"
"""The header that the SDK's own `with_streaming_response` ("stream": the body is not read yet) and `with_raw_response`
("raw") set (SDK 2.12.0).
"""
_LONGEST_ERROR = 65_536
"""Bytes of an error's body, before decompression. The SDK reads such bodies whole (seen in SDK 2.12.0)."""
_GOOGLE_ORIGIN = "https://claude.googleapis.com"
"""Where the SDK goes once Google's credentials have told the project (seen in SDK 2.12.0)."""
_MISSING = "no API credentials: no key, token, profile or federation found"
_PROXIES = "look at $HTTPS_PROXY, $HTTP_PROXY, $ALL_PROXY, $SSL_CERT_FILE and $SSL_CERT_DIR"
_HOW = "set ANTHROPIC_API_KEY or [api] key_file, or log in with a profile"


def connect(
    api: ApiSettings,
    *,
    environ: Mapping[str, str],
    timeout: float = READ_TIMEOUT,
    middleware: Sequence[Any] = (),
) -> anthropic.Anthropic:
    """A client of the SDK that retries nothing, follows no redirect and sends nothing to another origin than its own.

    `timeout` is in seconds, per read. Raises SettingsError for settings that cannot work, and ApiProblem where there
    are no credentials or `api.origins` does not hold the origin.
    """
    client = open_client(api, environ=environ, timeout=timeout, middleware=middleware)
    if problem := not_approved(api, origin_used(client)):
        client.close()
        raise failure_of(problem)
    return client


def open_client(
    api: ApiSettings,
    *,
    environ: Mapping[str, str],
    timeout: float = READ_TIMEOUT,
    middleware: Sequence[Any] = (),
) -> anthropic.Anthropic:
    """As `connect`, for a caller that asks `not_approved` itself before it sends anything."""
    sdk = import_sdk()
    import httpx2

    options = _credentials(api, environ)
    if api.workspace_id:
        options["default_headers"] = {"anthropic-workspace-id": api.workspace_id}
    if not api.base_url and api.platform == "anthropic" and environ.get("ANTHROPIC_BASE_URL", "x").strip() == "":
        raise SettingsError("$ANTHROPIC_BASE_URL is empty", hint="unset it, or give it the API's URL")
    if base_url := api.base_url or (environ.get("ANTHROPIC_BASE_URL") if api.platform == "anthropic" else None):
        _refuse_unsafe(api, base_url)  # before a library that finds fault with it quotes it, password and all
        options["base_url"] = base_url
    try:
        http = sdk.DefaultHttpxClient(
            follow_redirects=False, timeout=timeout, headers={"Accept-Encoding": "gzip"}, **_trusting(options)
        )
    except (httpx2.InvalidURL, ImportError, OSError, ValueError):
        raise SettingsError("a variable for proxies or certificates cannot be used", hint=_PROXIES) from None
    try:
        client: anthropic.Anthropic = _class(sdk, api)(
            **options,
            http_client=http,
            max_retries=0,
            timeout=timeout,
            middleware=middleware or [_call_log()],
            open_telemetry=None if "opentelemetry.sdk" in sys.modules else False,  # else spans would go nowhere
        )
    except sdk.CredentialsError:
        raise ApiProblem(Problem("api.credentials", "the SDK's credential chain is broken", _HOW)) from None
    except RuntimeError:  # a user without a home: the SDK looks for its profiles there (measured with SDK 2.14.0)
        raise ApiProblem(Problem("api.credentials", _MISSING, _HOW)) from None
    except (sdk.AnthropicError, httpx2.InvalidURL, ValueError, TypeError) as error:
        raise SettingsError(f"[api] cannot work: {printable(str(error))}") from None
    _refuse_unsafe(api, str(client.base_url))
    if api.platform == "anthropic" and not _authenticates(client):
        raise ApiProblem(Problem("api.credentials", _MISSING, _HOW))
    http.event_hooks = {"request": [partial(_stay_at, origin_used(client))], "response": [_bound]}
    return client


def _trusting(options: Mapping[str, Any]) -> dict[str, Any]:
    """The machine's authorities for certificates are not read where a key goes to plain HTTP, which shows none.

    That is half of the CPU time of a cold gate in a process that runs on (20 ms, measured). Whatever asks for TLS all
    the same is refused, as no authority is trusted.
    """
    if not (options.get("base_url", "").startswith("http:") and options.keys() & {"api_key", "auth_token"}):
        return {}
    import ssl

    return {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}


def _call_log() -> Any:
    """Every call is logged: the gate's own, which are of no slot, where the caller brings no log of its own."""
    from modelgate.api.call_log import CallLog

    return CallLog({})


def origin_used(client: anthropic.Anthropic) -> str:
    """The origin that the client sends to, a profile's base URL included."""
    url = str(client.base_url)
    return origin_of(url) if urlsplit(url).scheme else _GOOGLE_ORIGIN


def naming_host(problem: Problem, client: anthropic.Anthropic) -> Problem:
    """The problem of something that was sent, its hint beginning with where to."""
    return problem.hinting(f"asked {printable(origin_used(client))}; {problem.hint}")


def not_approved(api: ApiSettings, origin: str) -> Problem | None:
    """The problem, if `api.origins` is given and does not hold `origin`. Raises SettingsError if it holds no origin."""
    try:
        approved = {origin_of(url) for url in api.origins}
    except ValueError:
        raise SettingsError("[api] origins: each must be like https://api.anthropic.com") from None
    if not approved or origin in approved:
        return None
    return Problem("api.origin-not-approved", printable(f"not among [api] origins: {origin}", 79))


def _class(sdk: ModuleType, api: ApiSettings) -> Any:
    match api.platform:
        case "aws":
            return sdk.AnthropicAWS
        case "google-cloud":
            _require("google.auth", api.platform)
            return sdk.AnthropicGoogleCloud
    return sdk.Anthropic


def _credentials(api: ApiSettings, environ: Mapping[str, str]) -> dict[str, Any]:
    """The credential arguments of the platform's client; none: the SDK looks for them itself."""
    custom_headers(environ)
    if api.platform == "google-cloud":
        if api.key_file:
            raise SettingsError('[api] key_file means nothing on platform "google-cloud"')
        return {}
    if api.platform == "aws" and not api.key_file:
        if not environ.get("ANTHROPIC_AWS_API_KEY"):
            _require("botocore", api.platform)
        return {}
    key = static_key(api, environ)
    if key is None:
        return {}
    return (
        {"api_key": key.api_key.reveal()} if key.api_key else {"auth_token": key.auth_token and key.auth_token.reveal()}
    )


def _require(module: str, platform: str) -> None:
    try:
        found = find_spec(module) is not None
    except ModuleNotFoundError:
        found = False
    if not found:
        raise SettingsError(
            f'[api] platform = "{platform}" needs a library that is not installed',
            hint=f"install it with the extra {platform}: pip install '.[{platform}]' in its checkout",
        )


def _refuse_unsafe(api: ApiSettings, url: str) -> None:
    if not urlsplit(url).scheme and api.platform == "google-cloud":
        return
    try:
        origin = origin_of(url)
    except ValueError:
        raise SettingsError("[api] base_url (or $ANTHROPIC_BASE_URL) is no http(s) URL") from None
    if urlsplit(url).username or urlsplit(url).password:
        raise SettingsError("[api] base_url must not hold a user or a password")
    if origin.startswith("http:") and not api.allow_http and not is_loopback(url):
        raise SettingsError(
            f"[api] plain http would show the key to everybody on the way to {printable(origin)}",
            hint="use https, or set [api] allow_http = true",
        )


def _authenticates(client: anthropic.Anthropic) -> bool:
    """Whether the client has anything to prove itself with: a key, a provider of tokens, or a custom header."""
    headers = {name.lower() for name in client.default_headers}
    return client.credentials is not None or not headers.isdisjoint({"authorization", "x-api-key"})


def _stay_at(origin: str, request: httpx2.Request) -> None:
    """Before each request: a URL that an answer named may not carry the key away."""
    target = origin_of(str(request.url))
    if target != origin:
        raise Unbelievable(f"the API pointed to another origin: {target}")


def _bound(response: httpx2.Response) -> None:
    """After each response's headers: no unasked compression, and an error's body no longer than an error."""
    if response.headers.get("content-encoding", "gzip").lower() not in {"gzip", "identity"}:
        raise Unbelievable("the answer is compressed in a way that was not asked for")
    if response.is_success:
        return
    import httpx2

    stream, body = response.stream, b""
    for chunk in stream:  # type: ignore[union-attr]  # a sync client has sync streams
        body += chunk
        if len(body) > _LONGEST_ERROR:
            break
    stream.close()  # type: ignore[union-attr]  # the same
    response.stream = httpx2.ByteStream(body[:_LONGEST_ERROR])
