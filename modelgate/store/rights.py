"""What an administrator has to do by hand on PostgreSQL, as SQL to paste: what neither owner nor migration may do."""

from __future__ import annotations

from sqlalchemy import Connection, text

_TEMPORARY = (
    "SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC;', current_database()) "
    "WHERE has_database_privilege('public', current_database(), 'TEMPORARY')"
)
_CREATE = (
    "SELECT format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', nspname) FROM pg_namespace "
    "WHERE nspname IN ('public', current_schema()) AND has_schema_privilege('public', oid, 'CREATE') ORDER BY nspname"
)
_CHANGE = """
SELECT DISTINCT format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM %s;', c.oid::regclass,
  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
WHERE c.relnamespace = to_regnamespace(current_schema()) AND a.grantee <> c.relowner
  AND c.relname = ANY (:tables) AND a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE') ORDER BY 1
"""


def by_hand(connection: Connection, chained: tuple[str, ...]) -> tuple[str, ...]:
    """Statements for an administrator, one line each; none where all is done, and on SQLite."""
    if connection.dialect.name == "sqlite":
        return ()
    found: list[str] = []
    for query in (_TEMPORARY, _CREATE, _CHANGE):
        values = {"tables": [*chained, "entries", "store_info", "chain_ends"]} if query == _CHANGE else {}
        found += connection.execute(text(query), values).scalars()
    return tuple(found)
