"""audit: whether a chain is intact, where it ends, and all of it for strangers. Asks the store alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from modelgate.domain.chain import Verification
from modelgate.domain.rows import Head, Scope
from modelgate.gate.context import Context


def verify(
    context: Context,
    scope: Scope,
    *,
    expect: Head | None = None,
    after: Head | None = None,
    archives: Sequence[Path] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Walks the chain of `scope`, also through `archives`; `progress` is told how many of how many rows were read.

    Raises StoreProblem, and UsageError for the head of another chain and a file that cannot be read.
    """
    store = context.store(context.deadline(), read_only=True)
    return store.verify(scope, after=after, expect=expect, archives=archives, progress=progress)


def head(context: Context, scope: Scope) -> Head | None:
    """The end of the chain; None if nothing was ever recorded. Raises StoreProblem."""
    with context.store(context.deadline(), read_only=True, keeps=True) as store:
        return store.head(scope)


def export(context: Context, scope: Scope) -> Iterator[str]:
    """The chain as lines of JSON. Raises StoreProblem."""
    return context.store(context.deadline(), read_only=True).export(scope)


def verification_json(found: Verification) -> dict[str, Any]:
    """What a walk found, as JSON values; `intact` is null where rows could not be read."""
    misfit = found.misfit
    return {
        "intact": None if found.unread and not found.is_tampered_with else found.intact,
        "rows": found.rows,
        "unread": found.unread,
        "misfit": misfit
        and {"table": misfit.table, "sequence": misfit.sequence, "kind": misfit.kind, "entry": misfit.entry},
        "guards": list(found.guards),
        "archived": found.archived,
        "archives": list(dict.fromkeys(gap.file_name for gap in found.gaps)),
        "not_archives": list(found.files),
        "head": str(found.head) if found.head else None,
    }
