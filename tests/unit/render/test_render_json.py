"""The JSON report: `modelgate.report/2`, as the contract and the schema have it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import render_schemas
from jsonschema import Draft202012Validator, ValidationError
from render_samples import SAMPLES, passed, refused

from modelgate.domain.errors import UsageError
from modelgate.render import render

TOP = [
    "schema",
    "command",
    "service",
    "environment",
    "verdict",
    "enforced",
    "observed",
    "exit_code",
    "run_id",
    "started_at",
    "finished_at",
    "as_of",
    "dry_run",
    "reused_from",
    "api",
    "audit",
    "slots",
    "findings",
]
SLOT = [
    "slot",
    "reference",
    "source",
    "resolved",
    "pinned",
    "handed_off",
    "revision",
    "held",
    "lifecycle",
    "retires_at",
    "days_left",
]
FINDING = ["id", "level", "slot", "message", "hint", "commands", "source", "waived"]


@pytest.mark.parametrize("name", SAMPLES)
def test_json_is_golden(name, golden):
    """Each kind of report has its golden JSON."""
    golden(f"{name}.json", render(SAMPLES[name](), "json"))


def test_keys_and_their_order_are_the_contracts():
    """Scripts and people find every key of the contract, in its order."""
    report = json.loads(render(refused(), "json"))
    assert list(report) == TOP
    assert list(report["api"]) == ["origin", "requests"]
    assert list(report["audit"]) == ["store", "sequence", "head"]
    assert [list(slot) for slot in report["slots"]] == [SLOT, SLOT]
    assert [list(finding) for finding in report["findings"]] == [FINDING] * 4


@pytest.mark.parametrize("name", SAMPLES)
def test_json_fits_the_shipped_schema(name):
    """The schema in the wheel describes what is printed."""
    render_schemas.JSON.validate(json.loads(render(SAMPLES[name](), "json")))


def test_the_schema_is_a_schema():
    """The shipped file is valid JSON Schema 2020-12."""
    Draft202012Validator.check_schema(render_schemas.JSON.schema)


@pytest.mark.parametrize("place", [(), ("api",), ("audit",), ("slots", 0), ("findings", 0)])
def test_the_schema_takes_keys_that_it_does_not_know(place):
    """What a later version adds breaks nobody who validates, at any depth."""
    report = json.loads(render(refused(), "json"))
    inner = report
    for step in place:
        inner = inner[step]
    inner["surprise"] = 1
    render_schemas.JSON.validate(report)


def test_the_schema_refuses_a_missing_key():
    """Every key is always there, null or not."""
    report = json.loads(render(refused(), "json"))
    del report["slots"][0]["retires_at"]
    with pytest.raises(ValidationError, match="retires_at"):
        render_schemas.JSON.validate(report)


def test_values_are_those_of_the_report():
    """Instants are ISO 8601 in UTC, sources are places, and a pass carries what was handed over."""
    report = json.loads(render(passed(), "json"))
    assert report["started_at"] == "2026-11-22T20:24:22.123456Z"
    assert report["exit_code"] == 0
    assert report["audit"] == {
        "store": "/srv/checkout/modelgate.db",
        "sequence": 18,
        "head": "checkout/prod:18:" + "cd" * 32,
    }
    assert report["slots"][0]["source"] == "config/prod.toml:12"
    assert [slot["handed_off"] for slot in report["slots"]] == ["claude-sonnet-4-6", "claude-haiku-4-5-20250901"]
    assert report["findings"][0]["source"] is None


def test_observe_mode_exits_0_and_still_tells_the_verdict():
    """`enforce = false` changes the exit code and nothing else."""
    report = json.loads(render(replace(refused(), enforced=False), "json"))
    assert (report["verdict"], report["enforced"], report["exit_code"]) == ("refuse", False, 0)


def test_an_unknown_format_is_refused_with_a_suggestion():
    """A typing error in a format is told, not guessed."""
    with pytest.raises(UsageError, match="no such format: 'jsn'") as caught:
        render(refused(), "jsn")
    assert caught.value.hint == "did you mean json?"
    with pytest.raises(UsageError) as caught:
        render(refused(), "0000")
    assert caught.value.hint == "one of text, json, sarif, junit, github, markdown"
