"""A long history, written by the database itself: a year of runs over ten slots, as gates would have left it.

Rows hold all that queries look at. Their hashes make no chain: `chains.py` writes one that can be verified.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from modelgate.domain.times import format_instant

SLOTS = 10
MODELS = ("claude-opus-5", "claude-sonnet-5", "claude-sonnet-4-6")
"""Handed over in turns; the last one is what the settings ask for today."""
_YEAR = 365 * 86400
_INSTANT = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%f', {epoch}, 'unixepoch') || '000Z'",
    "postgresql": "to_timestamp({epoch})",
}
_USER = {"sqlite": "NULL", "postgresql": "session_user"}
_INSERT = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {rows}),
slots(s) AS (SELECT 0 UNION ALL SELECT s + 1 FROM slots WHERE s + 1 < {slots})
INSERT INTO {table} (service, environment, sequence, recorded_at, clock_at, actor, database_user, host, version, form,
                     previous, hash, {columns})
SELECT 'bench', 'prod', {sequence}, {instant}, {instant}, 'bench', {user}, 'pod', '0.1.0', 1,
       'seeded', 'seeded', {values}
FROM numbers {join} ORDER BY n
"""
_CHANGES = 12
"""How often a slot's pin, and so what it is handed, changes. Divisible by the number of models: the last one ends."""
_MODEL = (
    f"CASE (CAST(n AS bigint) * {_CHANGES} / {{rows}}) % 3 "
    f"WHEN 0 THEN '{MODELS[0]}' WHEN 1 THEN '{MODELS[1]}' ELSE '{MODELS[2]}' END"
)
_PINS = {
    "table": "pins",
    "columns": "slot, revision, action, reference, model_id, reason",
    "sequence": "1 + n * {slots} + s",
    "values": f"'slot_' || s, n + 1, 'accept', '{MODELS[-1]}', {{model}}, 'seeded'",
    "join": "CROSS JOIN slots",
}
_NO_FACTS = '{{"answers":{{}},"entries":{{}},"gone":[],"origin":"http://bench"}}'
_WHOLE = (f"'{_NO_FACTS}'", "{instant}", "'another'", "'another'")
_BY_DIGEST = ("""'{{"gone":[]}}'""", "''", "{instant}", "'another'", "'another'")
"""What every twentieth run saw: the older half in rows of form 1, the newer in columns of form 4."""
_RUNS = {
    "table": "runs",
    "columns": "run_id, command, verdict, enforced, exit_code, started_at, finished_at, slots, requests, unverified, "
    "facts, asked_at, reuse_fingerprint, grace_fingerprint, answers, entries, seen_at, reuse_mark, grace_mark",
    "sequence": "{first} + n * ({slots} + 1)",
    "values": "'run_seeded_' || n, 'preflight', 'pass', true, 0, {instant}, {instant}, '[]', 0, false, "
    + ", ".join(
        f"CASE WHEN n % 20 = 0 AND n * 2 {half} {{rows}} THEN {value} END"
        for half, values in (("<", _WHOLE), (">=", _BY_DIGEST))
        for value in values
    ),
    "join": "",
}
_RESOLUTIONS = {
    "table": "resolutions",
    "columns": "run_id, slot, reference, outcome, resolved_id, pinned_id, handed_off_id, revision, held, lifecycle",
    "sequence": "{first} + n * ({slots} + 1) + 1 + s",
    "values": f"'run_seeded_' || n, 'slot_' || s, '{MODELS[-1]}', 'resolved', '{MODELS[-1]}', {{model}}, {{model}}, 1, "
    "false, 'active'",
    "join": "CROSS JOIN slots",
}


def settings() -> str:
    """What the environment asks for."""
    text = 'service = "bench"\n[policy]\nreuse_seconds = 86400\n'
    return text + "".join(f'[slots.slot_{slot}]\nmodel = "{MODELS[-1]}"\n' for slot in range(SLOTS))


def seed(url: str, resolutions: int) -> None:
    """Fills an empty audit store. `resolutions` is rounded down to whole runs."""
    runs = resolutions // SLOTS
    statements = [
        _statement(url, _PINS, _CHANGES, "0"),
        _statement(url, _RUNS, runs, "n"),
        _statement(url, _RESOLUTIONS, runs, "n"),
    ]
    _write(url, statements)


_SCOPED = """
INSERT INTO {table} (service, environment, sequence, recorded_at, clock_at, actor, database_user, host, version, form,
                     previous, hash, {columns})
SELECT 'svc_' || lpad(scope::text, 5, '0'), 'prod', {sequence}, at, at, 'bench', session_user, 'pod-' || run % 3,
       '0.1.0', 1, 'seeded', 'seeded', {values}
FROM generate_series(0, {scopes} - 1) AS scope, generate_series(0, {runs} - 1) AS run
CROSS JOIN LATERAL (SELECT now() - (({runs} - run) * interval '25 days' / {runs})) AS dated(at) {more}
"""


def seed_fleet(url: str, scopes: int, runs: int, api: tuple[str, str], due: str, aliases: Mapping[str, str]) -> None:
    """Fills an empty store on PostgreSQL: services with ten slots, approved once, that ran so often within 25 days.

    Every second slot asks for one of the aliases, a tenth of all for `due`, which retires in 20 days. `api`: its
    origin, and the JSON of an entry, which each pin has as that of its own model.
    """
    origin, entry = (text.replace("'", "''") for text in api)
    alias, meaning = (
        f"(ARRAY[{', '.join(map(repr, words))}])[1 + (scope * 5 + s) % {len(aliases)}]"
        for words in (aliases, aliases.values())
    )
    asks = f"CASE WHEN s = 0 THEN '{due}' WHEN s % 2 = 0 THEN 'claude-sonnet-5' ELSE {alias} END"
    means = f"CASE WHEN s = 0 THEN '{due}' WHEN s % 2 = 0 THEN 'claude-sonnet-5' ELSE {meaning} END"
    each_slot = f"CROSS JOIN generate_series(0, {SLOTS - 1}) AS s"
    slots = (
        f"(SELECT json_agg(json_build_object('slot', 'slot_' || s, 'reference', {asks}, "
        f"'source', 'config/prod.toml:1', 'requires', json_build_array(), "
        f"'min_input_tokens', null, 'min_output_tokens', null, 'handed_off', {means}))"
        f"::text FROM generate_series(0, {SLOTS - 1}) AS s)"
    )
    run_id = "'run_' || scope || '_' || run"
    first = f"{SLOTS} + run * {SLOTS + 1}"
    parts = [
        {
            "table": "pins",
            "columns": "slot, revision, action, reference, model_id, reason, origin, entry",
            "sequence": "1 + s",
            "values": f"'slot_' || s, 1, 'accept', {asks}, {means}, 'seeded', '{origin}', "
            f"replace('{entry}', 'claude-sonnet-5', {means})",
            "more": f"{each_slot} WHERE run = 0",
        },
        {
            "table": "runs",
            "columns": "run_id, command, verdict, enforced, exit_code, started_at, finished_at, slots, origin, "
            "requests, unverified",
            "sequence": f"{first} + 1",
            "values": f"{run_id}, 'preflight', 'pass', true, 0, at, at, {slots}, '{origin}', 1, false",
            "more": "",
        },
        {
            "table": "resolutions",
            "columns": "run_id, slot, reference, outcome, resolved_id, pinned_id, handed_off_id, revision, held, "
            "lifecycle, retires_at",
            "sequence": f"{first} + 2 + s",
            "values": f"{run_id}, 'slot_' || s, {asks}, 'resolved', {means}, {means}, {means}, 1, false, "
            "CASE s WHEN 0 THEN 'deprecated' ELSE 'active' END, CASE s WHEN 0 THEN now() + interval '20 days' END",
            "more": each_slot,
        },
    ]
    filled = [_SCOPED.format(scopes=scopes, runs=runs, **part) for part in parts]
    _write(url, [*filled, *(each.format(table=table) for table in ("runs", "resolutions") for each in _BY_TIME)])


_BY_TIME = (
    "SET maintenance_work_mem = '1GB'",
    "CREATE INDEX seeded ON {table} (recorded_at, service, sequence)",
    "CLUSTER {table} USING seeded",
    "DROP INDEX seeded",
)
"""Rows then lie where gates would have put them: those of a run together, those of yesterday beside each other."""

_ENDS = """
INSERT INTO chain_ends SELECT DISTINCT ON (service, environment) service, environment, sequence, hash, recorded_at, 0, 0
FROM modelgate_chain ORDER BY service, environment, sequence DESC
"""


def insert_rows(url: str, rows: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Adds rows, table and columns, that make a chain by themselves, as fast as the database takes them."""
    for part in _parts(rows):
        _write(url, [], part)


def _parts(rows: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    waiting = iter(rows)
    while part := list(islice(waiting, 100_000)):
        yield part


def _insert(part: list[tuple[str, dict[str, Any]]], mark: str) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """An INSERT for each table, and its values."""
    for table in dict.fromkeys(table for table, _ in part):
        columns = [values for name, values in part if name == table]
        names, marks = ", ".join(columns[0]), ", ".join([mark] * len(columns[0]))
        yield f"INSERT INTO {table} ({names}) VALUES ({marks})", [tuple(each.values()) for each in columns]


def _on_sqlite(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(format_instant(value) if isinstance(value, datetime) else value for value in values)


def _write(url: str, statements: list[str], rows: list[tuple[str, dict[str, Any]]] | None = None) -> None:
    """Executes them while nothing checks the places of rows, as the owner can have it: their hashes make no chain."""
    if url.startswith("sqlite:"):
        with sqlite3.connect(Path(url.removeprefix("sqlite:///"))) as connection:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%check_place'"
            guards = connection.execute(query).fetchall()
            removals = [f"DROP TRIGGER {name}" for name, _ in guards]
            for statement in (*removals, *statements):
                connection.execute(statement)
            for statement, values in _insert(rows or [], "?"):
                connection.executemany(statement, map(_on_sqlite, values))
            for _, guard in guards:
                connection.execute(guard)
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        for statement in statements:
            server.execute(statement.encode())
        with server.transaction(), server.cursor() as cursor:
            for statement, values in _insert(rows or [], "%s"):
                cursor.executemany(statement.encode(), values)
            server.execute("DELETE FROM chain_ends")
            server.execute(_ENDS.encode())
        server.execute("VACUUM ANALYZE")  # as autovacuum would have done meanwhile


def _statement(url: str, part: dict[str, str], rows: int, moment: str) -> str:
    database = url.partition(":")[0]
    epoch = f"{time.time() - _YEAR - 60:.0f} + {moment} * {_YEAR / rows}"
    words = {
        "instant": _INSTANT[database].format(epoch=epoch),
        "model": _MODEL.format(rows=rows),
        "slots": SLOTS,
        "first": SLOTS * _CHANGES + 1,
        "rows": rows,
    }
    filled = {name: text.format(**words) for name, text in part.items()}
    return _INSERT.format(**words, **filled, user=_USER[database])
