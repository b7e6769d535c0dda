"""What names mean, asked of the sandbox with the real SDK."""

from __future__ import annotations

import pytest
from asked import KEY, ask_at

from modelgate.api import list_models
from modelgate.clock import Deadline, SystemClock
from modelgate.domain.catalogue import Answer, Facts, Outcome
from modelgate.domain.errors import ApiProblem
from modelgate.domain.settings import ApiSettings
from modelgate.sandbox import Sandbox

CANONICAL, ALIAS, ALIAS_ID = "claude-sonnet-4-6", "claude-haiku-4-5", "claude-haiku-4-5-20251001"
GONE = "claude-2.1"


def _asked(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(entry["path"], str(entry["query"])) for entry in sandbox.requests()]


def _outcome(facts: Facts, name: str) -> tuple[Outcome, str | None]:
    answer = facts.answers[name]
    return answer.outcome, answer.id


def test_one_request_answers_for_every_canonical_reference(modelgate_sandbox: Sandbox) -> None:
    """However many canonical references and pins there are, one list tells all."""
    names = (CANONICAL, "claude-opus-5", "claude-sonnet-5", "claude-opus-4-8")
    facts = ask_at(modelgate_sandbox.url, *names, pinned={ALIAS_ID})
    assert facts.answers == {name: Answer(name, Outcome.RESOLVED, name) for name in sorted(names)}
    assert facts.requests == len(modelgate_sandbox.requests()) == 1
    assert (facts.origin, facts.problem) == (modelgate_sandbox.url, None)
    served = facts.served(CANONICAL)
    assert served is not None
    assert served.lifecycle == "active"


def test_an_alias_costs_one_more_request_and_its_id_is_asked_not_guessed(modelgate_sandbox: Sandbox) -> None:
    """An alias resolves to the ID that `retrieve` answers with, today's."""
    facts = ask_at(modelgate_sandbox.url, ALIAS, CANONICAL)
    assert _outcome(facts, ALIAS) == (Outcome.RESOLVED, ALIAS_ID)
    assert facts.answers[ALIAS].is_alias
    assert facts.requests == 2
    modelgate_sandbox.move_alias(ALIAS, CANONICAL)
    assert _outcome(ask_at(modelgate_sandbox.url, ALIAS), ALIAS) == (Outcome.RESOLVED, CANONICAL)


def test_retired_unknown_and_gone_are_told_apart_by_one_more_list(modelgate_sandbox: Sandbox) -> None:
    """A 404 alone cannot tell: the list of retired models, asked for once, can."""
    modelgate_sandbox.retire("claude-opus-4-8")
    pinned = {GONE, "claude-never-was", "claude-opus-4-8"}
    facts = ask_at(modelgate_sandbox.url, "claude-opus-4-8", "claude-typo", CANONICAL, pinned=pinned)
    assert _outcome(facts, "claude-opus-4-8") == (Outcome.RETIRED, "claude-opus-4-8")
    assert _outcome(facts, "claude-typo") == (Outcome.UNKNOWN, None)
    assert _outcome(facts, GONE) == (Outcome.RETIRED, GONE)
    assert _outcome(facts, "claude-never-was") == (Outcome.UNKNOWN, None)
    assert facts.entries[GONE].lifecycle == "retired"
    assert facts.served(GONE) is None
    assert facts.knows(GONE)
    assert sum("lifecycle" in query for _, query in _asked(modelgate_sandbox)) == 1


def test_a_key_without_permission_for_a_model_is_a_definite_answer(modelgate_sandbox: Sandbox) -> None:
    """403 for one name is that name's outcome; the others are known."""
    modelgate_sandbox.forbid(ALIAS_ID)
    facts = ask_at(modelgate_sandbox.url, ALIAS, CANONICAL)
    assert _outcome(facts, ALIAS) == (Outcome.NOT_PERMITTED, None)
    assert _outcome(facts, CANONICAL) == (Outcome.RESOLVED, CANONICAL)


def test_a_key_that_may_not_list_is_a_problem_with_the_credentials(modelgate_sandbox: Sandbox) -> None:
    """403 on the list: nothing is known, and no grace covers it."""
    modelgate_sandbox.forbid_list()
    facts = ask_at(modelgate_sandbox.url, CANONICAL)
    assert facts.problem is not None
    assert (facts.problem.check, facts.problem.graceable) == ("api.credentials", False)
    assert facts.answers[CANONICAL].outcome is Outcome.FAILED


def test_a_refused_key_is_a_problem_with_the_credentials(modelgate_sandbox: Sandbox) -> None:
    """401: the key itself is in no part of what is told."""
    modelgate_sandbox.accept_keys("another key")
    facts = ask_at(modelgate_sandbox.url, CANONICAL)
    assert facts.problem is not None
    assert facts.problem.check == "api.credentials"
    assert KEY["ANTHROPIC_API_KEY"] not in repr(facts)


def test_an_older_gateway_leaves_facts_unknown(modelgate_sandbox: Sandbox) -> None:
    """Without lifecycle and line in its answers, both are unknown: neither active nor a failure."""
    modelgate_sandbox.older_gateway()
    facts = ask_at(modelgate_sandbox.url, CANONICAL, ALIAS)
    entry = facts.entries[CANONICAL]
    assert (entry.lifecycle, entry.line, entry.line_known) == (None, None, False)
    assert _outcome(facts, ALIAS) == (Outcome.RESOLVED, ALIAS_ID)


@pytest.mark.parametrize("name", ["", "..", "../v1/files", "a b", "a\nb", "\x1b[2J", "\ud800", "c" * 10_000, "\u202e"])
def test_a_hostile_name_is_unknown_and_harms_nobody(modelgate_sandbox: Sandbox, name: str) -> None:
    """Whatever the settings ask for, other names are answered and no other path is asked."""
    facts = ask_at(modelgate_sandbox.url, name, CANONICAL)
    assert _outcome(facts, name) == (Outcome.UNKNOWN, None)
    assert _outcome(facts, CANONICAL) == (Outcome.RESOLVED, CANONICAL)
    assert {path.startswith("/v1/models") for path, _ in _asked(modelgate_sandbox)} == {True}


def test_an_outage_of_one_second_is_sat_out(modelgate_sandbox: Sandbox) -> None:
    """Two 529 and a 429 with its wish are tried again, and counted as requests."""
    modelgate_sandbox.fail_next(529, count=2)
    modelgate_sandbox.rate_limit_next(retry_after="0.1")
    facts = ask_at(modelgate_sandbox.url, CANONICAL)
    assert _outcome(facts, CANONICAL) == (Outcome.RESOLVED, CANONICAL)
    assert facts.requests == 4


def test_all_pages_are_read(modelgate_sandbox: Sandbox) -> None:
    """More than a thousand models are more than one page."""
    for number in range(1005):
        modelgate_sandbox.add_model(f"claude-extra-{number}")
    facts = ask_at(modelgate_sandbox.url, "claude-extra-0", "claude-extra-1004")
    assert {answer.outcome for answer in facts.answers.values()} == {Outcome.RESOLVED}
    assert facts.requests == 2


def test_models_can_be_listed_by_lifecycle(modelgate_sandbox: Sandbox) -> None:
    """`modelgate models --lifecycle retired` sees what the default list leaves out; a failure is raised."""
    api, deadline = ApiSettings(base_url=modelgate_sandbox.url), Deadline.after(30, SystemClock())
    retired = list_models(api, lifecycles=["retired"], deadline=deadline, environ=KEY)
    served = list_models(api, deadline=deadline, environ=KEY)
    assert GONE in {entry.id for entry in retired}
    assert {entry.lifecycle for entry in retired} == {"retired"}
    assert CANONICAL in {entry.id for entry in served}
    modelgate_sandbox.accept_keys("another key")
    with pytest.raises(ApiProblem) as caught:
        list_models(api, deadline=deadline, environ=KEY)
    assert caught.value.problem.check == "api.credentials"
