"""JUnit XML, held to a schema: what the test tabs of build servers show."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

import pytest
import render_schemas
from render_samples import DEPRECATED, MOVED, RETIRES, SAMPLES, UNREACHABLE, refused, unknown

from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.domain.report import Report
from modelgate.render import render


def suite_of(report: Report) -> Element:
    """The only suite of the document."""
    shown = render(report, "junit")
    render_schemas.JUNIT.validate(shown)
    return fromstring(shown)[0]


def outcomes(report: Report) -> dict[str, list[str]]:
    """Case name to the tags of its children."""
    return {case.get("name", ""): [child.tag for child in case] for case in suite_of(report).iter("testcase")}


@pytest.mark.parametrize("name", SAMPLES)
def test_junit_is_golden(name, golden):
    """Each kind of report has its golden document."""
    golden(f"{name}.xml", render(SAMPLES[name](), "junit"))


@pytest.mark.parametrize("name", SAMPLES)
def test_junit_fits_the_schema(name):
    """Each kind of report is valid by the schema that build servers go by."""
    render_schemas.JUNIT.validate(render(SAMPLES[name](), "junit"))


def test_every_slot_is_a_case_and_so_is_the_run():
    """Refused fails, waived is skipped, warnings and notes are output; what is about no slot is the run's."""
    assert outcomes(refused()) == {
        "summarizer": ["skipped"],
        "grader": ["failure", "system-out"],
        "the run as a whole": ["system-out"],
    }


def test_what_could_not_be_known_is_an_error_and_no_failure():
    """An outage is told apart from drift."""
    assert outcomes(unknown()) == {"summarizer": [], "the run as a whole": ["error"]}


def test_a_refusal_beats_an_unknown_in_the_same_case():
    """A case has one outcome, the definite one, and its text holds all that stops the slot."""
    findings = (replace(UNREACHABLE, slot="grader"), MOVED, replace(RETIRES, slot="grader"))
    case = suite_of(replace(refused(), findings=findings)).findall("testcase")[1]
    assert [child.tag for child in case] == ["failure", "system-out"]
    assert case[0].get("type") == "drift.alias-moved"
    assert [line.split(":")[0] for line in (case[0].text or "").splitlines() if not line.startswith(" ")] == [
        "REFUSE drift.alias-moved",
        "UNKNOWN api.unreachable",
    ]
    assert (case[1].text or "").startswith("REFUSE catalogue.retires-soon: waived: ")


def test_a_slot_that_left_the_settings_has_a_case_too():
    """A finding about a slot that the settings no longer name is not lost."""
    removed = Finding("drift.slot-removed", Level.WARN, "held, but no longer in the settings", slot="ranker")
    report = replace(refused(), findings=(removed,), verdict=Verdict.PASS)
    assert outcomes(report) == {"summarizer": [], "grader": [], "ranker": ["system-out"], "the run as a whole": []}


def test_the_counts_add_up():
    """Suite and document count cases, failures, errors and skips."""
    findings = (*refused().findings, replace(MOVED, slot="other"), UNREACHABLE, DEPRECATED)
    suite = suite_of(replace(refused(), findings=findings))
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["4", "2", "1", "1"]
    assert (suite.get("time"), suite.get("timestamp")) == ("0.840", "2026-11-22T20:24:22")


def test_a_run_whose_clock_stepped_back_took_no_time():
    """A negative duration would not be valid."""
    report = refused()
    assert suite_of(replace(report, finished_at=report.started_at.replace(year=2025))).get("time") == "0.000"
