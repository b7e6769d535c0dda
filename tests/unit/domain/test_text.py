"""Hostile text made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelgate.domain.catalogue import capability_meant
from modelgate.domain.text import LONGEST, did_you_mean, printable, short, storable

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Lone surrogates included."""


@given(ANY_TEXT)
def test_nothing_dangerous_is_shown(text: str) -> None:
    """No control, format, surrogate, private or line-breaking character is left, and the text is one line."""
    shown = printable(text)
    assert {unicodedata.category(char) for char in shown}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
    assert len(shown.splitlines()) <= 1


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=LONGEST))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    """What can do no harm is not changed."""
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\nb", r"a\x0d\x0ab"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("x" * 10_000_000, "x" * LONGEST + "…"),
    ],
)
def test_hostile_text(text: str, shown: str) -> None:
    """Escape sequences, line breaks, reversed text, surrogates and tags are escaped; long text is cut."""
    assert printable(text) == shown


@given(ANY_TEXT, st.integers(1, 100))
def test_short_text_is_short(text: str, width: int) -> None:
    """However hostile, a text fits; and what fits as it is stays whole."""
    shown = short(text, width)
    assert len(shown) <= width
    assert shown == printable(text) or shown.endswith("…")


@given(ANY_TEXT)
def test_any_database_takes_it(text: str) -> None:
    """What is stored is UTF-8 without NUL, and stays as it is when stored again."""
    stored = storable(text)
    assert "\0" not in stored
    assert stored.encode().decode() == stored
    assert storable(stored) == stored


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_storing_changes_nothing_else(text: str) -> None:
    """All that a database takes is stored as it is."""
    assert storable(text) == text


def test_did_you_mean() -> None:
    """The nearest name is suggested, and none where none is near."""
    known = ["claude-haiku-4-5", "claude-sonnet-4-6"]
    assert did_you_mean("claude-sonet-4-6", known) == "claude-sonnet-4-6"
    assert did_you_mean("gpt", known) == ""
    assert did_you_mean("x" * 10_000_000, known) == ""


def test_capabilities_by_the_names_of_other_tools() -> None:
    """What LiteLLM and gateways call a capability leads to its name here, where the entry has it."""
    known = ["batch", "image_input", "pdf_input", "structured_outputs", "thinking", "server_tools.web_search"]
    asked = ["vision", "supports_vision", "structured_output", "pdf", "web_search", "bath", "nothing_like_it"]
    assert [capability_meant(each, known) for each in asked] == [
        "image_input", "image_input", "structured_outputs", "pdf_input", "server_tools.web_search", "batch", "",
    ]  # fmt: skip
    assert capability_meant("vision", ["batch"]) == ""
