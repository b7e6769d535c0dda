"""Approvals in git: the lock, written and read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from modelgate.domain.errors import SettingsError
from modelgate.domain.pins import Pin
from modelgate.domain.rows import Scope
from modelgate.settings.lock import Lock, read_lock, render_lock, write_lock

SCOPE = Scope("checkout", "prod")
HAIKU = Pin(
    "classifier", None, "accept", "claude-haiku-4-5-20251001", "claude-haiku-4-5", "https://api.anthropic.com"
)  # fmt: skip
SONNET = Pin("summarizer", None, "accept", "claude-sonnet-4-6", "claude-sonnet-4-6")
TEXT = """\
# The model IDs that checkout in prod may run, written by `modelgate lock`.
# A review of this file is the approval: what is merged here is what the next deployment starts on.
# Do not edit it by hand: `modelgate lock -e prod` asks the API and writes it anew.

schema = "modelgate.lock/1"
service = "checkout"
environment = "prod"

[slots.classifier]
reference = "claude-haiku-4-5"
id = "claude-haiku-4-5-20251001"
origin = "https://api.anthropic.com"

[slots.summarizer]
reference = "claude-sonnet-4-6"
id = "claude-sonnet-4-6"
"""


def test_text() -> None:
    """The same pins give the same text, in whatever order they come."""
    assert render_lock(SCOPE, [SONNET, HAIKU]) == render_lock(SCOPE, [HAIKU, SONNET]) == TEXT


def test_there_and_back(tmp_path: Path) -> None:
    """What was written is read again, and other users may read it too."""
    path = tmp_path / "prod.lock.toml"
    path.write_text("old")
    write_lock(path, render_lock(SCOPE, [SONNET, HAIKU]))
    assert read_lock(path, SCOPE) == Lock("checkout", "prod", (HAIKU, SONNET))
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444
    assert [file.name for file in tmp_path.iterdir()] == ["prod.lock.toml"]


def test_two_pins_of_one_slot() -> None:
    """A lock holds one pin a slot."""
    with pytest.raises(ValueError, match="slot summarizer has two pins"):
        render_lock(SCOPE, [SONNET, Pin("summarizer", None, "accept", "claude-x", "claude-x")])


def test_no_folder(tmp_path: Path) -> None:
    """A lock that cannot be written says so."""
    with pytest.raises(SettingsError) as caught:
        write_lock(tmp_path / "gone" / "prod.lock.toml", TEXT)
    assert str(caught.value) == f"{tmp_path}/gone/prod.lock.toml: cannot be written: No such file or directory"


def test_missing(tmp_path: Path) -> None:
    """A lock that is not there says how to make it."""
    with pytest.raises(SettingsError) as caught:
        read_lock(tmp_path / "prod.lock.toml", SCOPE)
    assert (str(caught.value), caught.value.commands) == (
        f"{tmp_path}/prod.lock.toml: there is no lock yet", ("modelgate lock -s checkout -e prod",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("lock/1", "lock/2", "5: schema: must be 'modelgate.lock/1'"),
        ('"checkout"', '"other"', "6: service: must be 'checkout'"),
        ('"prod"', '"dev"', "7: environment: must be 'prod'"),
        ('environment = "prod"', 'enviroment = "prod"', " environment: must be 'prod'"),
        ("reference =", "refrence =", "9: slots.classifier: has no reference"),
        ('origin = "', 'orign = "', "12: slots.classifier.orign: unknown key, did you mean 'origin'?"),
        ("anthropic.com", "anthropic.com/v1", "12: slots.classifier.origin: must be an origin"),
        ('id = "claude-haiku', 'id = "../claude', "11: slots.classifier.id: '../claude-4-5-20251001' is no model name"),
        ('id = "claude-haiku-4-5-20251001"', "id = 4", "11: slots.classifier.id: must be a string"),
        ("slots.summarizer", "slots.Summarizer", "14: slots.Summarizer: 'Summarizer': slot names are lower snake case"),
        ("[slots.summarizer]", "[[slots.summarizer]]", "14: slots.summarizer: must be a table"),
        ("[slots.summarizer]", "[slot.summarizer]", "14: slot: unknown key, did you mean 'slots'?"),
        (
            "[slots.classifier]",
            "[slots.classifier",
            "9: not valid TOML: Expected ']' at the end of a table declaration",
        ),
    ],
)
def test_odd_lock(tmp_path: Path, old: str, new: str, error: str) -> None:
    """A lock of another service, environment or version, or one that was edited badly, is refused with its line."""
    path = tmp_path / "prod.lock.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        read_lock(path, SCOPE)
    assert f"{path}:{error}" in str(caught.value)


def test_slots_that_are_no_table(tmp_path: Path) -> None:
    """A lock whose slots are no table is refused."""
    path = tmp_path / "prod.lock.toml"
    path.write_text(TEXT.split("[slots", maxsplit=1)[0] + "slots = 3\n")
    with pytest.raises(SettingsError) as caught:
        read_lock(path, SCOPE)
    assert str(caught.value) == f"{path}:9: slots: must be a table"
