"""`store.*`: what could not be known of the audit store, and what is worth telling about it."""

from __future__ import annotations

from modelgate.checks.api import from_problem, grace
from modelgate.domain.findings import Finding, Level
from modelgate.domain.snapshot import Snapshot

_NOTICE_LEVELS = {"store.schema-ahead": Level.NOTE, "store.unencrypted": Level.NOTE, "store.created": Level.WARN}


def notices(snapshot: Snapshot) -> list[Finding]:
    """What is worth telling about the store, in the order in which it came up."""
    return [Finding(n.check, _NOTICE_LEVELS[n.check], n.message, n.hint) for n in snapshot.notices]


def problem(snapshot: Snapshot) -> list[Finding]:
    """What could not be known of the store, or what stands in for it."""
    if snapshot.store_problem is None:
        return []
    if snapshot.store_grace:
        return [grace("store.grace", snapshot.store_grace, snapshot.store_problem, snapshot.now)]
    return [from_problem(snapshot.store_problem)]
