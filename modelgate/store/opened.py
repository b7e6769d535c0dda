"""An open audit store: how long a connection is kept, and who works on what meanwhile."""

from __future__ import annotations

import secrets
from typing import NamedTuple, Self

from modelgate.clock import Deadline
from modelgate.domain.history import State
from modelgate.domain.rows import Scope
from modelgate.domain.snapshot import StoreNotice
from modelgate.store.database import Database
from modelgate.store.schema import Schema


class Ahead(NamedTuple):
    """A state that was read when the store was opened, in the same round trip."""

    of: tuple[Scope, str]
    """Scope and `promote_from`."""
    state: State


class Opened:
    """Each call makes a connection, within the deadline, and ends it.

    A store that was opened to keep it has one for all calls until `rest`.
    """

    def __init__(
        self, database: Database, schema: Schema, notices: tuple[StoreNotice, ...], ahead: Ahead | None = None
    ) -> None:
        self._database = database
        self._schema = schema
        self.notices = notices
        self.holder = secrets.token_hex(8)
        """Who this is among those that take leases."""
        self._ahead = ahead
        self._ended: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rest()

    def rest(self) -> None:
        """Ends the connection that is kept: before anything else is waited for, and in the end."""
        self._database.rest()

    def extend(self, deadline: Deadline) -> None:
        """From now on there is time until `deadline`, and in any case to record a verdict that took all of it."""
        self._database.extend(deadline)

    def be_patient(self, seconds: float) -> None:
        """From now on each question may take so long: it looks at the whole store, and others may come before it."""
        self._database.least = seconds
        self._database.extend(self._database.deadline)

    @property
    def salt(self) -> bytes:
        """Random and this store's own: for salted digests of keys."""
        return self._schema.salt

    @property
    def witness(self) -> str:
        """What the store says of itself, for the row of a run."""
        return self._schema.witness

    @property
    def missing(self) -> str:
        """The address of a file that is not there; empty where there is a store."""
        return self._database.address.shown if self._database.missing else ""

    @property
    def on_file(self) -> bool:
        """Whether this is SQLite."""
        return not self._database.is_server

    def take_lease(self, name: str, holder: str, seconds: float) -> str:
        """Takes a lease that nobody else has; returns who has it now."""
        from modelgate.store import leases

        return self._database.run(lambda c: leases.take(c, name, holder, seconds), write=True)

    def renew_lease(self, name: str, holder: str, seconds: float) -> bool:
        """Renews a lease, late or not; False if somebody else has had it since `holder` took it."""
        from modelgate.store import leases

        return self._database.run(lambda c: leases.renew(c, name, holder, seconds), write=True)

    def lease(self, name: str) -> tuple[str, float] | None:
        """Who last took a lease and until when, by the database's clock."""
        from modelgate.store import leases

        return self._database.run(lambda c: leases.until(c, name))

    def give_back_lease(self, name: str, holder: str) -> None:
        """Ends a lease that `holder` has, if it did not end with rows."""
        if name in self._ended:
            self._ended.discard(name)
            return
        from modelgate.store import leases

        self._database.run(lambda c: leases.give_back(c, name, holder), write=True)
