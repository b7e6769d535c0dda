"""`store.*`: what could not be known of the audit store, and what is worth telling about it."""

from __future__ import annotations

from modelgate.checks.api import from_problem, grace
from modelgate.domain.findings import Finding, Level
from modelgate.domain.snapshot import Snapshot

_NOTICE_LEVELS = {"store.schema-ahead": Level.NOTE, "store.created": Level.WARN}


def whole(snapshot: Snapshot) -> list[Finding]:
    """Problems and notices of the store, in the order in which they came up."""
    found = [Finding(n.check, _NOTICE_LEVELS[n.check], n.message, n.hint) for n in snapshot.notices]
    if snapshot.store_problem:
        if snapshot.store_grace:
            found.append(grace("store.grace", snapshot.store_grace, snapshot.store_problem, snapshot.now))
        else:
            found.append(from_problem(snapshot.store_problem))
    return found
