"""What the Models API answered, checked before anything believes it. Pure: bytes in, entries out.

`json_of`, `object_of` and `instant_of` read the answers of the Message Batches API, too.

Documented shapes: https://platform.claude.com/docs/en/api/models. Keys that nobody here knows are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from modelgate.domain.catalogue import LIFECYCLES, Entry
from modelgate.domain.text import printable

_LONGEST_NAME = 256
_DEEPEST = 8
_LARGEST = 2**63 - 1
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_LEAP = re.compile(r".{17}60")
_CAPABILITY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

T = TypeVar("T")


class Unbelievable(Exception):
    """The answer is not one that the API gives. The text says what is wrong with it, without quoting it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    entries: tuple[Entry, ...]
    nameless: int
    """Entries whose `id` cannot be read: who is not listed may be one of them."""
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
    entries = tuple(_entry(item) for item in data if _id_of(item))
    nameless = len(data) - len(entries)
    match page.get("has_more"), page.get("last_id"):
        case False, _:
            return Page(entries, nameless, None)
        case True, str(last) if data and is_name(last):
            return Page(entries, nameless, last)
        case True, _:
            raise Unbelievable("the list says that it goes on, but not where")
    raise Unbelievable("the list does not say whether it goes on")


def parse_entry(body: bytes) -> Entry:
    """The model that `body` describes. Raises Unbelievable where it names none, or is of no type."""
    value = json_of(body)
    if not isinstance(object_of(value, "an entry").get("type"), str):
        raise Unbelievable("an entry is not of type `model`")
    if not _id_of(value):
        raise Unbelievable("an entry has no usable `id`")
    return _entry(value)


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


def _id_of(value: object) -> str:
    """The entry's ID; empty where it cannot be read."""
    model_id = value.get("id") if isinstance(value, dict) else None
    return model_id if isinstance(model_id, str) and is_name(model_id) else ""


def _entry(value: object) -> Entry:
    """The entry of a value that has an ID. What cannot be read of it is a doubt about this entry, and no other."""
    raw, doubts = object_of(value, "an entry"), list[str]()

    def read(reader: Callable[[Mapping[str, object], str], T], key: str, instead: T) -> T:
        try:
            return reader(raw, key)
        except Unbelievable as error:
            doubts.append(str(error))
            return instead

    lifecycle, line = read(_text, "lifecycle", None), read(_text, "line", None)
    read(_text, "type", None)
    return Entry(
        id=_id_of(raw),
        lifecycle=lifecycle if lifecycle in LIFECYCLES else None,
        deprecated_at=read(_instant, "deprecated_at", None),
        retires_at=read(_instant, "retires_at", None),
        retires_known="retires_at" in raw,
        line=line or None,
        line_known="line" in raw and line != "",
        max_input_tokens=read(_limit, "max_input_tokens", None),
        max_tokens=read(_limit, "max_tokens", None),
        capabilities=read(_all_capabilities, "capabilities", {}),
        display_name=printable(read(_text, "display_name", None) or ""),
        created_at=read(_instant, "created_at", None),
        doubt=doubts[0] if doubts else "",
    )


def _text(raw: Mapping[str, object], key: str) -> str | None:
    value = raw.get(key)
    if value is None or value == "":
        return value
    if not isinstance(value, str) or (key != "display_name" and not is_name(value)):
        raise Unbelievable(f"`{key}` is no usable text")
    return value


def _limit(raw: Mapping[str, object], key: str) -> int | None:
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LARGEST:
        raise Unbelievable(f"`{key}` is no positive number")
    return value


def instant_of(raw: Mapping[str, object], key: str, whose: str) -> datetime | None:
    """The instant, UTC; None where it is absent or null. Raises Unbelievable for anything but an RFC 3339 date."""
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        leap = _LEAP.match(value)  # 23:59:60 exists, rarely: it is read as the second after
        text = f"{value[:17]}59{value[19:]}" if leap else value
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC) + timedelta(seconds=bool(leap))
        except (ValueError, OverflowError):  # the 31st of February; the year 1 in Auckland
            pass
    raise Unbelievable(f"`{key}` of {whose} is no RFC 3339 date")


def _instant(raw: Mapping[str, object], key: str) -> datetime | None:
    return instant_of(raw, key, "it")


def _all_capabilities(raw: Mapping[str, object], key: str) -> Mapping[str, bool]:
    return dict(_capabilities(raw.get(key), (), _DEEPEST))


def _capabilities(value: object, path: tuple[str, ...], deeper: int) -> Iterator[tuple[str, bool]]:
    """Every dotted path whose object ends in `supported`. A key that no path can name, or no object, is passed over."""
    if value is None:
        return
    if not deeper:
        raise Unbelievable("`capabilities` are nested without end")
    for key, child in object_of(value, "`capabilities`").items():
        if key == "supported" and path:
            if not isinstance(child, bool):
                raise Unbelievable("a capability's `supported` is neither true nor false")
            yield ".".join(path), child
        elif isinstance(child, dict) and _CAPABILITY.fullmatch(key):
            yield from _capabilities(child, (*path, key), deeper - 1)
