"""Facts as JSON texts, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.codec import (
    canonical,
    content_digest,
    entries_of,
    entry_from_json,
    entry_to_json,
    facts_from_json,
    facts_of_seen,
    seen_of,
)
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


def read_back(facts: Facts, ids: Iterable[str], lost: Iterable[str] = ()) -> tuple[Facts, bool]:
    """What a run wrote down of the facts, read again; `lost` are IDs whose entries were changed meanwhile."""
    seen = seen_of(facts, ids)
    contents = {d: text if json.loads(text)["id"] not in lost else text + " " for d, text in seen.entries.items()}
    return facts_of_seen(facts.origin, NOW, seen.answers, seen.digests, entries_of(contents))


@given(all_facts())
def test_facts_survive_their_text(facts: Facts) -> None:
    """Answers and entries are read back as they were, but for answers that failed."""
    back, _ = read_back(facts, facts.entries)
    assert (back.origin, back.asked_at, back.requests) == (facts.origin, NOW, 0)
    assert back.answers == {n: a for n, a in facts.answers.items() if a.outcome is not Outcome.FAILED}
    assert back.entries == facts.entries


@given(all_facts(), st.sets(NAMES, max_size=4))
def test_stored_facts_know_what_was_asked_about_and_nothing_more(facts: Facts, ids: set[str]) -> None:
    """Of an ID that nobody wrote down it is not known whether it is served; of the others it is as it was."""
    back, _ = read_back(facts, ids)
    asked_about = ids | {answer.id for answer in facts.answers.values() if answer.id}
    for model_id in asked_about | set(facts.entries):
        if model_id not in asked_about:
            assert not back.knows(model_id)
        elif facts.knows(model_id):
            assert back.knows(model_id)
            assert back.served(model_id) == facts.served(model_id)


@given(all_facts())
def test_an_entry_that_is_not_its_digests_is_unknown(facts: Facts) -> None:
    """So is every answer that means it; the rest is read, and told to be a part."""
    lost = set(sorted(facts.entries)[:1])
    back, whole = read_back(facts, facts.entries, lost)
    assert whole is not bool(lost)
    assert set(back.entries) == set(facts.entries) - lost
    assert not any(back.knows(each) for each in lost)
    assert not {answer.id for answer in back.answers.values()} & lost


def test_what_is_stored_under_a_digest_and_is_no_entry_is_unknown() -> None:
    """Whoever may add entries can add any text under its own digest."""
    for text in ("", "[]", '"x"', "{", '{"max_tokens":1}', '{"id":"a","retires_at":5}', "[" * 100_000):
        digest = content_digest(text)
        facts, whole = facts_of_seen("o", NOW, '{"gone":[]}', digest, entries_of({digest: text}))
        assert (facts.entries, whole) == ({}, False)


def test_the_same_entry_has_the_same_digest() -> None:
    """Two runs that saw the same name the same; the order of keys in the API's answer does not show."""
    first, second = (
        Facts("o", NOW, {}, {"a": Entry("a", capabilities=dict(pairs))})
        for pairs in ([("x", True), ("y", False)], [("y", False), ("x", True)])
    )
    assert seen_of(first, ["a"]) == seen_of(second, ["a"])
    assert seen_of(first, ["a"]).digests == content_digest('{"capabilities":{"x":true,"y":false},"id":"a"}')


def test_what_runs_of_form_1_wrote_down_is_read_on() -> None:
    """Answers and entries whole, in one text."""
    text = (
        '{"answers":{"n":{"id":"i","outcome":"resolved"}},"entries":{"i":{"id":"i"}},"gone":["g"],"origin":"https://o"}'
    )
    facts = facts_from_json(text, NOW)
    assert (facts.origin, facts.asked_at, facts.answers) == (
        "https://o",
        NOW,
        {"n": Answer("n", Outcome.RESOLVED, "i")},
    )
    assert (dict(facts.entries), facts.known) == ({"i": Entry("i")}, {"i", "g"})


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
