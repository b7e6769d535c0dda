"""Which schema a store has, read by plain SQL: the gate's path never imports alembic."""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from modelgate.domain.chain import digest
from modelgate.domain.codec import canonical
from modelgate.domain.errors import StoreProblem
from modelgate.domain.problems import Problem
from modelgate.domain.snapshot import StoreNotice
from modelgate.domain.text import printable
from modelgate.store.faults import INCOMPATIBLE, fault_of
from modelgate.store.tables import CHAIN
from modelgate.store.together import Question, Rows, together
from modelgate.version import VERSION

HEAD = "0011"
"""The newest migration that this version of modelgate knows."""
USABLE_FROM = "0.1.0"
"""What its store says of the oldest gate version that may use it; a test compares with the migrations."""
VERSION_TABLE = "modelgate_version"
BEHIND = "store.schema-behind"
UPGRADE = "modelgate db upgrade"


class Schema(NamedTuple):
    """What a store says of itself."""

    revision: str
    """The newest migration that ran: `0001`."""
    usable_from: str
    """The oldest gate version that may use it."""
    salt: bytes
    chained: tuple[str, ...]
    """Every table of the chain, also those that are younger than this version of modelgate, as `store_info` has it."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Those, and this version's own in any case: nobody hides a table by not listing it."""
        return (*self.chained, *(name for name in CHAIN if name not in self.chained and not self.is_behind))

    @property
    def witness(self) -> str:
        """The revision, and a digest of all else: rows of runs have it, so that the chain vouches for `store_info`."""
        told = [self.usable_from, self.chained, self.salt.hex()]
        return f"{printable(self.revision, 20)}:{digest(canonical(told))[:32]}"

    @property
    def is_behind(self) -> bool:
        """Whether migrations that this version needs have not run."""
        return self.revision < HEAD

    @property
    def is_ahead(self) -> bool:
        """Whether a later version made it: only then may there be forms and tables that are not known here."""
        return self.revision > HEAD


def read_schema(connection: Connection) -> Schema | None:
    """The store's schema; None where there is none. A failed look spoils the transaction: the caller begins another."""
    try:
        return SCHEMA.answer(*together(connection, *SCHEMA.queries))
    except DBAPIError as error:
        if fault_of(error).check != INCOMPATIBLE:
            raise
        return None


def _schema(rows: Rows) -> Schema | None:
    if not rows:
        return None
    (row,) = rows
    chained = tuple(row.chained.split(","))
    if not all(re.fullmatch("[a-z][a-z_0-9]*", name) for name in chained):
        raise ValueError("store_info.chained names no tables")
    return Schema(row.version_num, row.usable_from, bytes.fromhex(row.salt), chained)


SCHEMA = Question((text("SELECT version_num, usable_from, salt, chained FROM modelgate_version, store_info"),), _schema)
"""What `read_schema` asks; here without tables it fails."""


def require(schema: Schema | None) -> Schema:
    """The schema, if it is recent enough. Raises StoreProblem `store.schema-behind`."""
    if schema is None:
        raise StoreProblem(Problem(BEHIND, "no audit store can be seen in the database", command=UPGRADE))
    if schema.is_behind:
        message = f"the audit store has schema {printable(schema.revision, 20)}, not {HEAD}"
        raise StoreProblem(Problem(BEHIND, message, command=UPGRADE))
    return schema


def notices_of(schema: Schema) -> tuple[StoreNotice, ...]:
    """A note where the store is newer than this gate. Raises StoreProblem where this gate is too old for it."""
    shown = printable(schema.revision, 20)
    if locks_out(schema.usable_from, VERSION):
        message = f"the audit store has schema {shown}, for modelgate {printable(schema.usable_from, 20)} or later"
        raise StoreProblem(Problem(INCOMPATIBLE, message, f"install modelgate {printable(schema.usable_from, 20)}"))
    if schema.revision == HEAD:
        return ()
    return (StoreNotice("store.schema-ahead", f"the audit store has schema {shown}; this gate knows {HEAD}"),)


def locks_out(usable_from: str, version: str) -> bool:
    """Whether a gate of `version` is older than `usable_from`."""
    return _parts(version) < _parts(usable_from)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
