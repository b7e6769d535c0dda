"""The result files of evaluations, read as counts: JUnit XML, promptfoo's JSON, inspect_ai's JSON log.

The files are strangers' texts. Nothing of them but numbers, and the names of the models they say they ran, leaves here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard
from xml.parsers import expat

from modelgate.domain.text import printable

LARGEST = 64 * 2**20
"""Bytes of a file that is read at all."""
Format = Literal["junit", "promptfoo", "inspect"]
_MOST = 10**9
"""Tests of an evaluation that a store takes; a file that only says so can claim any number."""
_DIGITS = 12
"""Of a number in an XML file that is read as one."""
_DEEPEST = 200
"""How deep the elements of an XML file may nest."""


class NotResults(ValueError):
    """The text is no result file. The message says why, without a word of the text."""


@dataclass(frozen=True, slots=True)
class SuiteResults:
    """What an evaluation came to."""

    format: Format
    passed: int
    failed: int
    skipped: int = 0
    models: tuple[str, ...] = ()
    """The models that the file says it ran, as it names them, harmless."""


def parse(content: bytes) -> SuiteResults:
    """The counts of a result file, whatever its format. Raises NotResults."""
    if len(content) > LARGEST:
        raise NotResults(f"it is larger than {LARGEST // 2**20} MB")
    if content.startswith(b"PK\x03\x04"):
        raise NotResults("it is an archive: `inspect log convert --to json` writes the JSON log")
    results = _junit(content) if _begins_like_xml(content) else _json(content)
    if max(results.passed, results.failed, results.skipped) > _MOST:
        raise NotResults(f"it says that more than {_MOST} tests ran")
    if not results.passed and not results.failed:
        raise NotResults("no test ran in it")
    return results


def _begins_like_xml(content: bytes) -> bool:
    head = content[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return head.startswith(b"<")


@dataclass(slots=True)
class _JUnit:
    """Counts test cases while the file is read: memory stays flat."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    root: str = ""
    depth: int = 0
    case: int = 0
    """The depth of the test case that is read; 0 outside of one."""
    outcome: str = "passed"
    told: int = 0
    """Failures and errors by the file's own sums, of the suite that has most: what broke outside of a case is there."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self.depth += 1
        self.root = self.root or name
        if self.depth > _DEEPEST:
            raise NotResults("its elements nest too deep")
        if name == "testcase" and not self.case:
            self.case, self.outcome = self.depth, "passed"
        elif not self.case and name in ("testsuite", "testsuites"):
            self.told = max(self.told, sum(_number(attributes.get(key)) for key in ("failures", "errors")))
        elif not self.case and name in ("failure", "error"):
            self.failed += 1
        elif self.case and self.depth == self.case + 1:
            if name in ("failure", "error"):
                self.outcome = "failed"
            elif name == "skipped" and self.outcome == "passed":
                self.outcome = "skipped"

    def end(self, _name: str) -> None:
        if self.depth == self.case:
            setattr(self, self.outcome, getattr(self, self.outcome) + 1)
            self.case = 0
        self.depth -= 1


def _refuse_doctype(*_parts: object) -> None:
    raise NotResults("it declares a document type, which can hold bombs of entities")


def _junit(content: bytes) -> SuiteResults:
    counting, reader = _JUnit(), expat.ParserCreate()
    reader.StartDoctypeDeclHandler = reader.EntityDeclHandler = _refuse_doctype
    reader.StartElementHandler, reader.EndElementHandler = counting.start, counting.end
    try:
        reader.Parse(content, True)
    except expat.ExpatError as error:
        raise NotResults(f"no XML: {expat.ErrorString(error.code)} in line {error.lineno}") from None
    except (LookupError, ValueError) as error:
        raise (error if isinstance(error, NotResults) else NotResults("its encoding is not known")) from None
    if counting.root not in ("testsuites", "testsuite"):
        raise NotResults("no JUnit XML: its root is neither testsuites nor testsuite")
    return SuiteResults("junit", counting.passed, max(counting.failed, counting.told), counting.skipped)


def _number(text: str | None) -> int:
    return int(text) if text and len(text) < _DIGITS and text.isascii() and text.isdigit() else 0


def _json(content: bytes) -> SuiteResults:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise NotResults("neither XML nor JSON") from None
    if isinstance(value, dict):
        results = value.get("results")
        if "eval" in value and "status" in value:
            return _inspect(value)
        if isinstance(results, dict) and ("stats" in results or "results" in results):
            return _promptfoo(results)
    raise NotResults("neither JUnit XML, nor promptfoo's --output JSON, nor inspect_ai's JSON log")


def _promptfoo(results: dict[str, Any]) -> SuiteResults:
    rows, models = results.get("results"), _Names()
    if isinstance(rows, list) and rows:
        outcomes = [row.get("success") is True if isinstance(row, dict) else False for row in rows]
        for row in rows:
            provider = row.get("provider") if isinstance(row, dict) else None
            models.add(provider.get("id") if isinstance(provider, dict) else provider)
        stats = results.get("stats")
        told = [stats.get(key) for key in ("failures", "errors")] if isinstance(stats, dict) else []
        failed = max(outcomes.count(False), sum(each for each in told if _is_count(each)))
        return SuiteResults("promptfoo", outcomes.count(True), failed, 0, models.names)
    stats = results.get("stats")
    counts = [stats.get(key, 0) if isinstance(stats, dict) else None for key in ("successes", "failures", "errors")]
    numbers = [count for count in counts if _is_count(count)]
    if len(numbers) < len(counts):
        raise NotResults("promptfoo's JSON without numbers of successes, failures and errors")
    return SuiteResults("promptfoo", numbers[0], numbers[1] + numbers[2])


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_RIGHT = ("C", True, 1, 1.0)
"""What inspect_ai's scorers say of a right answer: "C" for correct, true, or the whole point."""


def _inspect(log: dict[str, Any]) -> SuiteResults:
    if log.get("status") != "success":
        raise NotResults(f"the evaluation did not finish: its status is {printable(str(log.get('status')), 20)!r}")
    if log.get("invalidated") is True:
        raise NotResults("the evaluation was invalidated")
    samples, models = log.get("samples"), _Names()
    if not isinstance(samples, list):
        raise NotResults("inspect_ai's log without its samples: --no-log-samples leaves them out")
    task = log["eval"] if isinstance(log["eval"], dict) else {}
    models.add(task.get("model"))
    outcomes, results = [_is_right(sample) for sample in samples], log.get("results")
    total = results.get("total_samples") if isinstance(results, dict) else None
    lacking = max(total - len(outcomes), 0) if _is_count(total) else 0  # that never ended, or were left out
    return SuiteResults("inspect", outcomes.count(True), outcomes.count(False) + lacking, 0, models.names)


def _is_right(sample: object) -> bool:
    """Whether every score of a sample is a right one: none at all, an error or a part of a point are not."""
    scores = sample.get("scores") if isinstance(sample, dict) and not sample.get("error") else None
    if not isinstance(scores, dict) or not scores:
        return False
    values = [score.get("value") if isinstance(score, dict) else None for score in scores.values()]
    return all(isinstance(value, str | bool | int | float) and value in _RIGHT for value in values)


_MODEL = re.compile(r"[\w.:/@-]{1,120}")


@dataclass(slots=True)
class _Names:
    """At most five names of models, each once, and only those that look like one."""

    names: tuple[str, ...] = field(default=())

    def add(self, name: object) -> None:
        if isinstance(name, str) and _MODEL.fullmatch(name) and name not in self.names and len(self.names) < 5:
            self.names = (*self.names, name)
