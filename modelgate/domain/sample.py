"""A sample: a request as the application sends it, in a file, without a model. Pure: bytes in, requests out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelgate.domain.needs import Need, needs_of

LARGEST = 4 * 2**20
"""Bytes of a sample's file."""
MOST_REQUESTS = 100
"""Requests of a sample in JSON lines."""


class NoSample(ValueError):
    """The file holds no sample. The message says why, without a word of the text."""


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """One request of a sample."""

    place: str
    """Where it stands, such as `samples/summarizer.json` or `samples/grader.jsonl:3`."""
    params: Mapping[str, Any]
    line: int | None = None
    """In JSON lines."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A slot's sample as it was read."""

    name: str
    """As the settings write it."""
    file: str
    """As people find it from where the command runs."""
    requests: tuple[SampleRequest, ...] = ()
    problem: str = ""
    """Why it is none."""


def needs_in(sample: Sample) -> tuple[tuple[SampleRequest, Need], ...]:
    """Each need once, where it first stands; of limits the largest."""
    first: dict[tuple[str, str], tuple[SampleRequest, Need]] = {}
    for request in sample.requests:
        for need in needs_of(request.params):
            key = (need.kind, need.name)
            if key not in first or need.tokens > first[key][1].tokens:
                first[key] = (request, need)
    return tuple(first.values())


def parse_sample(content: bytes, name: str) -> tuple[SampleRequest, ...]:
    """The requests of a file that people know as `name`: one JSON object, or JSON lines. Raises NoSample."""
    if len(content) > LARGEST:
        raise NoSample(f"it is larger than {LARGEST // 2**20} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoSample("it is not UTF-8") from None
    try:
        return (SampleRequest(name, _request(json.loads(text))),)
    except (ValueError, RecursionError) as error:
        if isinstance(error, NoSample):
            raise
    return _lines(text, name)


def _lines(text: str, name: str) -> tuple[SampleRequest, ...]:
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not numbered:
        raise NoSample("it is empty")
    if len(numbered) > MOST_REQUESTS:
        raise NoSample(f"it has {len(numbered)} lines; a sample has at most {MOST_REQUESTS} requests")
    found = []
    for number, line in numbered:
        try:
            found.append(SampleRequest(f"{name}:{number}", _request(json.loads(line)), number))
        except (ValueError, RecursionError) as error:
            why = str(error) if isinstance(error, NoSample) else "not JSON"
            raise NoSample(f"line {number}: {why}") from None
    return tuple(found)


def _request(value: object) -> Mapping[str, Any]:
    """The parameters, without a model: the slot says which."""
    if not isinstance(value, dict):
        raise NoSample("no JSON object: a sample is the body of a request to /v1/messages")
    if not isinstance(value.get("messages"), list) or not value["messages"]:
        raise NoSample("no `messages`: a sample is the body of a request to /v1/messages")
    return {name: part for name, part in value.items() if name != "model"}
