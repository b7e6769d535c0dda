"""What the Message Batches API answered."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelgate.api.batch_answers import parse_batch, parse_page
from modelgate.api.parse import Unbelievable
from modelgate.batches.waiting import pause
from modelgate.domain.batches import Counts

BATCH: dict[str, Any] = {
    "id": "msgbatch_1",
    "type": "message_batch",
    "processing_status": "in_progress",
    "request_counts": {"processing": 2, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
    "ended_at": None,
    "created_at": "2026-08-19T14:44:51.493319+00:00",
    "expires_at": "2026-08-20T14:44:51.493319+00:00",
    "archived_at": None,
    "cancel_initiated_at": None,
    "results_url": None,
}


def body(**changes: Any) -> bytes:
    """A batch with changes."""
    return json.dumps(BATCH | changes).encode()


def test_a_batch_is_read() -> None:
    """The shape of recorded traffic."""
    batch = parse_batch(body())
    assert (batch.id, batch.ended, batch.counts) == ("msgbatch_1", False, Counts(processing=2))
    assert batch.created_at == datetime(2026, 8, 19, 14, 44, 51, 493319, tzinfo=UTC)


def test_a_status_of_the_future_has_not_ended() -> None:
    """A word that nobody here knows is kept."""
    batch = parse_batch(body(processing_status="thinking_about_it"))
    assert (batch.status, batch.ended) == ("thinking_about_it", False)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "message"},
        {"id": None},
        {"id": ""},
        {"id": ".."},
        {"id": "a\nb"},
        {"id": "x" * 300},
        {"processing_status": None},
        {"request_counts": None},
        {"request_counts": {"processing": 1}},
        {"request_counts": {**BATCH["request_counts"], "errored": -1}},
        {"request_counts": {**BATCH["request_counts"], "errored": True}},
        {"request_counts": {**BATCH["request_counts"], "errored": int("9" * 4300)}},
        {"created_at": None},
        {"created_at": "yesterday"},
        {"created_at": 7},
        {"created_at": "2026-08-19"},
        {"expires_at": {}},
        {"results_url": 7},
    ],
)
def test_another_shape_is_not_believed(changes: dict[str, Any]) -> None:
    """A missing or odd fact is told, and never read as something."""
    with pytest.raises(Unbelievable):
        parse_batch(body(**changes))


@given(
    st.binary(max_size=100)
    | st.builds(
        lambda v: json.dumps(v).encode(),
        st.dictionaries(st.sampled_from(sorted(BATCH)), st.none() | st.text() | st.integers()),
    )
)
def test_any_bytes_are_a_batch_or_a_bad_answer(raw: bytes) -> None:
    """No answer makes it fail in another way."""
    for parse in (parse_batch, parse_page):
        with suppress(Unbelievable):
            parse(raw)


def test_a_page_says_where_the_next_begins() -> None:
    """The cursor is the last batch of a page that is not the last."""
    page = parse_page(json.dumps({"data": [BATCH, BATCH | {"id": "b"}], "has_more": True}).encode())
    assert ([batch.id for batch in page.batches], page.after_id) == (["msgbatch_1", "b"], "b")
    assert parse_page(b'{"data": [], "has_more": false}').after_id is None
    for odd in (b'{"data": [], "has_more": true}', b'{"data": []}', b'{"has_more": false}', b"[]", b"x"):
        with pytest.raises(Unbelievable):
            parse_page(odd)


def test_pauses_grow_or_follow_the_server() -> None:
    """What the server asks for is obeyed, from a second to an hour; otherwise each pause is longer, to a minute."""
    assert [pause(n) for n in range(4)] == [2.0, 3.0, 4.5, 6.75]
    assert pause(100) == 60.0
    assert [pause(5, retry_after=seconds) for seconds in (0.0, 10.0, 1e9)] == [1.0, 10.0, 3600.0]
