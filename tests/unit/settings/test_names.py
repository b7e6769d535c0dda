"""What names, references and addresses may look like."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelgate.domain.text import printable
from modelgate.settings import names

GOOD = [
    (names.reference, "claude-sonnet-4-6"),
    (names.reference, "claude-3-5-sonnet@20241022"),
    (names.reference, "anthropic/claude-sonnet-4-6:beta"),
    (names.reference, "arn:aws:bedrock:us-east-1:123:profile/us.anthropic.claude"),
    (names.reference, "a" * 256),
    (names.service, "Checkout_2.eu"),
    (names.environment, "prod-eu.1"),
    (names.slot, "long_summaries_2"),
    (names.capability, "thinking.types.adaptive"),
    (names.variable, "_GRADER_MODEL2"),
    (names.exported, "ANTHROPIC_MODEL"),
    (names.origin, "https://api.anthropic.com"),
    (names.origin, "http://127.0.0.1:8080"),
    (names.origin, "http://[::1]:8080"),
    (names.base_url, ""),
    (names.base_url, "https://gateway.example/anthropic/"),
    (names.database_url, ""),
    (names.database_url, "sqlite:////var/lib/modelgate.db"),
    (names.database_url, "postgresql+psycopg://user:p%40ss@host/name?sslmode=require"),
    (names.path, "/run/secrets/key"),
]


@pytest.mark.parametrize(("check", "text"), GOOD)
def test_good(check: Callable[[str], str], text: str) -> None:
    """What is in order comes back as it is."""
    assert check(text) == text


BAD = [
    (names.reference, "", "is empty"),
    (names.reference, " \t", "is empty"),
    (names.reference, "a" * 257, "has 257 characters, more than 256"),
    (names.reference, "../etc/passwd", "'../etc/passwd' is no model name"),
    (names.reference, "vendor/../x", "is no model name"),
    (names.reference, "/etc", "is no model name"),
    (names.reference, "vendor//model", "is no model name"),
    (names.reference, "vendor/", "is no model name"),
    (names.reference, "claude sonnet", "is no model name"),
    (names.reference, "claude\n", "is no model name"),
    (names.reference, "claude\x1b[31m", r"'claude\x1b[31m' is no model name"),
    (names.reference, "claude\u202ex", r"\u202e"),
    (names.reference, "\ud800", r"\ud800"),
    (names.reference, "klaudé", "is no model name"),
    (names.reference, "sk-ant-api03-secret", "looks like an API key"),
    (names.service, "a/b", "'a/b': letters, digits"),
    (names.service, "a:b", "'a:b': letters, digits"),
    (names.service, "a" * 101, "letters, digits"),
    (names.environment, "../prod", "'../prod': lower-case"),
    (names.environment, "Prod", "'Prod': lower-case"),
    (names.environment, "prod\n", r"'prod\x0a': lower-case"),
    (names.environment, "default", "'default' cannot be the name of an environment"),
    (names.environment, "prod.lock", "'prod.lock' cannot be the name"),
    (names.slot, "Summarizer", "lower snake case"),
    (names.slot, "a__b", "lower snake case"),
    (names.slot, "", "is empty"),
    (names.capability, "effort..high", "requirements look like"),
    (names.variable, "1ST", "no digit first"),
    (names.exported, "PATH", "PATH has another meaning already"),
    (names.exported, "LD_PRELOAD", "LD_PRELOAD has another meaning already"),
    (names.exported, "MODELGATE_DATABASE_URL", "has another meaning already"),
    (names.origin, "https://api.anthropic.com/v1", "without a path"),
    (names.origin, "https://api.anthropic.com/", "without a path"),
    (names.origin, "api.anthropic.com", "must be a URL"),
    (names.origin, "ftp://host", "must be a URL"),
    (names.origin, "https://host:99999", "must be a URL"),
    (names.origin, "https://", "must be a URL"),
    (names.base_url, "https://user:secret@host", "must have no user"),
    (names.base_url, "https://host/?key=secret", "must have no user"),
    (names.base_url, "https://host/#secret", "must have no user"),
    (names.base_url, "https://ho st", "must be a URL"),
    (names.base_url, "https://[::1", "must be a URL"),
    (names.database_url, "mysql://user:secret@host/x", "must be a URL such as sqlite"),
    (names.database_url, "postgres://user:secret@host/x", "must begin with postgresql://"),
    (names.database_url, "postgresql://user:secret@host/x\n", "has control characters"),
    (names.path, "key\0file", "has control characters"),
]


@pytest.mark.parametrize(("check", "text", "why"), BAD)
def test_bad(check: Callable[[str], str], text: str, why: str) -> None:
    """What is not in order is refused with the reason, and no secret in it."""
    with pytest.raises(ValueError, match=re.escape(why)) as caught:
        check(text)
    assert "secret" not in str(caught.value)


def test_origin_is_normalised() -> None:
    """Two ways of writing one origin are one origin."""
    assert names.origin("HTTPS://API.Anthropic.com:443") == "https://api.anthropic.com"


CHECKS = [
    names.service, names.environment, names.slot, names.capability, names.variable, names.exported,
    names.reference, names.origin, names.base_url, names.database_url, names.path,
]  # fmt: skip


@given(st.sampled_from(CHECKS), st.text() | st.text(st.sampled_from("https://[]@:.?#a1%\\ ")))
def test_any_text(check: Callable[[str], str], text: str) -> None:
    """Any text is accepted, or refused with a ValueError that is safe to print."""
    shown = ""
    try:
        check(text)
    except ValueError as error:
        shown = str(error)
    assert printable(shown) == shown
