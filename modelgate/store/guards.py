"""The guards: whether what keeps rows from being changed is still there, and is what the migrations made.

Who owns the database can take it away; then `audit verify` and `db check` say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import Connection, text

from modelgate.domain.archives import ArchiveRow
from modelgate.domain.chain import GENESIS
from modelgate.domain.text import printable
from modelgate.store.schema import USABLE_FROM, Schema
from modelgate.store.tables import CHAIN

_TRIGGERS = {
    "refuse_change": (
        "BEFORE DELETE OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION modelgate_refuse_change()",
        "A",
    ),
    "refuse_truncate": (
        "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION modelgate_refuse_change()",
        "A",
    ),
    "check_author": ("BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION modelgate_check_author()", "OA"),
    "check_place": (
        "AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION modelgate_check_place()",
        "OA",
    ),
    "check_range": ("BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION modelgate_check_range()", "OA"),
    "check_digest": ("BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION modelgate_check_digest()", "A"),
    "check_entries": ("BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION modelgate_check_entries()", "OA"),
}
"""PostgreSQL's: name to definition, and when it fires: `A` in replica mode too."""
_OF_CHAINED = {
    "sqlite": ("refuse_update", "refuse_delete", "refuse_replace", "check_place"),
    "postgresql": ("refuse_change", "refuse_truncate", "check_author", "check_place"),
}
_OF_ENTRIES = {
    "sqlite": ("refuse_update", "refuse_delete", "refuse_replace", "check_digest"),
    "postgresql": ("refuse_change", "refuse_truncate", "check_digest"),
}
FUNCTIONS = {
    "modelgate_refuse_change": "bb9518c1f01e2ec2",
    "modelgate_check_author": "3c90ee7570ef4604",
    "modelgate_check_place": "ede608cfcab80f7e",
    "modelgate_begin": "51c45852677a851d",
    "modelgate_now": "92da62dc3b3f7b34",
    "modelgate_check_form": "ffd0f2173b94892e",
    "modelgate_check_lease": "081fc45c0a5228e8",
    "modelgate_check_digest": "a79a3a5c4056c65a",
    "modelgate_check_entries": "83e1225aa9fc3c24",
    "modelgate_check_range": "c7b29595f5da815b",
}
"""The first 16 digits of the SHA-256 of each function's body. A test makes them anew."""
ON_SQLITE = {"check_place": "0fce98bf4c9f4cc5", "check_range": "6aa0a95105b0def2"}
"""The same of SQLite's triggers that check places, and what `archives` names."""
ENTRIES_ON_SQLITE = {
    "entries_refuse_replace": "cdbce71c286d980a",
    "entries_check_digest": "7c6d16eb684cd802",
    "runs_check_entries": "aa9425805e5f6d3e",
}
"""The same of its triggers that keep entries and who names them."""


def faults(connection: Connection, schema: Schema) -> tuple[str, ...]:
    """What is missing, switched off or another than the migrations made, one line each; in order."""
    if schema.is_behind:
        return ()
    found = [f"store_info does not list {name}" for name in CHAIN if name not in schema.chained]
    if not schema.is_ahead:
        found += [f"store_info lists {name}, which is no table here" for name in schema.chained if name not in CHAIN]
        if schema.usable_from != USABLE_FROM:
            found.append(
                f"store_info says usable_from {printable(schema.usable_from, 20)}, its migrations {USABLE_FROM}"
            )
    dialect = connection.dialect.name
    wanted: dict[str, tuple[str, ...]] = dict.fromkeys(sorted({*CHAIN, *schema.chained}), _OF_CHAINED[dialect])
    wanted |= {"entries": _OF_ENTRIES[dialect], "runs": (*_OF_CHAINED[dialect], "check_entries")}
    wanted[ArchiveRow.table] = (*_OF_CHAINED[dialect], "check_range")
    if dialect == "sqlite":
        return tuple(found + _on_sqlite(connection, wanted))
    return tuple(found + _on_postgresql(connection, wanted) + ([] if schema.is_ahead else _functions(connection)))


def _on_sqlite(connection: Connection, wanted: Mapping[str, tuple[str, ...]]) -> list[str]:
    query = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
    present = {row.name: (row.tbl_name, row.sql) for row in connection.execute(text(query))}
    found = []
    for table, guards in wanted.items():
        for guard in guards:
            name = f"{table}_{guard}"
            on, body = present.get(name, ("", ""))
            if on != table:
                found.append(f"the trigger {name} is missing")
            elif not _is_whole(guard, table, body):
                found.append(f"the trigger {name} is not as it was made")
    return found


def _is_whole(guard: str, table: str, body: str) -> bool:
    """Whether a trigger of SQLite refuses what its name says, whenever that is tried."""
    event = {"refuse_update": "UPDATE", "refuse_delete": "DELETE"}.get(guard)
    if event:
        plain = f"CREATE TRIGGER {table}_{guard} BEFORE {event} ON {table} "
        return body == f"{plain}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    if known := ENTRIES_ON_SQLITE.get(f"{table}_{guard}"):
        return _digest(body) == known
    if known := ON_SQLITE.get(guard):
        return _digest(body.replace(table, "T").replace(GENESIS, "0")) == known
    head = f"CREATE TRIGGER {table}_{guard} BEFORE INSERT ON {table} WHEN "
    return body.startswith(head) and f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: " in body


def _on_postgresql(connection: Connection, wanted: Mapping[str, tuple[str, ...]]) -> list[str]:
    query = text(
        "SELECT tgname, pg_get_triggerdef(oid) AS definition, tgenabled FROM pg_trigger "
        "WHERE NOT tgisinternal AND tgrelid = to_regclass(:table)"
    )
    found = []
    for table, guards in wanted.items():
        present = {row.tgname: row for row in connection.execute(query, {"table": table})}
        for guard in guards:
            (definition, states), name = _TRIGGERS[guard], f"{table}_{guard}"
            kind = "CONSTRAINT TRIGGER" if guard == "check_place" else "TRIGGER"
            row = present.get(name)
            if row is None:
                found.append(f"the trigger {name} is missing")
            elif row.tgenabled not in states:
                found.append(f"the trigger {name} is switched off")
            elif _bare(row.definition) != f"CREATE {kind} {name} {definition.format(table=table)}":
                found.append(f"the trigger {name} is not as it was made")
    return found


def _functions(connection: Connection) -> list[str]:
    query = (
        "SELECT proname, prosrc, array_to_string(proconfig, ' ') AS config FROM pg_proc "
        "WHERE pronamespace = to_regnamespace(current_schema()) AND starts_with(proname, 'modelgate_')"
    )
    present = {row.proname: row for row in connection.execute(text(query))}
    found = []
    for name, digest in FUNCTIONS.items():
        row = present.get(name)
        if row is None or _digest(row.prosrc) != digest or "search_path=" not in (row.config or ""):
            found.append(f"the function {name} is {'missing' if row is None else 'not as it was made'}")
    return found


def _bare(definition: str) -> str:
    """A definition without the schemas of its names."""
    return re.sub(r"(?<= )(?:\"[^\"]+\"|\w+)\.(?=\w)", "", definition)


def _digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()[:16]
