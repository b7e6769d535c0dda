"""A baseline: what was there when a team began, so that only what is new is told. `modelgate.baseline/1`."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from modelgate.domain.errors import UsageError
from modelgate.domain.findings import Finding
from modelgate.domain.text import printable
from modelgate.scan.judge import Place
from modelgate.small_file import read_small
from modelgate.whole_file import write_whole

SCHEMA = "modelgate.baseline/1"
LARGEST = 64 * 2**20
"""Bytes of a baseline that is read."""

Found = tuple[Place, Finding]


def write_baseline(path: Path, found: Iterable[Found]) -> None:
    """Writes it whole, sorted, so that git shows what changed. Raises UsageError."""
    counted = Counter(_key(each) for each in found)
    rows = [
        {"file": file, "check": check, "name": name, "count": n} for (file, check, name), n in sorted(counted.items())
    ]
    try:
        write_whole(path, json.dumps({"schema": SCHEMA, "findings": rows}, indent=2) + "\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="name a file in a folder that exists") from None


def read_baseline(path: Path) -> Counter[tuple[str, str, str]]:
    """How often each name was there, by file, check and name: lines move. Raises UsageError."""
    anew = (f"modelgate scan --baseline {shlex.quote(printable(path.as_posix()))} --write-baseline",)
    try:
        data = json.loads(read_small(path, LARGEST))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", commands=anew) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is no baseline: it is no JSON", commands=anew) from None
    try:
        if data["schema"] != SCHEMA:
            raise UsageError(f"{path} is no baseline of this version", commands=anew)
        return Counter({(row["file"], row["check"], row["name"]): int(row["count"]) for row in data["findings"]})
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UsageError(f"{path} is no baseline", commands=anew) from None


def without(found: Iterable[Found], known: Counter[tuple[str, str, str]]) -> list[Found]:
    """What is new: a check that got worse, such as a model that retired since, is new as well."""
    left, new = Counter(known), []
    for each in found:
        if left[_key(each)] > 0:
            left[_key(each)] -= 1
        else:
            new.append(each)
    return new


def _key(found: Found) -> tuple[str, str, str]:
    place, finding = found
    return place.file, finding.id, place.name.text
