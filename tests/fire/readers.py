"""What readers of strangers' texts promise, whatever comes: a value of ours, or our word that it is none.

Each takes the bytes that a stranger wrote and asserts the promise; with them stands what each believes.
"""

from __future__ import annotations

from functools import cache

from modelgate.api.batch_answers import parse_batch
from modelgate.api.batch_answers import parse_page as parse_batches
from modelgate.api.parse import Unbelievable, parse_entry, parse_page
from modelgate.batches.index import Index, Place
from modelgate.batches.results import BadResult, parse
from modelgate.batches.tally import Counting, Tally
from modelgate.domain.catalogue import LIFECYCLES, Facts
from modelgate.domain.codec import entries_of, facts_of_seen, seen_of
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant, parse_instant

ENTRY = {
    "type": "model",
    "id": "claude-x",
    "display_name": "X",
    "created_at": "2026-01-01T00:00:00Z",
    "lifecycle": "active",
    "deprecated_at": None,
    "retires_at": "2027-01-01T00:00:00+01:00",
    "line": "opus",
    "max_input_tokens": 200_000,
    "max_tokens": 64_000,
    "capabilities": {"batch": {"supported": True}, "effort": {"high": {"supported": False}}},
}
PAGE = {"data": [ENTRY], "has_more": True, "first_id": "claude-x", "last_id": "claude-x"}
ROW = {
    "custom_id": "r1",
    "result": {
        "type": "succeeded",
        "message": {
            "model": "claude-x",
            "usage": {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3},
        },
        "error": {"type": "error", "error": {"type": "overloaded_error", "message": "no"}},
    },
}
BATCH = {
    "id": "msgbatch_1",
    "type": "message_batch",
    "processing_status": "in_progress",
    "request_counts": {"processing": 2, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
    "created_at": "2026-08-19T14:44:51.493319+00:00",
    "expires_at": "2026-08-20T14:44:51.493319Z",
    "ended_at": None,
    "archived_at": None,
    "results_url": None,
}
BATCHES = {"data": [BATCH], "has_more": True, "first_id": "msgbatch_1", "last_id": "msgbatch_1"}


def models_api(body: bytes) -> None:
    """A page and an entry of the Models API: what is believed can be shown, written down and read again."""
    for read in (parse_page, parse_entry):
        try:
            found = read(body)
        except Unbelievable:
            continue
        for entry in getattr(found, "entries", (found,)):
            assert entry.id == printable(entry.id, len(entry.id))
            assert entry.lifecycle in (None, *LIFECYCLES)
            now = parse_instant("2026-11-22")
            facts = Facts("https://api", now, entries={entry.id: entry}, known=frozenset({entry.id}))
            seen = seen_of(facts, [entry.id])
            back = facts_of_seen(facts.origin, now, seen.answers, seen.digests, entries_of(seen.entries))
            assert back == (facts, True)


def results(line: bytes) -> None:
    """A line of a batch's results: what is believed can be looked up, summed, written down and read again."""
    try:
        found = parse(line)
    except BadResult:
        return
    assert _index().position(found.custom_id) == (1 if found.custom_id == "r1" else None)
    shown = found.type + found.reason + found.served
    assert printable(shown, len(shown)) == shown
    counting = Counting("claude-x")
    counting.add(found)
    counting.add(found)
    assert Tally.from_json(counting.result().to_json()) == counting.result()


@cache
def _index() -> Index:
    """Where one request is, `r1`."""
    index = Index()
    index.add(1, Place("r1", 0, 0, 0))
    return index


def batches_api(body: bytes) -> None:
    """A batch and a page of them: what is believed can be shown and counted."""
    for read in (parse_batch, parse_batches):
        try:
            found = read(body)
        except Unbelievable:
            continue
        for batch in getattr(found, "batches", (found,)):
            shown = f"{batch.id}{batch.status}{batch.counts.total:,}{format_instant(batch.created_at)}"
            assert printable(shown, len(shown)) == shown
