"""What went wrong, in our words: every exception of the SDK and its HTTP library becomes one Failure.

Branches on `error.details.error_code`, then on `error.type`, then on the status; never on a message (documented).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import gaierror
from typing import TYPE_CHECKING, Any

from modelgate.api.credential import origin_of
from modelgate.api.parse import Unbelievable
from modelgate.domain.problems import Problem
from modelgate.domain.text import printable

if TYPE_CHECKING:
    import anthropic

_HINTS = {
    "api.unreachable": "try again; [policy] grace_hours lets deployments start during an outage",
    "api.rate-limited": "try again later; [policy] reuse_seconds makes a fleet ask less",
    "api.credentials": "set ANTHROPIC_API_KEY or [api] key_file to a key that may read /v1/models",
    "api.untrusted-answer": "do [api] base_url or $ANTHROPIC_BASE_URL lead to the Claude API itself?",
}
_RAISE_THE_CAP = "raise the spend limit in the Console, or wait until the limit starts anew; then run it again"
_BY_CODE = {
    "enforced_spend_limit_reached": "api.rate-limited",
    "contract_spend_limit_reached": "api.rate-limited",
}
_BY_TYPE = {
    "authentication_error": "api.credentials",
    "permission_error": "api.credentials",
    "rate_limit_error": "api.rate-limited",
    "overloaded_error": "api.unreachable",
    "api_error": "api.unreachable",
    "timeout_error": "api.unreachable",
    "invalid_request_error": "api.untrusted-answer",
    "not_found_error": "api.untrusted-answer",
}
_BY_STATUS = {401: "api.credentials", 403: "api.credentials", 408: "api.unreachable", 429: "api.rate-limited"}
_SAYING = {
    "api.unreachable": "the API cannot serve",
    "api.rate-limited": "rate limited",
    "api.credentials": "the API refused the credentials",
    "api.untrusted-answer": "no usable answer",
}
_CERTIFICATE = "name the private CA's file in $SSL_CERT_FILE, or the right host in [api] base_url"
_PROXY = "look at $HTTPS_PROXY (or $HTTP_PROXY, $ALL_PROXY): is that proxy there, with the right user and password?"
_NAME = "is the host of [api] base_url or $ANTHROPIC_BASE_URL right, and does this machine resolve names?"
_CLOSED = "nothing listens there: is [api] base_url or $ANTHROPIC_BASE_URL right? If a proxy is set, is it there?"
_PAY = "add credit to the account in the Console, then run it again"
_RETRIED = {408, 409, 429}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one request brought no answer that can be believed."""

    problem: Problem
    status: int | None = None
    """Of the HTTP answer, if there was one."""
    type: str | None = None
    """`error.type`, only from a body of the API's own shape: a gateway's 404 has none."""
    retry: bool = False
    wait: float | None = None
    """Seconds that the API asked to wait for."""
    reason: str = ""
    """The API's own words, harmless: for people, never to branch on."""

    def saying(self, message: str) -> Failure:
        """The same failure for good, with the reason why it is not tried again."""
        return replace(self, retry=False, problem=replace(self.problem, message=printable(message, 79)))


def untrusted(reason: str, request_id: str | None = None) -> Failure:
    """An answer that cannot be believed."""
    return Failure(_problem("api.untrusted-answer", reason, request_id))


def unreachable(reason: str, hint: str = "", *, retry: bool = True, graceable: bool = True) -> Failure:
    """No answer at all. `hint` is for this cause; without one, for any outage."""
    problem = _problem("api.unreachable", reason, graceable=graceable)
    return Failure(problem.hinting(hint) if hint else problem, retry=retry)


def failure_of(error: BaseException) -> Failure:
    """The failure that any exception of the SDK, its HTTP library or its credential libraries stands for."""
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        return _of_status(error)
    causes = list(_chain(error))
    for cause in causes:
        if isinstance(cause, Unbelievable):
            return untrusted(str(cause))
    if any(_is_about_credentials(cause) for cause in causes):
        return Failure(_problem("api.credentials", "no credentials could be resolved"))
    return _of_connection(causes)


def _problem(check: str, message: str, request_id: str | None = None, *, graceable: bool = False) -> Problem:
    shown = printable(request_id, 64) if request_id else None
    return Problem(check, printable(message, 79), _HINTS[check], shown, graceable)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _of_status(error: anthropic.APIStatusError) -> Failure:
    status, headers = error.response.status_code, error.response.headers
    body = error.body if isinstance(error.body, dict) else {}
    kind = _api_type(body)
    check = _BY_CODE.get(error.error_code or "") or _BY_TYPE.get(kind or "") or _BY_STATUS.get(status)
    check = check or ("api.unreachable" if status >= 500 else "api.untrusted-answer")
    if status == 403 and kind is None:  # a firewall's page, say: the API's own 403 has its own shape
        check = "api.untrusted-answer"
    what, hint = f"{_SAYING[check]}: HTTP {status} {printable(kind or '', 40)}".rstrip(), _HINTS[check]
    if error.error_code in _BY_CODE:
        what, hint = "the spend cap is reached: waiting does not help", _RAISE_THE_CAP
    elif kind == "billing_error":
        what, hint = f"the account behind the key cannot pay: HTTP {status} {kind}", _PAY
    elif 300 <= status < 400:
        what = f"redirect ({status}) to {_place(headers.get('location', ''))} not followed"
    said = headers.get("x-should-retry")
    retry = said == "true" if said in {"true", "false"} else status in _RETRIED or status >= 500
    request_id = headers.get("request-id") or body.get("request_id")
    problem = _problem(
        check,
        what,
        request_id if isinstance(request_id, str) else None,
        graceable=check in {"api.unreachable", "api.rate-limited"},
    )
    return Failure(
        problem.hinting(hint),
        status,
        kind,
        retry and error.error_code not in _BY_CODE,
        retry_after(headers),
        _reason(body),
    )


def _api_type(body: Mapping[str, Any]) -> str | None:
    error = body.get("error")
    kind = error.get("type") if isinstance(error, dict) and body.get("type") == "error" else None
    return kind if isinstance(kind, str) else None


def _reason(body: Mapping[str, Any]) -> str:
    error = body.get("error")
    said = error.get("message") if isinstance(error, dict) else None
    return printable(said, 300) if isinstance(said, str) else ""


def _place(location: str) -> str:
    try:
        return origin_of(location)
    except ValueError:
        return "another path"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` (seconds or an HTTP date) asks for; None without either."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):
            continue
        return seconds if seconds >= 0 else None  # NaN is not
    try:
        asked = parsedate_to_datetime(headers.get("retry-after", ""))
        now = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return max(0.0, (_aware(asked) - _aware(now)).total_seconds())


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_about_credentials(error: BaseException) -> bool:
    """Whether the SDK's credential chain, a cloud's library, or the SDK's check for a header made the error."""
    import anthropic
    from anthropic.lib.credentials import WorkloadIdentityError

    family = type(error).__module__.split(".")[0]
    if isinstance(error, WorkloadIdentityError):
        return error.status_code is None or error.status_code < 500
    if isinstance(error, TypeError | RuntimeError):  # the SDK's own for "no credentials" (measured with SDK 2.12.0)
        return "credentials" in str(error)
    return isinstance(error, anthropic.CredentialsError) or family in {"botocore", "google"}


def _of_connection(causes: list[BaseException]) -> Failure:
    import anthropic
    import httpx2
    from anthropic.lib.credentials import WorkloadIdentityError

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if has(ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return unreachable("the connection was closed during the TLS handshake")
    if has(ssl.SSLCertVerificationError):
        return unreachable("the server's TLS certificate is not valid", _CERTIFICATE, retry=False, graceable=False)
    if has(ssl.SSLError):
        return unreachable("the TLS handshake failed", retry=False, graceable=False)
    if has(httpx2.ProxyError):
        wants_password = any(str(cause).startswith("407") for cause in causes if isinstance(cause, httpx2.ProxyError))
        what = "wants another user or password" if wants_password else "refused the connection"
        return unreachable(f"the proxy {what}", _PROXY, retry=not wants_password)
    if has(gaierror):
        return unreachable("the API's host name cannot be resolved", _NAME)
    if has(ConnectionRefusedError):
        return unreachable("the connection was refused", _CLOSED)
    if has(httpx2.TimeoutException, anthropic.APITimeoutError, TimeoutError):
        return unreachable("no answer in time")
    if has(httpx2.DecodingError):
        return untrusted("the answer cannot be decompressed")
    if has(httpx2.UnsupportedProtocol, httpx2.InvalidURL):
        return untrusted("the SDK has no usable URL of the API")
    if has(httpx2.TransportError, anthropic.APIConnectionError, OSError):
        return unreachable("the connection broke off")
    if has(WorkloadIdentityError):
        return unreachable("the token endpoint of the API cannot serve")
    return untrusted(f"the SDK failed with {type(causes[0]).__name__}")
