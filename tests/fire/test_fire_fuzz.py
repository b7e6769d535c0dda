"""Readers of what strangers write, fed with anything: ours, or a word of ours why not.

A test run tries some hundreds of texts of each kind, always the same; `--minutes 10` goes on for so long, with others
each time, and its end says how many there were. What was found once stays as an example.
"""

from __future__ import annotations

import itertools
import json
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from readers import BATCH, BATCHES, ENTRY, PAGE, ROW, batches_api, models_api, results
from support.ledger import PROD

from modelgate.domain.chain import GENESIS, Link, digest
from modelgate.domain.errors import SettingsError
from modelgate.domain.rows import Head
from modelgate.domain.text import printable
from modelgate.domain.walk import walk
from modelgate.settings import load, settings_names
from modelgate.settings.lock import read_lock

ROUND = 150
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800\0\u202e"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


def grown(whole: Any, *odd: Any) -> st.SearchStrategy[Any]:
    """`whole` with some of its parts gone, or something else."""
    anything = JSON | st.sampled_from(odd or (None,))
    if isinstance(whole, dict):
        parts = {key: grown(value, *odd) for key, value in whole.items()}
        return st.fixed_dictionaries({}, optional=parts) | st.fixed_dictionaries(parts) | anything
    if isinstance(whole, list):
        return st.lists(grown(whole[0], *odd), max_size=3) | anything
    return st.just(whole) | anything


HOSTILE = st.sampled_from([
    *("", "\ud800", "\0", "\u202e", "..", "x" * 300, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"),
    *(None, True, -1, 0, 1.5, 2**63, int("9" * 4300), float("nan"), [], {}, [[]], [None]),
])  # fmt: skip


def changed(whole: Any) -> st.SearchStrategy[Any]:
    """`whole` with a hostile value in one place, and all else as it is believed."""
    if isinstance(whole, dict):
        return HOSTILE | st.one_of([changed(whole[key]).map(lambda new, key=key: whole | {key: new}) for key in whole])
    if isinstance(whole, list):
        return HOSTILE | changed(whole[0]).map(lambda new: [new, *whole[1:]])
    return HOSTILE


def encoded(values: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """The values as JSON, whole, cut off or overwritten in places; or any bytes."""
    whole = values.map(lambda value: json.dumps(value).encode())
    cut = st.tuples(whole, st.integers(0, 400)).map(lambda pair: pair[0][: pair[1]])
    hit = st.tuples(whole, st.integers(0, 400), st.binary(max_size=4)).map(
        lambda three: three[0][: three[1]] + three[2] + three[0][three[1] + len(three[2]) :]
    )
    return whole | cut | hit | st.binary(max_size=60)


LINK = st.builds(
    Link,
    table=st.sampled_from(["runs", "pins", "of the future"]),
    sequence=st.integers(-1, 5),
    previous=st.sampled_from([GENESIS, "", "0" * 64]) | st.text(max_size=8),
    hash=st.sampled_from([GENESIS, "", digest("{}")]) | st.text(max_size=8),
    text=st.none() | st.just("{}") | JSON.map(json.dumps),
)
HEADS = st.none() | st.builds(Head, st.just(PROD), st.integers(0, 4), st.sampled_from([GENESIS, digest("{}"), "x"]))


def chain(walked: tuple[list[Link], Head | None, Head | None]) -> None:
    """Links of a chain that anybody may have written, from any head to any head."""
    links, after, expect = walked
    found = walk(PROD, iter(links), after=after, expect=expect)
    assert found.rows <= len(links)
    assert found.misfit is None or printable(str(found.misfit)) == str(found.misfit)
    if found.intact and expect is not None and found.head is not None:
        assert found.head.sequence >= expect.sequence


SCALARS = st.sampled_from(
    ["true", "-1", "inf", "nan", "1e999", "2026-12-31", "''", "'warn'", "'../x'", "[]", "{}", "[[1]]", "'\\x1b'"]
)
NAMES = st.sampled_from([name.replace("*", "a") for name in settings_names()] + ["slots", "waivers", "policy", "a.b.c"])
TABLES = st.sampled_from(["[policy]", "[slots.a]", "[[waivers]]", "[waivers]", "[api]", "[[slots]]", "[x]"])
LINES = st.tuples(NAMES | NAMES.map(lambda name: name.rpartition(".")[2]), SCALARS).map(" = ".join) | TABLES
DOCUMENTS = st.lists(LINES, max_size=10).map("\n".join).map(str.encode) | st.binary(max_size=80)
VARIABLES = st.dictionaries(
    NAMES.map(lambda name: "MODELGATE_" + name.replace(".", "__").upper()),
    SCALARS | st.text(max_size=20) | st.just("\udcff"),
    max_size=3,
)


def refusal(read: Callable[[], object]) -> str:
    """The words of a refusal; empty where it can be read."""
    try:
        read()
    except SettingsError as error:
        return str(error)
    return ""


def settings_reader(given: tuple[bytes, bytes, bytes, dict[str, str]]) -> None:
    """Two files of settings, a lock and variables: settings, or an error that is safe to print."""
    default, prod, lock, environ = given
    with tempfile.TemporaryDirectory(prefix="mg-") as name:
        folder = Path(name)
        for file, content in {"default.toml": default, "prod.toml": prod, "prod.lock.toml": lock}.items():
            (folder / file).write_bytes(content)
        told = refusal(lambda: load(environment="prod", environ=environ, config_dir=folder))
        told += "\n" + refusal(lambda: read_lock(folder / "prod.lock.toml", PROD))
        assert [line for line in told.split("\n") if printable(line, len(line)) != line] == []


TARGETS: dict[str, tuple[Callable[[Any], None], st.SearchStrategy[Any]]] = {
    "models-api": (models_api, encoded(grown(PAGE, "claude\x1b", -1) | grown(ENTRY) | changed(PAGE) | changed(ENTRY))),
    "results": (results, encoded(grown(ROW, "errored", True, -1) | changed(ROW))),
    "batches-api": (batches_api, encoded(grown(BATCHES) | grown(BATCH) | changed(BATCHES) | changed(BATCH))),
    "settings": (settings_reader, st.tuples(DOCUMENTS, DOCUMENTS, DOCUMENTS, VARIABLES)),
    "chain": (chain, st.tuples(st.lists(LINK, max_size=5), HEADS, HEADS)),
}


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes(name: str, request: pytest.FixtureRequest, record_property) -> None:
    """A value of ours, or our word that it is none; nothing else, whatever comes."""
    target, strategy = TARGETS[name]
    minutes = float(request.config.getoption("--minutes", default=0))
    ends = time.monotonic() + 60 * minutes
    first = secrets.randbits(32) if minutes else 0
    fed = 0

    def feed(given: Any) -> None:
        nonlocal fed
        fed += 1
        target(given)

    for number in itertools.count(first):
        tries = settings(max_examples=ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        seed(number)(tries(given(strategy)(feed)))()
        if time.monotonic() >= ends:
            break
    assert fed >= ROUND
    record_property("texts fed", fed)
