"""A long history, written by the database itself: a year of runs over ten slots, as gates would have left it.

Rows hold all that queries look at. Their hashes make no chain: `chains.py` writes one that can be verified.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

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
_RUNS = {
    "table": "runs",
    "columns": "run_id, command, verdict, enforced, exit_code, started_at, finished_at, slots, requests, unverified, "
    "facts, asked_at, reuse_fingerprint, grace_fingerprint",
    "sequence": "{first} + n * ({slots} + 1)",
    "values": "'run_seeded_' || n, 'preflight', 'pass', true, 0, {instant}, {instant}, '[]', 0, false, "
    "CASE n % 20 WHEN 0 THEN '{{}}' END, CASE n % 20 WHEN 0 THEN {instant} END, "
    "CASE n % 20 WHEN 0 THEN 'another' END, CASE n % 20 WHEN 0 THEN 'another' END",
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
    if url.startswith("sqlite:"):
        with sqlite3.connect(Path(url.removeprefix("sqlite:///"))) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        for statement in statements:
            server.execute(statement.encode())
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
