"""What names, references and addresses may look like. Each function returns its text or raises ValueError with why.

No message repeats an address: it may hold a password.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from modelgate.domain.text import printable

LONGEST_REFERENCE = 256
_LONGEST_NAME = 100
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_CAPABILITY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_WORKSPACE = re.compile(r"[A-Za-z0-9_-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*([/:@][A-Za-z0-9._-]+)*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")
_DATABASE = re.compile(r"(sqlite|postgresql)(\+[a-z0-9_]+)?://.*", re.DOTALL)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HARMFUL = ("LD_", "DYLD_", "PYTHON", "MODELGATE_", "BASH_FUNC_")
_HARMFUL_NAMES = {
    "PATH", "HOME", "SHELL", "IFS", "ENV", "BASH_ENV", "PS4", "TMPDIR", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "APPDATA",
    "DEFER_PYDANTIC_BUILD",
}  # fmt: skip
_OF_THE_SDK = {
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_AWS_API_KEY", "ANTHROPIC_AWS_BASE_URL",
    "ANTHROPIC_AWS_WORKSPACE_ID", "ANTHROPIC_BASE_URL", "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_BEDROCK_MANTLE_BASE_URL", "ANTHROPIC_CONFIG_DIR", "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_ENVIRONMENT_KEY", "ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_BASE_URL", "ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_GOOGLE_CLOUD_BASE_URL",
    "ANTHROPIC_GOOGLE_CLOUD_LOCATION", "ANTHROPIC_GOOGLE_CLOUD_PROJECT", "ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID",
    "ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE", "ANTHROPIC_LOG", "ANTHROPIC_OPEN_TELEMETRY",
    "ANTHROPIC_OPEN_TELEMETRY_PROPAGATION", "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE",
    "ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES", "ANTHROPIC_ORGANIZATION_ID", "ANTHROPIC_PROFILE",
    "ANTHROPIC_SCOPE", "ANTHROPIC_SERVICE_ACCOUNT_ID", "ANTHROPIC_VERTEX_BASE_URL", "ANTHROPIC_VERTEX_PROJECT_ID",
    "ANTHROPIC_WEBHOOK_SIGNING_KEY", "ANTHROPIC_WORKSPACE_ID", "ANTHROPIC_WORK_SECRET", "AWS_ACCESS_KEY_ID",
    "AWS_BEARER_TOKEN_BEDROCK", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "CLOUD_ML_REGION", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT",
}  # fmt: skip
"""What the SDK reads (SDK 2.14.0; a test compares), and the credentials of the clouds that it goes through."""


def service(text: str) -> str:
    """A service: no `/` or `:`, since a head of the audit store is SERVICE/ENV:SEQUENCE:HASH."""
    return _match(text, _SERVICE, "letters, digits and . _ - only, a letter or digit first")


def environment(text: str) -> str:
    """An environment: the stem of a file beside the default and the locks."""
    _match(text, _ENVIRONMENT, "lower-case letters, digits and . _ - only, a letter or digit first")
    if text == "default" or text.endswith(".lock") or ".." in text:
        raise ValueError(f"{text!r} cannot be the name of an environment")
    return text


def slot(text: str) -> str:
    """A slot, in lower snake case."""
    return _match(text, _SNAKE, "slot names are lower snake case, such as 'summarizer'")


def capability(text: str) -> str:
    """A dotted path into an entry's capabilities."""
    return _match(text, _CAPABILITY, "requirements look like 'batch' or 'effort.high'")


def suite(text: str) -> str:
    """A suite: an evaluation as its evidence and `accept_needs` name it."""
    return _match(text, _SERVICE, "letters, digits and . _ - only, a letter or digit first")


def workspace(text: str) -> str:
    """The ID of a workspace, as it goes into a header."""
    return _match(text, _WORKSPACE, "the ID of a workspace looks like 'wrkspc_01AbC'")


def variable(text: str) -> str:
    """The name of an environment variable."""
    return _match(text, _VARIABLE, "letters, digits and _ only, no digit first")


def exported(text: str) -> str:
    """A variable that may be set for an application."""
    variable(text)
    if text.upper() in _HARMFUL_NAMES | _OF_THE_SDK or text.upper().startswith(_HARMFUL):
        raise ValueError(f"{text} has another meaning already: a model ID there would do harm")
    return text


def reference(text: str) -> str:
    """A model ID or an alias, also in the ways of gateways: `vendor/model@version`."""
    if not text.strip():
        raise ValueError("is empty")
    if len(text) > LONGEST_REFERENCE:
        raise ValueError(f"has {len(text)} characters, more than {LONGEST_REFERENCE}")
    if text.startswith("sk-"):
        raise ValueError("looks like an API key, not like a model name")
    if ".." in re.split("[/:@]", text) or not _REFERENCE.fullmatch(text):
        raise ValueError(f"'{printable(text, 40)}' is no model name: letters, digits and . _ - : @ / only, no path")
    return text


def wrong_with(reference: str) -> str:
    """What makes `reference` no model name, in words that repeat nothing of it: it may be a secret."""
    text = reference.strip("\r\n")
    if "\n" in reference or "\r" in reference:
        return "it holds a line break"
    if text[:1] in "'\"" or text[-1:] in "'\"":
        return "it holds quotes, which stand around a value and are no part of it"
    if "\x1b" in text:
        return "it holds the codes of a terminal's colours"
    if re.search(r"\[\w+\]$", text):
        return "it ends in [...], which is no part of a model's name"
    if " " in text or "\t" in text:
        return "it holds a space"
    if text.startswith("sk-"):
        return "it looks like an API key"
    return "letters, digits and . _ - : @ / only, no path"


def origin(text: str) -> str:
    """`scheme://host[:port]`, in lower case and without the scheme's own port."""
    parts = _web_address(text)
    if parts.path or text.endswith("/"):
        raise ValueError("must be an origin: scheme://host[:port], without a path")
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def base_url(text: str) -> str:
    """Empty, or an http(s) URL with neither user, query nor fragment."""
    if text:
        _web_address(text)
    return text


def webhook(text: str) -> str:
    """Empty, or an https URL without user and fragment; http to loopback alone. Its query may be a token's."""
    if text:
        parts = _web_address(text.partition("?")[0])
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("must begin with https://")
    return text


def database_url(text: str) -> str:
    """Empty, or a URL of SQLite or PostgreSQL."""
    if text.startswith("postgres:"):
        raise ValueError("must begin with postgresql:// instead of postgres://")
    if text and not _DATABASE.fullmatch(text):
        raise ValueError("must be a URL such as sqlite:///modelgate.db or postgresql://host/name")
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", text):
        raise ValueError("has control characters")
    return text


def path(text: str) -> str:
    """A path, or empty for none."""
    if "\0" in text or printable(text, len(text)) != text:
        raise ValueError("has control characters")
    return text


def _match(text: str, pattern: re.Pattern[str], what: str) -> str:
    if not text:
        raise ValueError("is empty")
    if len(text) > _LONGEST_NAME or not pattern.fullmatch(text):
        raise ValueError(f"'{printable(text, 40)}': {what}")
    return text


def _web_address(text: str) -> SplitResult:
    problem = "must be a URL such as https://api.anthropic.com"
    if not text.isascii() or re.search(r"[\x00-\x20\x7f\\]", text):
        raise ValueError(problem)
    try:
        parts = urlsplit(text)
        good = parts.scheme in _DEFAULT_PORTS and bool(_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        good = False
    if not good:
        raise ValueError(problem)
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise ValueError("must have no user, password, query or fragment")
    return parts
