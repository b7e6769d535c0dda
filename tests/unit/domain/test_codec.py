"""Facts as JSON texts, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.codec import canonical, entry_from_json, entry_to_json, facts_from_json, facts_to_json
from modelgate.domain.problems import Problem

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAMES = st.text(st.characters(exclude_categories=()), min_size=1, max_size=12)
INSTANTS = st.none() | st.datetimes(timezones=st.just(UTC))
LIMITS = st.none() | st.integers(1, 2**63 - 1)


@st.composite
def entries(draw: st.DrawFn, model_id: str) -> Entry:
    """Whatever the Models API may say of a model."""
    line = draw(st.none() | NAMES)
    return Entry(
        id=model_id,
        lifecycle=draw(st.sampled_from(("active", "deprecated", "retired", None))),
        deprecated_at=draw(INSTANTS),
        retires_at=draw(INSTANTS),
        line=line,
        line_known=line is not None or draw(st.booleans()),
        max_input_tokens=draw(LIMITS),
        max_tokens=draw(LIMITS),
        capabilities=draw(st.dictionaries(NAMES, st.booleans(), max_size=4)),
        display_name=draw(st.text(max_size=12)),
        created_at=draw(INSTANTS),
    )


@st.composite
def all_facts(draw: st.DrawFn) -> Facts:
    """Whatever one asking may bring."""
    catalogue = {name: draw(entries(name)) for name in draw(st.sets(NAMES, max_size=4))}
    answers = {}
    for name in draw(st.sets(NAMES, max_size=4)) | set(catalogue):
        outcome = draw(st.sampled_from(Outcome))
        known = sorted(catalogue) if outcome in (Outcome.RESOLVED, Outcome.RETIRED) else []
        answers[name] = Answer(name, outcome, draw(st.sampled_from(known)) if known else None)
    return Facts("https://api.anthropic.com", NOW, answers, catalogue)


@given(NAMES.flatmap(entries))
def test_an_entry_survives_its_text(entry: Entry) -> None:
    """Every fact of an entry is read back as it was, what is unknown too."""
    assert entry_from_json(json.loads(canonical(entry_to_json(entry)))) == entry


@given(all_facts())
def test_facts_survive_their_text(facts: Facts) -> None:
    """Answers and entries are read back as they were, but for answers that failed."""
    back = facts_from_json(facts_to_json(facts, facts.entries), NOW)
    assert (back.origin, back.asked_at, back.requests) == (facts.origin, NOW, 0)
    assert back.answers == {n: a for n, a in facts.answers.items() if a.outcome is not Outcome.FAILED}
    assert back.entries == {n: e for n, e in facts.entries.items() if facts.knows(n) or n in back.entries}


@given(all_facts(), st.sets(NAMES, max_size=4))
def test_stored_facts_know_what_was_asked_about_and_nothing_more(facts: Facts, ids: set[str]) -> None:
    """Of an ID that nobody wrote down it is not known whether it is served; of the others it is as it was."""
    back = facts_from_json(facts_to_json(facts, ids), NOW)
    asked_about = ids | {answer.id for answer in facts.answers.values() if answer.id}
    for model_id in asked_about | set(facts.entries):
        if model_id not in asked_about:
            assert not back.knows(model_id)
        elif facts.knows(model_id):
            assert back.knows(model_id)
            assert back.served(model_id) == facts.served(model_id)


def test_a_newer_versions_facts_are_passed_over() -> None:
    """A key that this version does not know does not stop it from reading the rest."""
    assert entry_from_json({"id": "a", "mood": "sunny", "max_tokens": 5}) == Entry("a", max_tokens=5)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_the_same_value_has_the_same_text(value: dict[str, object]) -> None:
    """The order in which keys were set does not show."""
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_earlier_facts_stand_in_for_what_failed() -> None:
    """A failed answer is patched with the earlier one; if the list failed, all facts are the earlier ones."""
    gone = Answer("b", Outcome.FAILED, problem=Problem("api.unreachable", "timed out"))
    earlier = Facts(
        "o", NOW, {"a": Answer("a", Outcome.UNKNOWN), "b": Answer("b", Outcome.RESOLVED, "b-1")}, requests=3
    )
    today = Facts("o", NOW, {"a": Answer("a", Outcome.RESOLVED, "a-1"), "b": gone, "c": gone}, requests=7)
    patched = today.patched(earlier)
    assert patched.answers == {"a": today.answers["a"], "b": earlier.answers["b"], "c": gone}
    failed = Facts("o", NOW, problem=Problem("api.unreachable", "timed out"), requests=2)
    assert failed.patched(earlier) == Facts("o", NOW, earlier.answers, requests=2)
