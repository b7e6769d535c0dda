"""Opening the audit store: a SQLite file is created and migrated on use, a server's schema only looked at."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from modelgate.clock import Clock, Deadline
from modelgate.domain.errors import SettingsError, StoreProblem
from modelgate.domain.history import State
from modelgate.domain.rows import Scope
from modelgate.domain.settings import DatabaseSettings
from modelgate.domain.snapshot import StoreNotice
from modelgate.store import read
from modelgate.store.address import parse
from modelgate.store.database import Database
from modelgate.store.faults import INCOMPATIBLE
from modelgate.store.handovers import More
from modelgate.store.opened import Ahead
from modelgate.store.schema import HEAD, SCHEMA, Schema, notices_of, read_schema, require
from modelgate.store.store import Store
from modelgate.store.tables import CHAIN
from modelgate.store.together import both

SECURE = "?sslmode=verify-full in the database's URL, and sslrootcert=FILE if its certificate is your own"


def connect(
    settings: DatabaseSettings, *, deadline: Deadline, clock: Clock, service_given: bool = True, read_only: bool = False
) -> Database:
    """The database that the settings name, whatever is in it. Raises SettingsError."""
    database = Database(parse(settings), deadline, clock, read_only=read_only)
    if database.is_server and not service_given:
        raise SettingsError(
            "a database server needs the name of the service",
            source=str(settings.source),
            hint='service = "…" in config/default.toml, or --service',
        )
    return database


def open_store(
    database: DatabaseSettings,
    *,
    deadline: Deadline,
    clock: Clock,
    service_given: bool = True,
    read_only: bool = False,
    meanwhile: Callable[[], None] | None = None,
    keeps: bool = False,
    ahead: tuple[Scope, str] | None = None,
) -> Store:
    """Opens the audit store that the settings name.

    A SQLite file is created and migrated where it needs to be; with `read_only` never, and a missing one is an empty
    store. A server's tables are only made by `db upgrade`. Connection failures are retried until the deadline.
    `meanwhile` begins what may go on while a server is waited for: all that this imports is imported by then.
    `keeps`: one connection to a server is kept until `Store.rest`. `ahead`: scope and `promote_from` of the state that
    will be asked for first; a server is asked for it in the same round trip.
    Raises SettingsError for a URL that makes no sense, and StoreProblem `store.unreachable`, `store.schema-behind` or
    `store.schema-incompatible`.
    """
    opened = connect(database, deadline=deadline, clock=clock, service_given=service_given, read_only=read_only)
    if opened.missing:
        return Store(opened, Schema(HEAD, "0", secrets.token_bytes(32), CHAIN), (_empty(opened, "is not there"),))
    opened.keeps = keeps
    if meanwhile and opened.is_server:
        meanwhile()
    migrates = not opened.is_server and not read_only
    if migrates:
        opened.create_file()
    schema, state = _read(opened, ahead)
    notices: tuple[StoreNotice, ...] = ()
    if migrates and (schema is None or schema.is_behind):
        notices = _migrate(opened)
        schema = opened.run(read_schema)
    schema = require(schema)
    if opened.is_unencrypted:
        notices += (
            StoreNotice("store.unencrypted", "what passes to and from the audit store is not encrypted", SECURE),
        )
    return Store(opened, schema, notices + notices_of(schema), Ahead(ahead, state) if ahead and state else None)


def _read(opened: Database, ahead: tuple[Scope, str] | None) -> tuple[Schema | None, State | None]:
    """The schema, and the state if it could be read with it: a schema that does not fit has to be told first."""
    if not opened.is_server:
        return opened.run(read_schema), None
    try:
        return opened.ask(both(SCHEMA, read.state(*ahead, server=True))) if ahead else (opened.ask(SCHEMA), None)
    except More:
        return opened.ask(SCHEMA), None
    except StoreProblem as error:
        if error.problem.check != INCOMPATIBLE:
            raise
    return opened.run(read_schema), None


def _migrate(database: Database) -> tuple[StoreNotice, ...]:
    from modelgate.store.migrate import upgrade

    if upgrade(database).current is not None:
        return ()
    return (_empty(database, "was not there and was made"),)


def _empty(database: Database, what: str) -> StoreNotice:
    """Told once for the run: in CI, on an empty disk, it is the reason of every other finding."""
    hint = (
        f"{database.address.shown} {what}. Name the store that knows the approvals (MODELGATE_DATABASE_URL), "
        'or keep them in git (pins_from = "lock")'
    )
    return StoreNotice("store.created", "the audit store is new: it knows no approval yet", hint)
