"""What the application reads, and where files go that cannot be what they should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.sites import ALIAS, OLD, OTHER, Site, found

from modelgate import pinned
from modelgate.whole_file import may_write, write_whole

DEEP = "[" * 100_000
GRACE = {"grace_hours": 4, "deadline_seconds": 6}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "null", DEEP, "{}", '{"schema": "modelgate.pins/1"}',
     '{"schema": "modelgate.pins/9", "models": {}}',
     '{"schema": "modelgate.pins/1", "models": []}', '{"schema": "modelgate.pins/1", "models": {"a": {}}}',
     '{"schema": "modelgate.pins/1", "models": {"a": "b"}}',
     '{"schema": "modelgate.pins/1", "models": {"a": {"id": null}}}'],
    ids=lambda text: text[:60],
)  # fmt: skip
def test_a_file_that_preflight_did_not_write(tmp_path: Path, text: str) -> None:
    """Whatever it holds, it is a ValueError that names the file, and never half of the pins."""
    (tmp_path / "pins.json").write_text(text)
    with pytest.raises(ValueError, match=r"pins\.json is not a file that `modelgate preflight --emit-json` wrote"):
        pinned({"MODELGATE_PINS_FILE": str(tmp_path / "pins.json")})


def test_nothing_was_handed_over(tmp_path: Path) -> None:
    """Neither file nor variables: a LookupError, as where the file that was named is not there."""
    for environ in ({}, {"MODELGATE_PINS_FILE": str(tmp_path / "pins.json")}):
        with pytest.raises(LookupError):
            pinned(environ)


def test_a_fallback_file_that_is_endlessly_nested_stands_in_for_nothing(file_site: Site, tmp_path: Path) -> None:
    """It cannot be understood: the store stays unreachable, and nothing is a defect."""
    (tmp_path / "pins.json").write_text(DEEP)
    file_site.asks(policy={**GRACE, "fallback_file": str(tmp_path / "pins.json")}, summarizer=ALIAS)
    file_site.environ["MODELGATE_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/nothing"
    assert found(file_site.preflight()) == {"store.unreachable": "unknown"}


def test_links_that_point_at_each_other(tmp_path: Path) -> None:
    """There is no file behind them, and so they give way to one: on every version of Python alike."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert may_write(tmp_path / "a")
    write_whole(tmp_path / "a", json.dumps({}))
    assert (tmp_path / "a").read_text() == "{}"


def test_a_waived_reference_that_means_nothing_stays_on_its_pin(file_site: Site) -> None:
    """The policy would accept the new name, which this key may not use: waived, the slot runs what was approved."""
    policy = {"first_use": "accept", "reference_changed": "accept"}
    file_site.asks(policy=policy, summarizer=OLD)
    file_site.preflight()
    file_site.sandbox.forbid(OTHER)
    waivers = "".join(
        f'[[waivers]]\ncheck = "{check}"\nuntil = 2126-01-01\nreason = "INC-42"\n'
        for check in ("drift.reference-changed", "catalogue.not-permitted")
    )
    file_site.asks(policy=policy, summarizer=OTHER)
    assert found(file_site.preflight())["drift.reference-changed"] == "refuse"
    file_site.asks(policy=policy, summarizer=OTHER, more=waivers)
    report = file_site.preflight()
    assert (report.exit_code, report.models) == (0, {"summarizer": OLD})
