"""Where the audit store is: a database URL, taken apart so that its password is never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from modelgate.domain.settings import DatabaseSettings
from modelgate.domain.text import printable
from modelgate.errors import SettingsError

EXAMPLES = "sqlite:///modelgate.db or postgresql://user@host/database"


@dataclass(frozen=True, slots=True)
class Address:
    """A SQLite file (`path`) or a PostgreSQL database (`options`)."""

    source: str
    """Where the URL was set."""
    shown: str
    """The URL without password and options."""
    path: Path | None = None
    options: dict[str, str] = field(default_factory=dict, repr=False)
    """What libpq is given; may hold the password."""


def parse(settings: DatabaseSettings) -> Address:
    """The address that the settings name. Reads the password file. Raises SettingsError, without any secret."""
    try:
        url = make_url(settings.url.reveal())
    except (ArgumentError, ValueError):
        raise _unusable(settings, "the database URL makes no sense", f"such as {EXAMPLES}") from None
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite":
        return _file(url, settings)
    if backend in ("postgresql", "postgres"):
        return _server(url, settings)
    raise _unusable(
        settings, f"no audit store in {printable(backend, 20)}: SQLite or PostgreSQL", f"such as {EXAMPLES}"
    )


def _unusable(settings: DatabaseSettings, message: str, hint: str) -> SettingsError:
    return SettingsError(message, source=str(settings.source), hint=hint)


def _file(url: URL, settings: DatabaseSettings) -> Address:
    if not url.database or url.database == ":memory:":
        raise _unusable(settings, "an audit store in memory would forget everything", "name a file")
    if url.host or url.query or url.database.startswith("file:") or "\0" in url.database:
        raise _unusable(
            settings, "a SQLite URL is a plain path: no host, no options", "sqlite:///path or sqlite:////path"
        )
    return Address(str(settings.source), printable(f"sqlite:///{url.database}"), Path(url.database))


def _server(url: URL, settings: DatabaseSettings) -> Address:
    if settings.password_file:
        try:
            url = url.set(password=settings.password_file.read_text("utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            name = printable(str(settings.password_file), 60)
            cause = getattr(error, "strerror", None) or "not UTF-8"
            raise _unusable(
                settings, f"cannot read database.password_file {name}: {cause}", "check path and mode"
            ) from None
    named = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database}
    given = {name: str(value) for name, value in named.items() if value is not None}
    options = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return Address(str(settings.source), printable(plain.render_as_string()), None, {**options, **given})
