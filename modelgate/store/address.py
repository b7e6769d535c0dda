"""Where the audit store is: a database URL, taken apart so that its password is never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from modelgate.domain.errors import SettingsError
from modelgate.domain.settings import DatabaseSettings
from modelgate.domain.text import printable
from modelgate.small_file import read_small

EXAMPLES = "sqlite:///modelgate.db or postgresql://user@host/database"
_LONGEST_PATH = 4096
_LONGEST_PASSWORD = 65_536
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SEVERAL_HOSTS = re.compile(r"//([^/@]*@)?[^/@?]*,")


@dataclass(frozen=True, slots=True)
class Address:
    """A SQLite file (`path`) or a PostgreSQL database (`options`)."""

    source: str
    """Where the URL was set."""
    shown: str
    """An absolute path, or the URL of a server without password and options."""
    path: Path | None = None
    options: dict[str, str] = field(default_factory=dict, repr=False)
    """What libpq is given; may hold the password."""


def parse(settings: DatabaseSettings) -> Address:
    """The address that the settings name. Reads the password file. Raises SettingsError, without any secret."""
    text = settings.url.reveal()
    if not text.startswith("sqlite") and _SEVERAL_HOSTS.search(text):
        hint = "postgresql://user@/database?host=h1,h2&port=5432,5432"
        raise _unusable(settings, "several hosts stand in the query of a database URL", hint)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _unusable(settings, "the database URL makes no sense", f"such as {EXAMPLES}") from None
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite":
        return _file(url, text, settings)
    if backend in ("postgresql", "postgres"):
        return _server(url, settings)
    raise _unusable(
        settings, f"no audit store in {printable(backend, 20)}: SQLite or PostgreSQL", f"such as {EXAMPLES}"
    )


def shown(settings: DatabaseSettings) -> str:
    """Where the audit store is, for people. Reads no file. Raises SettingsError."""
    return parse(replace(settings, password_file=None)).shown


def _unusable(settings: DatabaseSettings, message: str, hint: str) -> SettingsError:
    return SettingsError(message, source=str(settings.source), hint=hint)


def _file(url: URL, text: str, settings: DatabaseSettings) -> Address:
    if url.host and not url.database:
        hint = f"sqlite:///{printable(url.host, 60)} is a path from here, sqlite://// begins one from the root"
        raise _unusable(settings, "a SQLite URL has three slashes before its path", hint)
    if not url.database or url.database == ":memory:":
        raise _unusable(settings, "an audit store in memory would forget everything", "name a file")
    if url.host or "?" in text or url.database.startswith("file:") or "\0" in url.database:
        raise _unusable(
            settings, "a SQLite URL is a plain path: no host, no options, no ?", "sqlite:///path or sqlite:////path"
        )
    path = _at_home(url.database, settings)
    return Address(str(settings.source), printable(str(path.absolute()), _LONGEST_PATH), path)


def _at_home(path: str, settings: DatabaseSettings) -> Path:
    """The path, with `~` as shells mean it."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise _unusable(settings, "there is no home folder that ~ could mean", "name the folder itself") from None


def _server(url: URL, settings: DatabaseSettings) -> Address:
    if "@" in (url.host or ""):  # the end of a password: not a word of it is shown
        hint = "write @ as %40 there, or name the password in [database] password_file"
        raise _unusable(settings, "the database URL has an @ in its user or password", hint)
    if settings.password_file:
        try:
            url = url.set(password=read_small(settings.password_file, _LONGEST_PASSWORD).decode("utf-8-sig").strip())
        except (OSError, UnicodeDecodeError) as error:
            name = printable(str(settings.password_file), 60)
            cause = getattr(error, "strerror", None) or "not UTF-8"
            raise _unusable(
                settings, f"cannot read database.password_file {name}: {cause}", "check path and mode"
            ) from None
    host = unquote(url.host) if url.host else None  # %2Fvar%2Frun%2Fpostgresql is the folder of a socket
    named = {"host": host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database}
    given = {name: str(value) for name, value in named.items() if value is not None}
    options = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    if (mode := options.get("sslmode")) is not None and mode not in _SSL_MODES:
        hint = f"one of {', '.join(_SSL_MODES)}"
        message = f"the database URL has sslmode={printable(mode, 20)}, which libpq does not know"
        raise _unusable(settings, message, hint)
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    shown = plain.set(host=options["host"]) if "host" in options and not plain.host else plain
    return Address(str(settings.source), printable(shown.render_as_string()), None, {**options, **given})
