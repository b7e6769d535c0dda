"""Database URLs as people write them: used, or refused with the way to write them; never a word of a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelgate.domain.errors import SettingsError
from modelgate.domain.secret import Secret
from modelgate.domain.settings import DatabaseSettings
from modelgate.store.address import parse
from modelgate.store.server import options_of


def refusal(url: str) -> tuple[str, str]:
    """Message and hint of what is wrong with a URL, from wherever it is told before anything connects."""
    with pytest.raises(SettingsError) as refused:
        options_of(parse(DatabaseSettings(Secret(url))))
    return refused.value.message, refused.value.hint


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("postgresql://gate:Abc@s3cretTAIL@db/audit", "the database URL has an @ in its user or password", "%40"),
        ("postgresql://gate:Abc@s3cretTAIL@db:5432/audit?sslmode=require", "an @ in its user or password", "%40"),
        ("postgresql://h1:5432,h2:5432/audit", "several hosts stand in the query", "?host=h1,h2&port=5432,5432"),
        ("postgresql://gate:p@h1,h2/audit", "several hosts stand in the query", "?host=h1,h2&port=5432,5432"),
        ("postgresql://db/audit?schema=public&pgbouncer=true", "does not take: schema, pgbouncer", "leave it out"),
        ("postgresql://db/audit?sslmode=required", "sslmode=required, which libpq does not know", "verify-full"),
        ("sqlite://modelgate.db", "three slashes", "sqlite:///modelgate.db"),
        ("sqlite:///a?b.db", "a plain path: no host, no options, no ?", "sqlite:///path"),
        ("sqlite://host/x.db", "a plain path", "sqlite:///path"),
    ],
)
def test_what_cannot_be_used_says_how_it_is_written(url: str, message: str, hint: str) -> None:
    """Exit 2 at once, in one line without escapes, and nothing of a password."""
    told, next_step = refusal(url)
    assert (message in told, hint in next_step) == (True, True), (told, next_step)
    assert "s3cret" not in told + next_step
    assert "\\x" not in told


def test_a_socket_is_a_host() -> None:
    """A percent-encoded folder in the host's place is that of a socket, as libpq reads it."""
    address = parse(DatabaseSettings(Secret("postgresql://gate@%2Fvar%2Frun%2Fpostgresql/audit")))
    assert address.options["host"] == "/var/run/postgresql"


def test_home_is_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`~` means what shells mean by it, not a folder of that name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse(DatabaseSettings(Secret("sqlite:///~/x.db"))).path == tmp_path / "x.db"


def test_a_password_that_is_written_right_is_kept_whole() -> None:
    """`%40` is an @ of the password."""
    address = parse(DatabaseSettings(Secret("postgresql://gate:Abc%40tail@db/audit")))
    assert (address.options["password"], address.shown) == ("Abc@tail", "postgresql://gate@db/audit")
