"""Result files of evaluations."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelgate.domain.suite_results import LARGEST, NotResults, SuiteResults, parse

FILES = Path(__file__).parents[2] / "suite_files"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("junit-passed.xml", SuiteResults("junit", 1, 0, 1)),
        ("junit-failed.xml", SuiteResults("junit", 1, 1)),
        ("promptfoo-passed.json", SuiteResults("promptfoo", 1, 0, 0, ("echo",))),
        ("promptfoo-failed.json", SuiteResults("promptfoo", 1, 1, 0, ("echo",))),
        ("inspect-passed.json", SuiteResults("inspect", 1, 0, 0, ("local/model",))),
        ("inspect-failed.json", SuiteResults("inspect", 1, 1, 0, ("local/model",))),
    ],
)
def test_files_of_real_tools_are_counted(name: str, expected: SuiteResults) -> None:
    """What pytest, promptfoo and inspect_ai wrote is read as they meant it."""
    assert parse((FILES / name).read_bytes()) == expected


CASE = '<testcase name="a"/>'


@pytest.mark.parametrize(
    ("content", "passed", "failed"),
    [
        (f'<testsuite tests="1" failures="1">{CASE}</testsuite>', 1, 1),
        (f'<testsuites errors="2"><testsuite failures="1">{CASE}</testsuite></testsuites>', 1, 2),
        (f"<testsuite>{CASE}<error>the fixture broke</error></testsuite>", 1, 1),
        (f'<testsuite failures="many" errors="-1">{CASE}</testsuite>', 1, 0),
        ('<testsuite failures="1"><testcase name="a"><failure/></testcase></testsuite>', 0, 1),
        ('<testsuite tests="0" errors="1"/>', 0, 1),
        ('{"results": {"stats": {"successes": 1, "failures": 0, "errors": 3}, "results": [{"success": true}]}}', 1, 3),
        (
            '{"eval": {}, "status": "success", "results": {"total_samples": 5},'
            ' "samples": [{"scores": {"a": {"value": "C"}}}]}',
            1,
            4,
        ),
    ],
)
def test_a_failure_that_only_the_sums_tell_of_is_one(content: str, passed: int, failed: int) -> None:
    """What broke outside of a test, and samples that were left out: a suite passed only if nothing says otherwise."""
    found = parse(content.encode())
    assert (found.passed, found.failed) == (passed, failed)


NO_NUMBERS = "promptfoo's JSON without numbers of successes, failures and errors"
NO_SAMPLES = "inspect_ai's log without its samples: --no-log-samples leaves them out"
BOMB = b'<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><testsuite>&b;</testsuite>'
OUTSIDE = b'<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"/></testsuite>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (BOMB, "it declares a document type, which can hold bombs of entities"),
        (OUTSIDE, "it declares a document type, which can hold bombs of entities"),
        (b"<testsuite>" * 5000, "its elements nest too deep"),
        (b"<html></html>", "no JUnit XML: its root is neither testsuites nor testsuite"),
        (b"<testsuite><testcase></testsuite>", "no XML: mismatched tag in line 1"),
        (b'<?xml version="1.0" encoding="klingon"?><testsuite/>', "its encoding is not known"),
        (b"<testsuites/>", "no test ran in it"),
        (b"<testsuite><testcase><skipped/></testcase></testsuite>", "no test ran in it"),
        (b"", "neither XML nor JSON"),
        (b"\xff\xfe\x00", "neither XML nor JSON"),
        (b"[" * 100_000, "neither XML nor JSON"),
        (b"[1]", "neither JUnit XML, nor promptfoo's --output JSON, nor inspect_ai's JSON log"),
        (b'{"results": []}', "neither JUnit XML, nor promptfoo's --output JSON, nor inspect_ai's JSON log"),
        (b'{"results": {"stats": {"successes": "all"}}}', NO_NUMBERS),
        (b'{"eval": {}, "status": "cancelled"}', "the evaluation did not finish: its status is 'cancelled'"),
        (b'{"eval": {}, "status": "success", "invalidated": true}', "the evaluation was invalidated"),
        (b'{"eval": {}, "status": "success"}', NO_SAMPLES),
        (b"PK\x03\x04", "it is an archive: `inspect log convert --to json` writes the JSON log"),
        (b" " * (LARGEST + 1), "it is larger than 64 MB"),
    ],
)  # fmt: skip
def test_what_is_no_result_file_says_why(content: bytes, why: str) -> None:
    """Bombs, foreign entities, halves and other formats are refused in words that repeat nothing of the file."""
    with pytest.raises(NotResults) as refusal:
        parse(content)
    assert str(refusal.value) == why


def test_encodings_are_read() -> None:
    """XML says its own encoding; JSON may be UTF-16, with its mark."""
    xml = '<?xml version="1.0" encoding="{}"?><testsuite><testcase name="ä"/></testsuite>'
    read = [parse(xml.format(name).encode(name)) for name in ("utf-8", "utf-16", "iso-8859-1")]
    assert read == [SuiteResults("junit", 1, 0)] * 3
    stats = '{"results": {"stats": {"successes": 2, "failures": 0, "errors": 0}}}'
    assert parse(stats.encode("utf-16")) == SuiteResults("promptfoo", 2, 0)


@pytest.mark.parametrize("value", ["I", "P", "N", 0, 0.5, False, None, [], {"a": 1}])
def test_a_part_of_a_point_is_no_right_answer(value: object) -> None:
    """An inspect_ai sample passes where every score of it is the whole point."""
    import json

    samples = [{"scores": {"match": {"value": "C"}}}, {"scores": {"match": {"value": 1}, "other": {"value": value}}}]
    log = json.dumps({"eval": {}, "status": "success", "samples": samples}).encode()
    assert parse(log) == SuiteResults("inspect", 1, 1)


def test_nothing_of_a_test_but_numbers_is_kept() -> None:
    """Names of tests, prompts and answers stay in the file; a provider's name that looks like none is left out."""
    rows = b'{"results": {"results": [{"success": true, "provider": {"id": "a b\\n"}, "prompt": "CANARY"}]}}'
    assert parse(rows) == SuiteResults("promptfoo", 1, 0)
