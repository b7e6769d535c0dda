"""What the Models API answered, checked before anything believes it. Pure: bytes in, entries out.

`json_of`, `object_of` and `instant_of` read the answers of the Message Batches API, too.

Documented shapes: https://platform.claude.com/docs/en/api/models. Keys that nobody here knows are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from modelgate.domain.catalogue import LIFECYCLES, Entry
from modelgate.domain.text import printable

_LONGEST_NAME = 256
_DEEPEST = 8
_LARGEST = 2**63 - 1
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_CAPABILITY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class Unbelievable(Exception):
    """The answer is not one that the API gives. The text says what is wrong with it, without quoting it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    entries: tuple[Entry, ...]
    after_id: str | None
    """Where the next page begins; None on the last."""


def is_name(text: str) -> bool:
    """Whether `text` can be a model's ID or alias at all: printable, unspaced, at most 256 characters."""
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable() and " " not in text and text.strip(".") != ""


def parse_page(body: bytes) -> Page:
    """The page that `body` holds. Raises Unbelievable for anything else."""
    page = object_of(json_of(body), "the list")
    data = page.get("data")
    if not isinstance(data, list):
        raise Unbelievable("the list has no `data`")
    entries = tuple(_entry(item) for item in data)
    match page.get("has_more"), page.get("last_id"):
        case False, _:
            return Page(entries, None)
        case True, str(last) if entries and is_name(last):
            return Page(entries, last)
        case True, _:
            raise Unbelievable("the list says that it goes on, but not where")
    raise Unbelievable("the list does not say whether it goes on")


def parse_entry(body: bytes) -> Entry:
    """The model that `body` describes. Raises Unbelievable for anything else."""
    return _entry(json_of(body))


def json_of(body: bytes) -> object:
    """The JSON value that `body` holds. Raises Unbelievable for anything else."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, a number of 5,000 digits; or nested without end
        raise Unbelievable("the answer is not JSON") from None


def object_of(value: object, what: str) -> Mapping[str, object]:
    """The JSON object that `value` is. Raises Unbelievable for anything else."""
    if not isinstance(value, dict):
        raise Unbelievable(f"{what} is not a JSON object")
    return value


def _entry(value: object) -> Entry:
    raw = object_of(value, "an entry")
    if raw.get("type") != "model":
        raise Unbelievable("an entry is not of type `model`")
    model_id = raw.get("id")
    if not isinstance(model_id, str) or not is_name(model_id):
        raise Unbelievable("an entry has no usable `id`")
    lifecycle = _text(raw, "lifecycle")
    line = _text(raw, "line")
    return Entry(
        id=model_id,
        lifecycle=lifecycle if lifecycle in LIFECYCLES else None,
        deprecated_at=instant_of(raw, "deprecated_at", "an entry"),
        retires_at=instant_of(raw, "retires_at", "an entry"),
        line=line,
        line_known="line" in raw,
        max_input_tokens=_limit(raw, "max_input_tokens"),
        max_tokens=_limit(raw, "max_tokens"),
        capabilities=dict(_capabilities(raw.get("capabilities"), (), _DEEPEST)),
        display_name=printable(_text(raw, "display_name") or ""),
        created_at=instant_of(raw, "created_at", "an entry"),
    )


def _text(raw: Mapping[str, object], key: str) -> str | None:
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or (key != "display_name" and not is_name(value)):
        raise Unbelievable(f"`{key}` of an entry is no usable text")
    return value


def _limit(raw: Mapping[str, object], key: str) -> int | None:
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LARGEST:
        raise Unbelievable(f"`{key}` of an entry is no positive number")
    return value


def instant_of(raw: Mapping[str, object], key: str, whose: str) -> datetime | None:
    """The instant, UTC; None where it is absent or null. Raises Unbelievable for anything but an RFC 3339 date."""
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):  # the 31st of February; the year 1 in Auckland
            pass
    raise Unbelievable(f"`{key}` of {whose} is no RFC 3339 date")


def _capabilities(value: object, path: tuple[str, ...], deeper: int) -> Iterator[tuple[str, bool]]:
    """Every dotted path whose object ends in `supported`. A key that no path can name, or no object, is passed over."""
    if value is None:
        return
    if not deeper:
        raise Unbelievable("`capabilities` of an entry are nested without end")
    for key, child in object_of(value, "`capabilities` of an entry").items():
        if key == "supported" and path:
            if not isinstance(child, bool):
                raise Unbelievable("a capability's `supported` is neither true nor false")
            yield ".".join(path), child
        elif isinstance(child, dict) and _CAPABILITY.fullmatch(key):
            yield from _capabilities(child, (*path, key), deeper - 1)
