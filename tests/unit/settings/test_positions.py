"""The line of every key in a TOML text."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelgate.settings.positions import KeyPath, key_lines

SAMPLE = '''\
service = "checkout"  # a comment = with a key

[policy]
retires_within_days = { warn = 90, refuse = 14 }
"quoted \\u0041".'literal' . bare = 1

[slots.summarizer]
reason = """
model = "not a key"
""""
model = "claude-sonnet-4-6"
requires = [
  "batch",  # [slots.fake]
  "effort.high",
]
until = 2026-12-31 10:00:00

[[waivers]]
check = 'drift.alias-moved'
[[waivers]]
check = "drift.not-promoted"
[waivers.inner]
deep = [[1, {a.b = 2}]]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("service",), 1),
        (("policy",), 3),
        (("policy", "retires_within_days"), 4),
        (("policy", "retires_within_days", "refuse"), 4),
        (("policy", "quoted A", "literal", "bare"), 5),
        (("slots",), 7),
        (("slots", "summarizer", "reason"), 8),
        (("slots", "summarizer", "model"), 11),
        (("slots", "summarizer", "requires", 1), 14),
        (("slots", "summarizer", "until"), 16),
        (("waivers", 0, "check"), 19),
        (("waivers", 1), 20),
        (("waivers", 1, "check"), 21),
        (("waivers", 1, "inner", "deep", 0, 1, "a", "b"), 23),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line(path: KeyPath, line: int, newline: str) -> None:
    """Each way of writing a key has its line, whatever ends the lines."""
    assert key_lines(SAMPLE.replace("\n", newline))[path] == line


def test_nothing_but_what_is_there() -> None:
    """The keys found are those that tomllib finds, and no others."""
    assert set(key_lines(SAMPLE)) == set(paths(tomllib.loads(SAMPLE)))


@pytest.mark.parametrize("text", ["a", "a = ", "a = [1,,", "[", "[a", "= 1", 'a = "', "a.= 1", "a = {b", "[[a]\nb = 1"])
def test_broken_text(text: str) -> None:
    """A text that is no TOML is no trouble: what comes before the odd place has its line."""
    assert key_lines(f"first = 1\n{text}")["first",] == 1


def test_newer_toml() -> None:
    """Inline tables over several lines, which TOML 1.1 allows, have their lines too."""
    assert key_lines("a = {\n  b = 1, # why\n  c = [\n    2,\n  ],\n}\nd = 1\n") == {
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 3,
        ("a", "c", 0): 4,
        ("d",): 7,
    }


def paths(value: Any, above: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key path of a parsed document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*above, key)
        yield from paths(below, (*above, key))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Valid TOML in many styles; every key and every number is there once, so that a line can be checked."""
    count = iter(range(1000, 1_000_000))
    blank = st.sampled_from(["", " ", "\t"])

    def key() -> str:
        style = draw(st.sampled_from(["k{}", '"k {}"', "'k#{}'", '"k\\"]{}"', "k{}.sub", 'k{} . "s.=[ub"']))
        return style.format(next(count))

    def gap() -> str:
        return draw(st.sampled_from(["", " ", "\n", "\n# ] } = [x]\n", "\n\n  "]))

    def value(depth: int) -> str:
        kinds = ["number", "text", "block", "literal", "date", *(["array", "table"] if depth else [])]
        match draw(st.sampled_from(kinds)):
            case "number":
                return str(next(count))
            case "text":
                return draw(st.sampled_from(['"# [x] = \\" \\\\"', "'] \\'", '""', "true", "-0.5e3"]))
            case "block":
                return draw(st.sampled_from(['"""a\n= [\\""" ] """', '"""\n"" """""', "'''\nk = '' [x]'''''"]))
            case "literal":
                return draw(st.sampled_from(["'''a'''", "''", "''''x'''"]))
            case "date":
                return draw(st.sampled_from(["2026-12-31", "2026-12-31 10:11:12", "10:11:12.5"]))
            case "array":
                parts = [gap() + value(depth - 1) + gap() for _ in range(draw(st.integers(0, 3)))]
                return f"[{','.join(parts)}{',' if parts and draw(st.booleans()) else ''}{gap()}]"
            case _:
                pairs = [f" {key()} = {value(depth - 1)} " for _ in range(draw(st.integers(0, 3)))]
                return "{" + ",".join(pairs) + "}"

    lines = []
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(["pair", "pair", "header", "tables", "inner", "comment"]))
        if kind == "pair":
            lines.append(f"{draw(blank)}{key()}{draw(blank)}={draw(blank)}{value(2)}{draw(blank)}# end")
        elif kind == "header":
            lines.append(f"{draw(blank)}[{draw(blank)}{key()}{draw(blank)}] # [[x]]")
        elif kind == "tables":
            lines.append(f"[[{draw(blank)}rows.{draw(st.sampled_from(['a', 'b']))}]]")
        elif kind == "inner" and "[[rows.a]]" in lines:
            lines.append(f"[rows.a.{key()}]")
        else:
            lines.append('# "')
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@given(documents())
def test_every_key_is_found_on_its_line(text: str) -> None:
    """Each key path that tomllib finds has a line, and a number stands in that line."""
    parsed = tomllib.loads(text)
    found, lines = key_lines(text), text.replace("\r\n", "\n").split("\n")
    assert set(paths(parsed)) == set(found)
    numbers = {path: value for path, value in leaves(parsed) if isinstance(value, int) and value >= 1000}
    assert [path for path, number in numbers.items() if str(number) not in lines[found[path] - 1]] == []


def leaves(value: Any, above: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value that is neither table nor array."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield above, value
        return
    for key, below in inner:
        yield from leaves(below, (*above, key))


@given(st.text(st.sampled_from("ab.=[]{}\"'#, \n\\1-"), max_size=60))
def test_any_text(text: str) -> None:
    """No text makes the scanner raise, and a text that is TOML has a line for each key."""
    found = key_lines(text)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(paths(parsed)) == set(found)
