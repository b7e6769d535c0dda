"""What the chain says of archives: the gaps that rows of `archives` account for, and where rows of a time are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text, select, type_coerce

from modelgate.domain.archives import Gap, gap_of
from modelgate.domain.rows import Scope
from modelgate.store.families import archives
from modelgate.store.places import within
from modelgate.store.together import Question, Rows

_GAP = tuple(
    archives.c[name]
    for name in (
        "sequence", "first_sequence", "last_sequence", "first_previous", "last_hash", "file_name", "file_digest"
    )
)  # fmt: skip


def gaps(scope: Scope) -> Question[tuple[Gap, ...]]:
    """All gaps of the chain, as the rows that name them were stored, believed to hold nothing in particular."""
    columns = [type_coerce(column, Text).label(column.key) for column in _GAP]
    query = select(*columns).where(within(archives, scope)).order_by(archives.c.last_sequence)

    def answer(rows: Rows) -> tuple[Gap, ...]:
        return tuple(gap for row in rows if (gap := gap_of(dict(row._mapping))))

    return Question((query,), answer)


def of_time(scope: Scope, asked: datetime) -> Question[tuple[str, datetime] | None]:
    """The archive that took the scope's rows of that time, and T: older rows left. None: they are all here."""
    c = archives.c
    query = select(c.file_name, c.older_than).where(within(archives, scope), c.older_than > asked)
    oldest = query.order_by(c.older_than, c.sequence.desc()).limit(1)
    return Question((oldest,), lambda rows: (rows[0].file_name, rows[0].older_than) if rows else None)
