"""SARIF 2.1.0, held to the schema that OASIS publishes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
import render_schemas
from render_samples import DEPRECATED, GRADER, MOVED, RETIRES, SAMPLES, SUMMARIZER, UNREACHABLE, refused, unknown

from modelgate.domain.report import Report
from modelgate.domain.source import Source
from modelgate.render import render
from modelgate.render.explain import section
from modelgate.version import VERSION


def run_of(report: Report) -> dict:
    """The only run of the log."""
    log = json.loads(render(report, "sarif"))
    render_schemas.SARIF.validate(log)
    return log["runs"][0]


def fingerprints(report: Report) -> list[str]:
    """One fingerprint per result."""
    return [result["partialFingerprints"]["modelgateFinding/v1"] for result in run_of(report)["results"]]


def test_the_schema_is_the_published_one():
    """What the tests validate against is OASIS' own file."""
    assert (
        hashlib.sha256(render_schemas.SARIF_BYTES).hexdigest()
        == "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_sarif_is_golden(name, golden):
    """Each kind of report has its golden log; the tool's version and the pages of the rules are left out."""
    log = json.loads(render(SAMPLES[name](), "sarif"))
    driver = log["runs"][0]["tool"]["driver"]
    assert driver.pop("version") == VERSION
    driver["rules"] = [rule["id"] for rule in driver["rules"]]
    golden(f"{name}.sarif", json.dumps(log, indent=2) + "\n")


@pytest.mark.parametrize("name", SAMPLES)
def test_sarif_fits_the_published_schema(name):
    """Each kind of report is valid SARIF 2.1.0."""
    render_schemas.SARIF.validate(json.loads(render(SAMPLES[name](), "sarif")))


def test_each_check_is_one_rule_with_its_page():
    """Results point to rules, and a rule's help is its section of docs/checks.md."""
    run = run_of(replace(refused(), findings=(MOVED, DEPRECATED, replace(MOVED, slot="summarizer"))))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["drift.alias-moved", "catalogue.deprecated"]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 1, 0]
    assert rules[0]["help"]["markdown"] == section("drift.alias-moved")
    meant = "The reference is the one that was approved, but the Models API now answers with another ID."
    assert rules[0]["shortDescription"] == {"text": meant}


def test_the_tool_and_each_rule_have_a_name_for_links():
    """An absolute one, which no registry owns; the page itself stands in the rule."""
    driver = run_of(refused())["tool"]["driver"]
    links = [driver["informationUri"], *(rule["helpUri"] for rule in driver["rules"])]
    assert links == ["urn:modelgate", *(f"urn:modelgate:checks:{rule['id']}" for rule in driver["rules"])]
    assert all(rule["help"]["markdown"] for rule in driver["rules"])


def test_a_check_of_a_later_version_is_a_rule_without_a_page():
    """An ID that this version does not know is still reported."""
    run = run_of(replace(refused(), findings=(replace(MOVED, id="drift.from-the-future"),)))
    assert run["tool"]["driver"]["rules"] == [{"id": "drift.from-the-future", "properties": {"tags": ["drift"]}}]


def test_levels_are_mapped_and_ours_is_kept():
    """SARIF has no word for unknown: it is an error, and our own level stands beside it."""
    results = run_of(replace(refused(), findings=(*refused().findings, UNREACHABLE)))["results"]
    assert [(result["properties"]["level"], result["level"]) for result in results] == [
        ("note", "note"),
        ("warn", "warning"),
        ("refuse", "error"),
        ("refuse", "error"),
        ("unknown", "error"),
    ]


def test_a_finding_points_to_its_line():
    """A source in a file becomes a relative URI and a line."""
    location = run_of(replace(refused(), findings=(RETIRES,)))["results"][0]["locations"][0]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "config/prod.toml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12},
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("./config/prod.toml", {"uri": "config/prod.toml", "uriBaseId": "%SRCROOT%"}),
        ("config\\prod.toml", {"uri": "config/prod.toml", "uriBaseId": "%SRCROOT%"}),
        ("conf ig/prød%.toml", {"uri": "conf%20ig/pr%C3%B8d%25.toml", "uriBaseId": "%SRCROOT%"}),
        ("/etc/modelgate/prod.toml", {"uri": "file:///etc/modelgate/prod.toml"}),
    ],
)
def test_paths_become_uris(name, expected):
    """Spaces, percent signs and backslashes do not break a URI; an absolute path stays absolute."""
    run = run_of(replace(refused(), findings=(replace(RETIRES, source=Source(name, 3)),)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == expected


def test_a_finding_without_a_line_points_to_its_slot_else_to_any_line():
    """GitHub refuses a log with a result that has no place in a file."""
    in_file = replace(GRADER, source=Source("config/prod.toml", 20))
    report = replace(refused(), slots=(SUMMARIZER, in_file), findings=(MOVED, UNREACHABLE))
    places = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in run_of(report)["results"]]
    assert places == [20, 12]


def test_without_any_file_there_is_a_logical_location_alone():
    """Settings that come from variables alone have no line anywhere."""
    report = replace(refused(), slots=(GRADER,), findings=(MOVED, UNREACHABLE))
    locations = [result["locations"] for result in run_of(report)["results"]]
    assert locations == [
        [{"logicalLocations": [{"name": "grader", "kind": "member"}]}],
        [{"logicalLocations": [{"name": "checkout", "kind": "member"}]}],
    ]


def test_fingerprints_survive_what_changes_from_run_to_run():
    """Message, hint, line, level and the other findings leave a fingerprint as it was."""
    changed = replace(
        MOVED, message="other", commands=(), level=DEPRECATED.level, source=Source("config/prod.toml", 99)
    )
    before = fingerprints(replace(refused(), findings=(MOVED,)))
    assert fingerprints(replace(refused(), findings=(DEPRECATED, changed)))[1:] == before


def test_fingerprints_differ_by_check_slot_service_environment_and_occurrence():
    """Two alerts never share a fingerprint."""
    report = replace(refused(), findings=(MOVED, MOVED, DEPRECATED, replace(MOVED, slot="summarizer")))
    others = [replace(report, service="search"), replace(report, environment="staging")]
    every = [fingerprint for each in (report, *others) for fingerprint in fingerprints(each)]
    assert len(set(every)) == 12


def test_a_waived_finding_is_suppressed():
    """A waived finding is in the log, and closed."""
    suppressed = ["suppressions" in result for result in run_of(refused())["results"]]
    assert suppressed == [False, False, True, False]


def test_the_invocation_tells_exit_code_and_success():
    """A refusal is a success of the tool; an answer that could not be had is not."""
    assert run_of(refused())["invocations"][0]["exitCode"] == 1
    assert run_of(refused())["invocations"][0]["executionSuccessful"] is True
    assert run_of(replace(unknown(), enforced=True))["invocations"][0]["exitCode"] == 3
    assert run_of(unknown())["invocations"][0]["executionSuccessful"] is False


def test_links_and_placeholders_in_a_message_are_text():
    """`[text](target)` and `{0}` in a model's name are not obeyed by a viewer."""
    run = run_of(replace(refused(), findings=(replace(MOVED, message="[a](http://evil) {0}", commands=()),)))
    assert run["results"][0]["message"]["text"] == "grader: [a] (http://evil) { 0}"
