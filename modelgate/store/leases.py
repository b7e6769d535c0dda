"""Leases: who works on something at the moment. Times are the database's, so that hosts need not agree on theirs."""

from __future__ import annotations

from sqlalchemy import Connection, text

from modelgate.store.together import together

_NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())::float8",
}

KEPT = 7 * 86400
"""Seconds for which a lease that nobody gave back still says who had it."""


def take(connection: Connection, name: str, holder: str, seconds: float) -> str:
    """Takes or renews the lease of `name` for `holder`; returns who has it now. The transaction is over then."""
    now = _NOW[connection.dialect.name]
    taken = text(
        f"INSERT INTO claims (fingerprint, holder, until) VALUES (:name, :holder, {now} + :seconds) "  # noqa: S608 # our own words
        "ON CONFLICT (fingerprint) DO UPDATE SET holder = excluded.holder, until = excluded.until "
        # A lease that is longer than one can be is of a clock that has been set back since.
        f"WHERE claims.holder = excluded.holder OR claims.until <= {now} OR claims.until > {now} + :seconds"
    )
    present = text("SELECT holder FROM claims WHERE fingerprint = :name").bindparams(name=name)
    _, ((who,),) = together(connection, taken.bindparams(name=name, holder=holder, seconds=seconds), present, ends=True)
    return str(who)


def renew(connection: Connection, name: str, holder: str, seconds: float) -> bool:
    """Renews a lease, late or not, if nobody else has had it since `holder` took it; whether that is so."""
    now = _NOW[connection.dialect.name]
    kept = connection.execute(
        text(f"UPDATE claims SET until = {now} + :seconds WHERE fingerprint = :name AND holder = :holder"),  # noqa: S608 # our own words
        {"name": name, "holder": holder, "seconds": seconds},
    )
    return kept.rowcount == 1


def until(connection: Connection, name: str) -> tuple[str, float] | None:
    """Who has the lease of `name` and until when, in the database's seconds; None if nobody ever took it."""
    row = connection.execute(text("SELECT holder, until FROM claims WHERE fingerprint = :name"), {"name": name}).first()
    return (row.holder, row.until) if row else None


def give_back(connection: Connection, name: str, holder: str) -> None:
    """Ends the lease, if `holder` still has it, and clears away what nobody gave back. The transaction is over then."""
    over = text(
        "DELETE FROM claims WHERE (fingerprint = :name AND holder = :holder) "  # noqa: S608 # our own words
        f"OR until < {_NOW[connection.dialect.name]} - {KEPT}"
    )
    together(connection, over.bindparams(name=name, holder=holder), ends=True)
