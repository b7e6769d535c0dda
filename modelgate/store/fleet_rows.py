"""Statements about many scopes: what each is about goes to the database as one list, as JSON.

Names of dialects are SQLAlchemy's. The rows of what is asked about a list begin with `n`, if nothing else is said.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, TextualSelect, bindparam, text
from sqlalchemy.types import TypeEngine

from modelgate.domain.fleet import IN_LOCK
from modelgate.store.handovers import NO_END
from modelgate.store.tables import Instant

Wanted = Sequence[tuple[object, ...]]
"""What is asked about: a number, which is `n` of what is found, and the columns."""

PLACE = {"service": "TEXT", "environment": "TEXT"}
OF_ROW = {**PLACE, "sequence": "BIGINT"}
OF_RUN = {**OF_ROW, "run_id": "TEXT"}
OF_SLOT = {"slot": "TEXT"}
"""Columns of a list: of scopes, of rows, of runs, and of a slot beside them."""

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
_END = """coalesce((SELECT min(next.sequence) FROM runs AS next WHERE next.service = w.service
  AND next.environment = w.environment AND next.sequence > w.sequence), :no_end)"""
_OF_RUNS = {  # PostgreSQL would read the whole table where it knows too little of the filters behind this
    "postgresql": f"""
      wanted AS w CROSS JOIN LATERAL (
        SELECT * FROM resolutions AS r WHERE r.service = w.service AND r.environment = w.environment
          AND r.sequence > w.sequence AND r.sequence < {_END} AND r.run_id = w.run_id
        ORDER BY r.sequence OFFSET 0) AS r""",  # noqa: S608 # our own names; values are bound
    "sqlite": f"""
      wanted AS w JOIN resolutions AS r ON r.service = w.service AND r.environment = w.environment
      AND r.sequence > w.sequence AND r.sequence < {_END} AND r.run_id = w.run_id""",
}
_LOOKS = """
SELECT r.service, r.environment, r.sequence, r.recorded_at, r.host, r.run_id, r.command, r.verdict, r.enforced,
  r.origin, coalesce(r.asked_at, r.seen_at) AS asked_at, r.lock_commit
FROM ({ends}) AS w JOIN runs AS r USING (service, environment, sequence)
"""
_NEWEST = {  # PostgreSQL hops from kind to kind along the index, as it would not by itself
    "postgresql": """
      WITH RECURSIVE kinds AS (
        (SELECT service, environment, command, verdict, sequence FROM runs
         ORDER BY service DESC, environment DESC, command DESC, verdict DESC, sequence DESC LIMIT 1)
        UNION ALL
        SELECT lower.* FROM kinds AS k CROSS JOIN LATERAL (
          SELECT service, environment, command, verdict, sequence FROM runs
          WHERE (service, environment, command, verdict) < (k.service, k.environment, k.command, k.verdict)
          ORDER BY service DESC, environment DESC, command DESC, verdict DESC, sequence DESC LIMIT 1) AS lower)
      SELECT service, environment, sequence FROM kinds WHERE command IN ('check', 'preflight')""",
    "sqlite": """
      SELECT service, environment, max(sequence) AS sequence FROM runs WHERE command IN ('check', 'preflight')
      GROUP BY service, environment, command, verdict""",
}
_OBSERVED = """
SELECT w.service, w.environment, max(r.sequence) AS sequence
FROM wanted AS w JOIN runs AS r USING (service, environment)
WHERE r.command = 'preflight' AND r.verdict = w.verdict AND r.sequence < w.sequence AND NOT r.enforced
GROUP BY w.n, w.service, w.environment
"""
_CURRENT = f"""
SELECT w.n, replace(r.slots, '{IN_LOCK}', '') <> r.slots AS in_lock, {{slots}}, (
    SELECT count(DISTINCT h.host) FROM runs AS h
    WHERE h.service = w.service AND h.environment = w.environment AND h.recorded_at >= :since
      AND h.command = 'preflight' AND (h.verdict = 'pass' OR NOT h.enforced)) AS hosts
FROM wanted AS w JOIN runs AS r USING (service, environment, sequence)
"""  # noqa: S608 # as above
_RESOLUTIONS = """
SELECT w.n, r.run_id, r.slot, r.reference, r.outcome, r.resolved_id, r.pinned_id, r.handed_off_id, r.revision, r.held,
  r.lifecycle, r.retires_at, r.observed_id
FROM {of} ORDER BY w.n, r.sequence
"""
_AT = "wanted AS w JOIN resolutions AS r USING (service, environment, sequence)"
_PLACES = "SELECT w.n, r.sequence, r.slot FROM {of_runs} WHERE r.slot = w.slot"
_SIGHTINGS = """
SELECT w.origin, r.handed_off_id, r.pinned_id, r.resolved_id, r.lifecycle, r.retires_at, max(w.known_at) AS known_at,
  r.reference, {joined}('[' || w.n || ',' || r.sequence || ',' || {quoted} || ']', ',') AS places
FROM {of_runs}
GROUP BY w.origin, r.handed_off_id, r.pinned_id, r.resolved_id, r.lifecycle, r.retires_at, r.reference
"""
_AS_JSON = {
    "postgresql": {"joined": "string_agg", "quoted": "CAST(to_json(r.slot) AS text)"},
    "sqlite": {"joined": "group_concat", "quoted": "json_quote(r.slot)"},
}
_EVER = {  # hops again; on SQLite an index that begins with the ID would cost each run too much
    "postgresql": """
      SELECT ever.* FROM json_array_elements_text(CAST(:names AS json)) AS named(id) CROSS JOIN LATERAL (
        WITH RECURSIVE slots AS (
          (SELECT service, environment, slot FROM {table} WHERE {column} = named.id
           ORDER BY service, environment, slot LIMIT 1)
          UNION ALL
          SELECT higher.* FROM slots AS s CROSS JOIN LATERAL (
            SELECT service, environment, slot FROM {table}
            WHERE {column} = named.id AND (service, environment, slot) > (s.service, s.environment, s.slot)
            ORDER BY service, environment, slot LIMIT 1) AS higher)
        SELECT * FROM slots) AS ever""",
    "sqlite": """
      SELECT service, environment, slot FROM {table} WHERE {column} IN (SELECT value FROM json_each(:names))""",
}
_APPROVED_OR_HANDED = (("pins", "model_id"), ("resolutions", "handed_off_id"), ("resolutions", "observed_id"))
_PINS = """
SELECT w.n, p.slot, p.revision, p.action, p.model_id, p.reference, p.expires_at, p.revokes, p.origin, {entry}
FROM wanted AS w JOIN pins AS p USING (service, environment {of_slot}) ORDER BY w.n, p.sequence
"""
_ENDS = {  # the same way; SQLite knows no LATERAL, and keeps to the index anyway
    "postgresql": """
      SELECT w.n, w.service, w.environment, ends.sequence, {observed} AS observed FROM wanted AS w CROSS JOIN LATERAL (
        WITH RECURSIVE pairs AS (
          (SELECT slot, {column} AS id, sequence FROM resolutions
           WHERE service = w.service AND environment = w.environment AND {column} IS NOT NULL {of_slot}
           ORDER BY slot DESC, {column} DESC, sequence DESC LIMIT 1)
          UNION ALL
          SELECT lower.* FROM pairs CROSS JOIN LATERAL (
            SELECT slot, {column}, sequence FROM resolutions
            WHERE service = w.service AND environment = w.environment AND {column} IS NOT NULL {of_slot}
              AND {lower}
            ORDER BY slot DESC, {column} DESC, sequence DESC LIMIT 1) AS lower)
        SELECT sequence FROM pairs) AS ends""",
    "sqlite": """
      SELECT w.n, w.service, w.environment, max(sequence) AS sequence, {observed} AS observed
      FROM wanted AS w JOIN resolutions USING (service, environment) WHERE {column} IS NOT NULL {of_slot}
      GROUP BY w.n, resolutions.slot, {column}""",
}
_HAND_OVERS = """
SELECT w.n, r.sequence, r.slot, CASE WHEN w.observed THEN r.observed_id ELSE r.handed_off_id END AS model_id,
  r.reference, r.recorded_at, r.run_id, r.host, r.actor, r.version, r.revision, r.held, w.observed
FROM ({ends}) AS w JOIN resolutions AS r USING (service, environment, sequence) ORDER BY w.n, r.sequence DESC
"""
_TYPES: Mapping[str, TypeEngine[Any]] = {
    "recorded_at": Instant(), "asked_at": Instant(), "expires_at": Instant(), "retires_at": Instant(),
    "held": Boolean(), "enforced": Boolean(), "in_lock": Boolean(),
    "observed": Boolean(),
}  # fmt: skip


def _about(dialect: str, query: str, wanted: Wanted, columns: Mapping[str, str], **values: object) -> TextualSelect:
    """A statement about a list with these columns."""
    whole, each = _WANTED[dialect]
    named = {"n": "BIGINT", **columns}
    selected = ", ".join(each.format(n=n, name=name, type=kind) for n, (name, kind) in enumerate(named.items()))
    statement = text(f"{whole.format(columns=selected)} {query}")
    return statement.bindparams(wanted=json.dumps(wanted, ensure_ascii=False), **values).columns(**_TYPES)


def newest(dialect: str) -> TextualSelect:
    """Of each scope, verb of a deployment and verdict the newest run, as a look without `n`. A batch's runs are of one
    slot.
    """
    return text(_LOOKS.format(ends=_NEWEST[dialect])).columns(**_TYPES)


def observed_before(dialect: str, wanted: Wanted) -> TextualSelect:
    """Before preflights, the newest with the same verdict that only observed, as a look without `n`. `wanted`: of runs,
    with their verdict.
    """
    return _about(dialect, _LOOKS.format(ends=_OBSERVED), wanted, {**OF_RUN, "verdict": "TEXT"})


def current(dialect: str, wanted: Wanted, since: datetime, *, slots: bool) -> TextualSelect:
    """Of runs, whether each took its pins from the lock (`in_lock`), its `slots` or NULL, and on how many `hosts` of
    its scope a preflight let the application start since then.
    """
    query = _CURRENT.format(slots="r.slots" if slots else "NULL AS slots")
    return _about(dialect, query, wanted, OF_RUN).bindparams(bindparam("since", since, Instant()))


def resolutions(dialect: str, wanted: Wanted) -> TextualSelect:
    """What runs recorded of their slots."""
    return _about(dialect, _RESOLUTIONS.format(of=_OF_RUNS[dialect]), wanted, OF_RUN, no_end=NO_END)


def resolutions_at(dialect: str, wanted: Wanted) -> TextualSelect:
    """The same, by their own places."""
    return _about(dialect, _RESOLUTIONS.format(of=_AT), wanted, OF_ROW)


def places(dialect: str, wanted: Wanted) -> TextualSelect:
    """The sequences of what runs recorded of a slot."""
    return _about(dialect, _PLACES.format(of_runs=_OF_RUNS[dialect]), wanted, {**OF_RUN, **OF_SLOT}, no_end=NO_END)


def sightings(dialect: str, wanted: Wanted) -> TextualSelect:
    """What runs recorded of models, each different thing once, without `n`, with the last `known_at`; `places` is JSON
    without its brackets: `n`, sequence and slot of each row that says so. `wanted`: of runs, with their origin and when
    they knew it, as text.
    """
    query = _SIGHTINGS.format(of_runs=_OF_RUNS[dialect], **_AS_JSON[dialect])
    return _about(dialect, query, wanted, {**OF_RUN, "origin": "TEXT", "known_at": "TEXT"}, no_end=NO_END)


def ever(dialect: str, names: Collection[str]) -> TextualSelect:
    """By service and environment the slots that were ever approved for one of these IDs, or handed it."""
    each = (_EVER[dialect].format(table=table, column=column) for table, column in _APPROVED_OR_HANDED)
    return text(" UNION ".join(each)).bindparams(names=json.dumps(sorted(names), ensure_ascii=False)).columns()


def pins(dialect: str, wanted: Wanted, *, entries: bool) -> TextualSelect:
    """The revisions of scopes, or of slots of them, oldest first; `entry` is NULL without `entries`."""
    of_slot = ", slot" if _has_slots(wanted) else ""
    query = _PINS.format(of_slot=of_slot, entry="p.entry" if entries else "NULL AS entry")
    return _about(dialect, query, wanted, _columns(wanted))


def hand_overs(dialect: str, wanted: Wanted) -> TextualSelect:
    """Of each slot of scopes, or of these slots, and each ID the newest hand-over, and the newest that was `observed`;
    the newest first.
    """
    of_slot, lower = "", "(slot, {column}) < (pairs.slot, pairs.id)"
    if _has_slots(wanted):
        of_slot, lower = "AND resolutions.slot = w.slot", "{column} < pairs.id"
    ends = " UNION ALL ".join(
        _ENDS[dialect].format(of_slot=of_slot, lower=lower.format(column=column), column=column, observed=observed)
        for column, observed in (("handed_off_id", "false"), ("observed_id", "true"))
    )
    return _about(dialect, _HAND_OVERS.format(ends=ends), wanted, _columns(wanted))


def _has_slots(wanted: Wanted) -> bool:
    return len(wanted[0]) > len(PLACE) + 1


def _columns(wanted: Wanted) -> dict[str, str]:
    return {**PLACE, **OF_SLOT} if _has_slots(wanted) else PLACE
