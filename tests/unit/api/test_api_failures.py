"""Every exception of the SDK and its HTTP library becomes a Failure of ours."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from socket import gaierror

import anthropic
import httpcore2
import httpx2
import pytest
from support.fault_server import REQUEST_ID, error

from modelgate.api.failures import Failure, failure_of, retry_after
from modelgate.api.parse import Unbelievable

REQUEST = httpx2.Request("GET", "https://api.anthropic.com/v1/models")
SECRET = "sk-ant-canary"


def _classes(*roots: type[BaseException]) -> Iterator[type[BaseException]]:
    for root in roots:
        yield root
        yield from _classes(*root.__subclasses__())


def _family(module: object) -> set[type[BaseException]]:
    named = {value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Exception)}
    return set(_classes(*named))


VENDORS = sorted(
    set(_classes(anthropic.AnthropicError)) | _family(anthropic) | _family(httpx2) | _family(httpcore2),
    key=lambda kind: f"{kind.__module__}.{kind.__qualname__}",
)


def _made(kind: type[BaseException]) -> BaseException:
    """An instance, with the fields that its class promises."""
    if issubclass(kind, anthropic.APIStatusError):
        status = getattr(kind, "status_code", 500)
        return kind(SECRET, response=httpx2.Response(status, request=REQUEST), body={"x": SECRET})
    made = kind.__new__(kind, SECRET)
    for name in ("status_code", "request_id"):
        made.__dict__.setdefault(name, None)
    return made


def _status(status: int, body: object, **headers: str) -> Failure:
    response = httpx2.Response(status, request=REQUEST, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return failure_of(anthropic.APIStatusError(SECRET, response=response, body=body))


@pytest.mark.parametrize("kind", VENDORS, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_no_exception_of_a_vendor_is_left_over(kind: type[BaseException]) -> None:
    """Each class, alone and as the cause of a connection error, becomes a problem without the vendor's words."""
    for raised in (_made(kind), anthropic.APIConnectionError(request=REQUEST)):
        if isinstance(raised, anthropic.APIConnectionError) and raised.__class__ is not kind:
            raised.__cause__ = _made(kind)
        problem = failure_of(raised).problem
        assert problem.check in {"api.unreachable", "api.rate-limited", "api.credentials", "api.untrusted-answer"}
        assert 0 < len(problem.message) < 80
        assert SECRET not in repr(problem)


def test_the_walk_is_no_walk_of_nothing() -> None:
    """It finds the vendors' classes, those of error codes included."""
    assert len(VENDORS) > 60
    assert {anthropic.RateLimitError, anthropic.CredentialsError, httpx2.ReadError} <= set(VENDORS)


@pytest.mark.parametrize("kind", [ValueError, KeyError, AttributeError, TypeError, RuntimeError, RecursionError])
def test_builtin_exceptions_of_the_sdk_are_untrusted_answers(kind: type[Exception]) -> None:
    """What the SDK trips over is an answer that cannot be believed, named by its class alone."""
    assert failure_of(kind(SECRET)).problem.message == f"the SDK failed with {kind.__name__}"


@pytest.mark.parametrize(
    ("cause", "message", "graceable", "retry"),
    [
        (ssl.SSLCertVerificationError(1, "x"), "the server's TLS certificate is not valid", False, False),
        (ssl.SSLError(1, "x"), "the TLS handshake failed", False, False),
        (ssl.SSLEOFError(8, "x"), "the connection was closed during the TLS handshake", True, True),
        (gaierror(-2, "x"), "the API's host name cannot be resolved", True, True),
        (ConnectionRefusedError(111, "x"), "the connection was refused", True, True),
        (ConnectionResetError(104, "x"), "the connection broke off", True, True),
        (httpx2.ProxyError("x"), "the proxy refused the connection", True, True),
        (httpx2.ReadTimeout("x"), "no answer in time", True, True),
    ],
)
def test_a_connection_failure_names_its_cause(cause: Exception, message: str, graceable: bool, retry: bool) -> None:
    """The deepest cause that people can act on is named; a certificate that does not fit is no outage."""
    failed = anthropic.APIConnectionError(request=REQUEST)
    failed.__cause__ = httpx2.ConnectError("x")
    failed.__cause__.__cause__ = cause
    actual = failure_of(failed)
    assert (actual.problem.check, actual.problem.message) == ("api.unreachable", message)
    assert (actual.problem.graceable, actual.retry) == (graceable, retry)


def test_the_code_goes_before_the_type_and_the_type_before_the_status() -> None:
    """A spend cap is told by its code, an error by its type, and only what has neither by its status."""
    spend = _status(429, error("rate_limit_error", error_code="enforced_spend_limit_reached"))
    assert (spend.problem.check, spend.retry) == ("api.rate-limited", False)
    assert spend.problem.message == "the spend cap is reached: waiting does not help"
    assert spend.problem.hint.startswith("raise the spend limit in the Console")
    assert _status(400, error("overloaded_error")).problem.check == "api.unreachable"
    assert _status(400, "overloaded_error").problem.check == "api.untrusted-answer"
    assert _status(503, b"").problem.check == "api.unreachable"


def test_an_account_that_cannot_pay_is_told_as_one() -> None:
    """Neither another base URL, nor waiting, nor old facts help: the hint is to pay."""
    unpaid = _status(402, error("billing_error"))
    assert (unpaid.problem.check, unpaid.problem.graceable, unpaid.retry) == ("api.untrusted-answer", False, False)
    assert unpaid.problem.message == "the account behind the key cannot pay: HTTP 402 billing_error"
    assert unpaid.problem.hint.startswith("add credit")


def test_only_the_apis_own_shape_has_a_type() -> None:
    """A gateway's 404 is not the API's word that a model is unknown."""
    assert _status(404, error("not_found_error")).type == "not_found_error"
    for body in ({"error": {"type": "not_found_error"}}, {"type": "error", "error": "not_found_error"}, "html", None):
        assert _status(404, body).type is None


def test_the_request_id_comes_from_the_header_or_the_body() -> None:
    """Both are made harmless."""
    assert _status(500, error("api_error")).problem.request_id == REQUEST_ID
    assert _status(500, error("api_error"), request_id="req_header").problem.request_id == "req_header"
    assert _status(500, {"request_id": "\x1b[2J"}).problem.request_id == "\\x1b[2J"
    assert _status(500, {"request_id": 7}).problem.request_id is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3600"}, 3600.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, float("inf")),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sun, 22 Nov 2026 20:00:10 GMT", "date": "Sun, 22 Nov 2026 20:00:00 GMT"}, 10.0),
        ({"retry-after": "Sun, 22 Nov 2026 20:00:10 GMT"}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date beside the answer's own; nonsense is no wish."""
    assert retry_after(headers) == seconds


def test_our_own_disbelief_wins_over_what_the_sdk_wraps_it_in() -> None:
    """A reason of ours inside a connection error is the reason that is told."""
    failed = anthropic.APIConnectionError(request=REQUEST)
    failed.__cause__ = Unbelievable("the API pointed to another origin: https://evil.example")
    assert failure_of(failed).problem.message == "the API pointed to another origin: https://evil.example"
