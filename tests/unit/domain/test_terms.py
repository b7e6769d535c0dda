"""What a run records of the terms of a slot, and what is read of rows that anybody may have written."""

from __future__ import annotations

from datetime import date

import pytest

from modelgate.domain import terms
from modelgate.domain.settings import ApiSettings, Policy, Waiver
from modelgate.domain.source import Source

HERE = Source("config/prod.toml", 1)
WAIVER = Waiver("drift.alias-moved", date(2026, 12, 31), "INC-1", HERE)


def test_defaults_are_not_recorded() -> None:
    """Most slots add nothing to their run."""
    assert terms.to_json(Policy(), [], "summarizer", ApiSettings()) == {}


def test_what_was_recorded_is_read_again() -> None:
    """Policy, waivers with their ends, platform and workspace."""
    policy = Policy(alias_moved="warn", reference_changed="warn", retires_refuse_days=7, pins_from="lock")
    told = terms.to_json(policy, [WAIVER], "summarizer", ApiSettings(platform="aws", workspace_id="wrkspc_01"))
    (waiver,) = terms.waivers_of(told, "summarizer")
    assert (terms.policy_of(told), waiver.check, waiver.until) == (policy, WAIVER.check, WAIVER.until)
    assert (terms.platform_of(told), terms.workspace_of(told)) == ("aws", "wrkspc_01")


@pytest.mark.parametrize(
    "row",
    [
        {}, {"policy": None, "waivers": None, "platform": None, "workspace_id": None, "requires": None},
        {"policy": [], "waivers": {}, "requires": {}}, {"policy": {"alias_moved": ["refuse"], "enforce": False}},
        {"policy": {"retires_refuse_days": True, "deprecated": "explode", "hand_off": 1}},
        {"waivers": [1, {"check": 1, "until": "2026-12-31"}, {"check": "x", "until": "soon"}], "requires": [1]},
    ],
)  # fmt: skip
def test_what_a_row_lacks_or_says_in_no_known_way_is_as_by_default(row: dict[str, object]) -> None:
    """An older gate's row, a newer one's, and one of somebody who may only add rows."""
    assert (terms.policy_of(row), terms.waivers_of(row, "summarizer")) == (Policy(), ())
    assert (terms.platform_of(row), terms.workspace_of(row), terms.needs_of(row)) == ("anthropic", "", ())
