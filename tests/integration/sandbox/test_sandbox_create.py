"""What a create refuses at once, what it lets through to error later, and how it reads a body."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import Anthropic
from asking import VERSION, counts, request_of

from modelgate.sandbox import Sandbox
from modelgate.sandbox.batch_reader import EnvelopeReader, Malformed


def post(sandbox: Sandbox, content: bytes | Iterator[bytes], version: str = "2026-10-21") -> httpx2.Response:
    """A create with any body."""
    headers = VERSION | {"content-type": "application/json", "anthropic-version": version}
    return httpx2.post(f"{sandbox.url}/v1/messages/batches", content=content, headers=headers, timeout=30)


BAD = {
    "an empty body": b"",
    "no JSON": b"nothing",
    "a list": b"[]",
    "no requests": b"{}",
    "requests that are no list": b'{"requests": 5}',
    "no request": b'{"requests": []}',
    "text after the end": b'{"requests": []} x',
    "an unfinished body": b'{"requests": [{"custom_id": "a", "par',
    "a missing comma": b'{"requests": [{} {}]}',
    "a wrong literal": b'{"requests": [{"custom_id": nul_l, "params": {"model": "claude-opus-5"}}]}',
    "no UTF-8": b'{"requests": ["\xff\xfe"]}',
    "an unfinished character": b'{"requests": ["\xc3',
    "a nest of lists": b'{"requests": [' + b"[" * 100_000,
    "another key": b'{"requests": [], "surprise": 1}',
    "an element that is no object": b'{"requests": ["a"]}',
    "another key of a request": b'{"requests": [{"custom_id": "a", "params": {}, "surprise": 1}]}',
    "no custom_id": b'{"requests": [{"params": {}}]}',
    "an empty custom_id": b'{"requests": [{"custom_id": "", "params": {}}]}',
    "a custom_id of 65 letters": b'{"requests": [{"custom_id": "' + b"a" * 65 + b'", "params": {}}]}',
    "a custom_id with a space": b'{"requests": [{"custom_id": "a b", "params": {}}]}',
    "a custom_id with a newline": b'{"requests": [{"custom_id": "a\\n", "params": {}}]}',
    "a custom_id twice": b'{"requests": [{"custom_id": "a", "params": {}}, {"custom_id": "a", "params": {}}]}',
    "no params": b'{"requests": [{"custom_id": "a"}]}',
    "params that are no object": b'{"requests": [{"custom_id": "a", "params": []}]}',
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_a_bad_envelope_is_refused_at_once(modelgate_sandbox: Sandbox, body: bytes) -> None:
    """400 invalid_request_error, and no batch."""
    answer = post(modelgate_sandbox, body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert modelgate_sandbox.batches() == []


@pytest.mark.parametrize("limits", [{"max_batch_requests": 2}, {"max_batch_bytes": 300}])
def test_a_batch_over_its_size_is_refused_by_the_edge(modelgate_sandbox: Sandbox, limits: dict[str, int]) -> None:
    """413 without type and request_id, after the whole body was taken; one request fewer is accepted."""
    modelgate_sandbox.configure(**limits)
    requests = [request_of(f"r{number}") for number in range(3)]
    answer = post(modelgate_sandbox, json.dumps({"requests": requests}).encode())
    assert answer.status_code == 413
    assert answer.json() == {"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}
    assert post(modelgate_sandbox, json.dumps({"requests": requests[:2]}).encode()).status_code == 200


PARAMS: list[tuple[dict[str, Any], str]] = [
    ({"model": "claude-does-not-exist"}, "not_found_error"),
    ({"model": "claude-3-opus-20240229"}, "not_found_error"),
    ({"model": "claude-opus-4-7"}, "permission_error"),
    ({"model": "claude-opus-4-6"}, "invalid_request_error"),
    ({"model": None}, "invalid_request_error"),
    ({"max_tokens": 128_001}, "invalid_request_error"),
    ({"max_tokens": None}, "invalid_request_error"),
    ({"messages": []}, "invalid_request_error"),
    ({"temperature": 1.0}, "invalid_request_error"),
    ({"top_p": 0.9}, "invalid_request_error"),
    ({"top_k": 5}, "invalid_request_error"),
]


@pytest.mark.parametrize(("params", "error_type"), PARAMS)
def test_bad_params_are_accepted_and_error_later(
    modelgate_sandbox: Sandbox, client: Anthropic, params: dict[str, Any], error_type: str
) -> None:
    """An unknown, retired, forbidden or batchless model, a limit passed or a parameter refused is a row, not a 400."""
    modelgate_sandbox.forbid("claude-opus-4-7")
    modelgate_sandbox.patch_model("claude-opus-4-6", capabilities={"batch": {"supported": False}})
    batch = client.messages.batches.create(requests=[request_of("bad", **params), request_of("good")])
    modelgate_sandbox.end_batches()
    rows = {row.custom_id: row.result for row in client.messages.batches.results(batch.id)}
    assert rows["bad"].type == "errored"
    assert rows["bad"].error.error.type == error_type
    assert rows["good"].type == "succeeded"


def test_sampling_was_allowed_before_october_2026(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Under an older anthropic-version temperature is no error."""
    body = json.dumps({"requests": [request_of("a", temperature=1.0)]}).encode()
    batch_id = post(modelgate_sandbox, body, version="2023-06-01").json()["id"]
    modelgate_sandbox.end_batches()
    assert counts(client.messages.batches.retrieve(batch_id)) == {"succeeded": 1}


def test_a_streamed_body_of_many_requests_is_taken(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Five thousand requests sent in small pieces through the SDK's own post arrive each once."""
    number = 5_000

    def pieces() -> Iterator[bytes]:
        yield b'{"requests":['
        for index in range(number):
            yield (b"," if index else b"") + json.dumps(request_of(f"r{index}", system="é" * 200)).encode()
        yield b"]}"

    size = sum(map(len, pieces()))
    options: Any = {"headers": {"content-length": str(size), "content-type": "application/json"}}
    batch: Any = client.post("/v1/messages/batches", cast_to=object, content=pieces(), options=options)
    assert batch["request_counts"]["processing"] == number
    modelgate_sandbox.end_batches()
    seen = {row.custom_id for row in client.messages.batches.results(batch["id"])}
    assert seen == {f"r{index}" for index in range(number)}


def test_a_client_that_goes_away_leaves_no_batch(modelgate_sandbox: Sandbox) -> None:
    """A body that never ends makes nothing."""

    def pieces() -> Iterator[bytes]:
        yield json.dumps({"requests": [request_of("a")]}).encode()[:-2]
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        post(modelgate_sandbox, pieces())
    assert modelgate_sandbox.batches() == []


def test_a_failing_create_still_takes_the_body(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A client that is still sending gets its 529 as an answer, not as a broken pipe."""
    modelgate_sandbox.fail_next(529)
    with pytest.raises(anthropic.InternalServerError) as caught:
        client.messages.batches.create(requests=[request_of("a", system="x" * 5_000_000)])
    assert caught.value.status_code == 529


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1000])
def test_a_body_is_read_the_same_in_pieces_of_any_size(step: int) -> None:
    """Where the network cuts a body changes nothing: not in a number, an escape, a character of several bytes."""
    elements = [{"n": 12345, "t": 'é"\\\u2028', "deep": [[1.5e10], {}, None, True]}, "text", 42, {"long": "y" * 300}]
    body = json.dumps({"requests": elements}, ensure_ascii=False, indent=1).encode() + b"\n "
    reader = EnvelopeReader()
    read = [element for start in range(0, len(body), step) for element in reader.feed(body[start : start + step])]
    read += reader.finish()
    assert [element.value for element in read] == elements
    assert read[3].size > 300


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_broken_body_is_refused_wherever_it_is_cut(step: int) -> None:
    """An error in the middle is found in pieces of any size."""
    body = b'{"requests": [{"a": 1}, {"a": tru, "b": "some more text behind the error"}]}'
    reader = EnvelopeReader()

    def read() -> None:
        for start in range(0, len(body), step):
            list(reader.feed(body[start : start + step]))
        list(reader.finish())

    with pytest.raises(Malformed):
        read()
