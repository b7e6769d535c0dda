"""Samples as they stand in files."""

from __future__ import annotations

import json

import pytest

from modelgate.domain.sample import LARGEST, NoSample, SampleRequest, parse_sample

HELLO = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 64}


def test_one_request() -> None:
    """A file may hold one request, over many lines, with a mark of its encoding."""
    content = b"\xef\xbb\xbf" + json.dumps(HELLO, indent=2).encode()
    assert parse_sample(content, "samples/s.json") == (SampleRequest("samples/s.json", HELLO),)


def test_json_lines() -> None:
    """Or one on each line; empty lines are passed over, and numbers are the file's own."""
    content = f"{json.dumps(HELLO)}\r\n\n{json.dumps(HELLO)}\n".encode()
    assert [request.place for request in parse_sample(content, "s.jsonl")] == ["s.jsonl:1", "s.jsonl:3"]


def test_the_slot_says_which_model() -> None:
    """A model in the sample is left out."""
    content = json.dumps({"model": "claude-sonnet-5", **HELLO}).encode()
    assert parse_sample(content, "s.json")[0].params == HELLO


NO_BODY = "a sample is the body of a request to /v1/messages"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"\xff", "it is not UTF-8"),
        (b"[1]", f"no JSON object: {NO_BODY}"),
        (b"{}", f"no `messages`: {NO_BODY}"),
        (b'{"messages": []}', f"no `messages`: {NO_BODY}"),
        (b'{"messages": [1]}\n{"mess', "line 2: not JSON"),
        (b'{"messages": [1]}\n[]', f"line 2: no JSON object: {NO_BODY}"),
        (b"[" * 100_000, "line 1: not JSON"),
        (b'{"messages": [1]}\n' * 101, "it has 101 lines; a sample has at most 100 requests"),
        (b" " * (LARGEST + 1), "it is larger than 4 MB"),
    ],
)
def test_what_is_no_sample_says_why(content: bytes, why: str) -> None:
    """And repeats nothing of the file."""
    with pytest.raises(NoSample) as refusal:
        parse_sample(content, "s.json")
    assert str(refusal.value) == why
