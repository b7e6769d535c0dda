"""The strict reader of Models API answers: an entry of ours, or Unbelievable, whatever comes."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fault_server import model, page

from modelgate.api.parse import Page, Unbelievable, is_name, parse_entry, parse_page
from modelgate.domain.catalogue import LIFECYCLES, Entry

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
FACTS = st.fixed_dictionaries(
    {"type": st.just("model"), "id": st.text(min_size=1, max_size=12) | JSON},
    optional={
        key: JSON | st.sampled_from(["active", "2026-01-01T00:00:00Z", 1, {"batch": {"supported": True}}])
        for key in (
            *("lifecycle", "line", "retires_at", "deprecated_at", "created_at", "display_name"),
            *("max_tokens", "max_input_tokens", "capabilities"),
        )
    },
)


def _entry(**facts: object) -> Entry:
    return parse_entry(json.dumps(model("claude-x", **facts)).encode())


def _hold(entry: Entry) -> None:
    """What every entry promises to the rest of the program."""
    assert is_name(entry.id)
    assert entry.lifecycle in (None, *LIFECYCLES)
    assert entry.line is None or is_name(entry.line)
    assert all(moment is None or moment.tzinfo is UTC for moment in (entry.retires_at, entry.deprecated_at))
    assert all(limit is None or 0 < limit < 2**63 for limit in (entry.max_tokens, entry.max_input_tokens))
    assert all(isinstance(supported, bool) for supported in entry.capabilities.values())
    assert entry.display_name.isprintable()


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_answer_or_unbelievable(body: bytes) -> None:
    """Arbitrary bytes and arbitrary JSON never raise anything but Unbelievable."""
    for parse in (parse_entry, parse_page):
        try:
            parsed = parse(body)
        except Unbelievable:
            continue
        for entry in parsed.entries if isinstance(parsed, Page) else [parsed]:
            _hold(entry)


@given(FACTS)
def test_any_entry_keeps_its_promises_or_is_unbelievable(facts: dict[str, Any]) -> None:
    """An object that looks like a model is an entry with every promise kept, or Unbelievable."""
    with suppress(Unbelievable):
        _hold(parse_entry(json.dumps(facts).encode()))


def test_an_entry_is_read_whole() -> None:
    """Every documented fact of an entry arrives, capabilities as dotted paths, and unknown keys do no harm."""
    capabilities = {
        "batch": {"supported": True},
        "thinking": {"supported": True, "types": {"adaptive": {"supported": False}}},
        "context_management": {"supported": False, "compact_20260112": None, "new": "thing"},
    }
    actual = _entry(
        lifecycle="deprecated",
        deprecated_at="2026-01-01T00:00:00Z",
        retires_at="2026-06-01T02:00:00.1234567+02:00",
        line="opus",
        capabilities=capabilities,
        display_name="Claude\x1b[31m X",
        brand_new={"key": 1},
    )
    assert actual == Entry(
        id="claude-x",
        lifecycle="deprecated",
        deprecated_at=datetime(2026, 1, 1, tzinfo=UTC),
        retires_at=datetime(2026, 6, 1, 0, 0, 0, 123456, tzinfo=UTC),
        retires_known=True,
        line="opus",
        line_known=True,
        max_input_tokens=200_000,
        max_tokens=64_000,
        capabilities={
            "batch": True,
            "thinking": True,
            "thinking.types.adaptive": False,
            "context_management": False,
        },
        display_name="Claude\\x1b[31m X",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_what_an_older_api_leaves_out_is_unknown() -> None:
    """An entry of 2024 has no lifecycle, line, limits or capabilities: all unknown, none of them 'no'."""
    body = b'{"type":"model","id":"claude-2.1","display_name":"Claude 2.1","created_at":"2023-11-21T00:00:00Z"}'
    actual = parse_entry(body)
    assert actual == Entry("claude-2.1", display_name="Claude 2.1", created_at=datetime(2023, 11, 21, tzinfo=UTC))
    assert actual.supports("batch") is None


@pytest.mark.parametrize(
    ("facts", "lifecycle", "line", "known"),
    [
        ({"lifecycle": "hibernating", "line": None}, None, None, True),
        ({"lifecycle": None, "line": "opus"}, None, "opus", True),
        ({"lifecycle": "retired", "line": "haiku"}, "retired", "haiku", True),
        ({"lifecycle": "", "line": ""}, None, None, False),
        ({"type": "model-2", "lifecycle": "active", "line": "opus"}, "active", "opus", True),
    ],
)
def test_an_unknown_lifecycle_is_unknown(
    facts: dict[str, object], lifecycle: str | None, line: str | None, known: bool
) -> None:
    """A word that nobody here knows, or an empty one, is an absent fact and no doubt; a line of null is none."""
    entry = _entry(**facts)
    assert (entry.lifecycle, entry.line, entry.line_known, entry.doubt) == (lifecycle, line, known, "")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"retires_at": "2026-W01"}, "`retires_at` of it is no RFC 3339 date"),
        ({"retires_at": "2026-01-01T00:00:00"}, "`retires_at` of it is no RFC 3339 date"),
        ({"created_at": "2026-02-31T00:00:00Z"}, "`created_at` of it is no RFC 3339 date"),
        ({"max_tokens": -1}, "`max_tokens` is no positive number"),
        ({"lifecycle": 1, "max_tokens": "many"}, "`lifecycle` is no usable text"),
        ({"capabilities": {"batch": {"supported": 1}}}, "a capability's `supported` is neither true nor false"),
    ],
)
def test_a_wrong_fact_is_a_doubt_about_its_entry_alone(facts: dict[str, object], reason: str) -> None:
    """What is wrong is named without quoting it; the page and the entries beside it are believed."""
    assert _entry(**facts).doubt == reason
    listed = parse_page(json.dumps(page(model("claude-y"), model("claude-x", **facts))).encode())
    assert [(entry.id, entry.doubt) for entry in listed.entries] == [("claude-y", ""), ("claude-x", reason)]


@pytest.mark.parametrize("odd", [{"id": "a b"}, {"id": 3}, None, [], "claude-x"])
def test_an_entry_without_an_id_is_counted(odd: object) -> None:
    """Nobody knows which model it is; the others are listed."""
    item = model("claude-x", **odd) if isinstance(odd, dict) else odd
    listed = parse_page(json.dumps(page(model("claude-y")) | {"data": [model("claude-y"), item]}).encode())
    assert ([entry.id for entry in listed.entries], listed.nameless) == (["claude-y"], 1)


@pytest.mark.parametrize("facts", [{"id": "a b"}, {"type": None}, {"type": 3}])
def test_an_answer_about_no_model_is_unbelievable(facts: dict[str, object]) -> None:
    """What was asked for by name has an ID and a type, or it is no answer of the Models API."""
    with pytest.raises(Unbelievable):
        _entry(**facts)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T18:59:60.5-05:00", datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_leap_second_is_the_second_after(text: str, instant: datetime) -> None:
    """It is a date of the API's like any other."""
    entry = _entry(retires_at=text)
    assert (entry.retires_at, entry.doubt) == (instant, "")


def test_capabilities_do_not_nest_without_end() -> None:
    """Nine levels of capabilities are no capabilities."""
    nested: dict[str, object] = {"supported": True}
    for _ in range(9):
        nested = {"deeper": nested}
    assert _entry(capabilities=nested).doubt == "`capabilities` are nested without end"


def test_a_page_says_where_the_next_begins() -> None:
    """Only a page that has more names the next one."""
    more = parse_page(json.dumps(page(model("m-1"), has_more=True, last_id="m-1")).encode())
    last = parse_page(json.dumps(page(model("m-2"))).encode())
    assert (more.after_id, last.after_id) == ("m-1", None)
    assert [entry.id for entry in more.entries + last.entries] == ["m-1", "m-2"]


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a\nb", "a\u202eb", "\ud800", "\0", "c" * 257])
def test_what_cannot_be_a_name(name: str) -> None:
    """Empty, dotted, spaced, unprintable and endless texts are no names of models."""
    assert not is_name(name)
