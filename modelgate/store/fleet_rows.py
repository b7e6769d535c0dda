"""Rows of many scopes with one statement: what it is about goes to the database as one list, as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Connection, bindparam, text
from sqlalchemy.types import TypeEngine

from modelgate.store.handovers import NO_END
from modelgate.store.tables import Instant

Wanted = Sequence[tuple[object, ...]]
"""What is asked about: a number, which is `n` of what is found, and the columns."""

PLACE = {"service": "TEXT", "environment": "TEXT"}
OF_RUN = {**PLACE, "sequence": "BIGINT", "run_id": "TEXT"}
"""Columns of a list: of scopes, and of runs."""

_WANTED = {
    "postgresql": (
        "WITH wanted AS MATERIALIZED (SELECT {columns} FROM json_array_elements(CAST(:wanted AS json)) AS w)",
        "CAST(w ->> {n} AS {type}) AS {name}",
    ),
    "sqlite": (
        "WITH wanted AS (SELECT {columns} FROM json_each(:wanted))",
        "CAST(json_extract(value, '$[{n}]') AS {type}) AS {name}",
    ),
}
_ROWS_OF_RUN = """
  USING (service, environment) WHERE r.run_id = w.run_id AND r.sequence > w.sequence AND r.sequence < coalesce((
    SELECT min(next.sequence) FROM runs AS next
    WHERE next.service = w.service AND next.environment = w.environment AND next.sequence > w.sequence), :no_end)
"""
_RUNS = "SELECT w.n, {columns} FROM wanted AS w JOIN runs AS r USING (service, environment, sequence)"
_ASKED = "coalesce(r.asked_at, r.seen_at) AS asked_at"
_OBSERVED = """
SELECT w.n, max(r.sequence) AS sequence FROM wanted AS w JOIN runs AS r USING (service, environment)
WHERE r.command = 'preflight' AND r.verdict = w.verdict AND r.sequence < w.sequence AND NOT r.enforced GROUP BY w.n
"""
_RESOLUTIONS = """
SELECT w.n, r.run_id, r.slot, r.reference, r.outcome, r.resolved_id, r.pinned_id, r.handed_off_id, r.revision, r.held,
  r.lifecycle, r.retires_at, r.observed_id
FROM wanted AS w JOIN resolutions AS r {rows_of_run} {also} ORDER BY w.n, r.sequence
"""
_ABOUT = """
AND (r.reference IN :names OR r.resolved_id IN :names OR r.pinned_id IN :names
  OR EXISTS (SELECT 1 FROM pins AS p WHERE p.service = w.service AND p.environment = w.environment
             AND p.slot = r.slot AND p.model_id IN :names)
  OR EXISTS (SELECT 1 FROM resolutions AS h WHERE h.service = w.service AND h.environment = w.environment
             AND h.slot = r.slot AND h.handed_off_id IN :names)
  OR EXISTS (SELECT 1 FROM resolutions AS h WHERE h.service = w.service AND h.environment = w.environment
             AND h.slot = r.slot AND h.observed_id IN :names))
"""
"""Slots that may have to do with one of the names: no other can. Whether one has, `domain.fleet` decides."""
_SIGHTINGS = """
SELECT min(w.n) AS n, w.origin, r.handed_off_id, r.pinned_id, r.resolved_id, r.lifecycle, r.retires_at,
  max(w.known_at) AS known_at
FROM wanted AS w JOIN resolutions AS r {rows_of_run} AND r.lifecycle IS NOT NULL
GROUP BY w.origin, r.handed_off_id, r.pinned_id, r.resolved_id, r.lifecycle, r.retires_at
"""
_PINS = """
SELECT w.n, p.slot, p.revision, p.action, p.model_id, p.reference, p.expires_at, p.revokes, {more}
FROM wanted AS w JOIN pins AS p USING (service, environment {of_slot}) ORDER BY w.n, p.sequence
"""
_ENDS = {  # on PostgreSQL a scope at a time, in the order of the index; SQLite knows no LATERAL, and does that anyway
    "postgresql": """
      SELECT w.n, w.service, w.environment, ends.sequence FROM wanted AS w CROSS JOIN LATERAL (
        SELECT max(h.sequence) AS sequence FROM resolutions AS h
        WHERE h.service = w.service AND h.environment = w.environment {of_slot} AND h.{column} IS NOT NULL
        GROUP BY h.slot, h.{column}) AS ends""",
    "sqlite": """
      SELECT w.n, w.service, w.environment, max(h.sequence) AS sequence FROM wanted AS w JOIN resolutions AS h
      ON h.service = w.service AND h.environment = w.environment {of_slot} AND h.{column} IS NOT NULL
      GROUP BY w.n, h.slot, h.{column}""",
}
_HAND_OVERS = """
SELECT w.n, r.sequence, r.slot, r.{column} AS model_id, r.reference, r.recorded_at, r.run_id, r.host, r.actor,
  r.version, r.revision, r.held
FROM ({ends}) AS w JOIN resolutions AS r USING (service, environment, sequence)
"""
_HOSTS = """
SELECT w.n, count(DISTINCT r.host) AS hosts FROM wanted AS w JOIN runs AS r USING (service, environment)
WHERE r.recorded_at >= :since AND r.command = 'preflight' AND (r.verdict = 'pass' OR NOT r.enforced)
GROUP BY w.n
"""
_TYPES: Mapping[str, TypeEngine[Any]] = {
    "recorded_at": Instant(), "asked_at": Instant(), "expires_at": Instant(), "retires_at": Instant(),
    "held": Boolean(), "enforced": Boolean(), "unverified": Boolean(),
}  # fmt: skip
Rows = Iterator[Any]
"""Each begins with `n`."""


def _ask(connection: Connection, query: str, wanted: Wanted, columns: Mapping[str, str], **values: object) -> Rows:
    """The rows of a statement about a list with these columns."""
    whole, each = _WANTED[connection.dialect.name]
    named = {"n": "BIGINT", **columns}
    selected = ", ".join(each.format(n=n, name=name, type=kind) for n, (name, kind) in enumerate(named.items()))
    statement = text(f"{whole.format(columns=selected)} {query}").bindparams(**values)
    if "names" in values:
        statement = statement.bindparams(bindparam("names", values["names"], expanding=True))
    typed = statement.columns(**_TYPES)
    return iter(connection.execute(typed, {"wanted": json.dumps(wanted, ensure_ascii=False)}))


def runs(connection: Connection, wanted: Wanted, *columns: str) -> Rows:
    """These columns of runs, by their place and sequence; `asked_at` of either form."""
    named = ", ".join(_ASKED if name == "asked_at" else f"r.{name}" for name in columns)
    return _ask(connection, _RUNS.format(columns=named), wanted, OF_RUN)


def observed_before(connection: Connection, wanted: Wanted) -> Rows:
    """Before preflights, the newest `sequence` of one with the same verdict that only observed. `wanted`: of runs, with
    their verdict.
    """
    return _ask(connection, _OBSERVED, wanted, {**OF_RUN, "verdict": "TEXT"})


def resolutions(connection: Connection, wanted: Wanted, names: Collection[str] | None) -> Rows:
    """What runs recorded of their slots; with names, of those that may have to do with one of them."""
    also, values = ("", {}) if names is None else (_ABOUT, {"names": sorted(names)})
    query = _RESOLUTIONS.format(rows_of_run=_ROWS_OF_RUN, also=also)
    return _ask(connection, query, wanted, OF_RUN, no_end=NO_END, **values)


def sightings(connection: Connection, wanted: Wanted) -> Rows:
    """What runs recorded of models, each different thing once, with the last `known_at`. `wanted`: of runs, with their
    origin and when they knew it, as text.
    """
    columns = {**OF_RUN, "origin": "TEXT", "known_at": "TEXT"}
    return _ask(connection, _SIGHTINGS.format(rows_of_run=_ROWS_OF_RUN), wanted, columns, no_end=NO_END)


def pins(connection: Connection, wanted: Wanted, *more: str) -> Rows:
    """The revisions of scopes, or of slots of them, oldest first."""
    of_slot = ", slot" if _has_slots(wanted) else ""
    query = _PINS.format(of_slot=of_slot, more=", ".join(("p.origin", *more)))
    return _ask(connection, query, wanted, _columns(wanted))


def hand_overs(connection: Connection, wanted: Wanted, column: str) -> Rows:
    """Of each slot of scopes, or of these slots, and each ID in this column the newest resolution."""
    of_slot = " AND h.slot = w.slot" if _has_slots(wanted) else ""
    ends = _ENDS[connection.dialect.name].format(of_slot=of_slot, column=column)
    return _ask(connection, _HAND_OVERS.format(ends=ends, column=column), wanted, _columns(wanted))


def hosts(connection: Connection, wanted: Wanted, since: datetime) -> Rows:
    """Of scopes: on how many hosts a preflight let the application start since then."""
    return _ask(connection, _HOSTS, wanted, PLACE, since=Instant().process_bind_param(since, connection.dialect))


def _has_slots(wanted: Wanted) -> bool:
    return len(wanted[0]) > len(PLACE) + 1


def _columns(wanted: Wanted) -> dict[str, str]:
    return {**PLACE, "slot": "TEXT"} if _has_slots(wanted) else PLACE
