"""One line of a file of requests."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelgate.batches.requests import DEEPEST, OPENAI, BadRequest, RequestRules, as_sent, check
from modelgate.domain.catalogue import Entry
from modelgate.domain.needs import REFUSED_PARAMETERS

PINNED = "claude-sonnet-4-5-20250929"
RULES = RequestRules(PINNED, "claude-sonnet-4-5", Entry(PINNED, max_tokens=64_000))
ALLOWED = "'claude-sonnet-4-5' nor 'claude-sonnet-4-5-20250929'"
MESSAGES = [{"role": "user", "content": "hi"}]


def line(custom_id: Any = "a", **params: Any) -> bytes:
    """A request that fits, but for what is given."""
    return json.dumps({"custom_id": custom_id, "params": {"max_tokens": 5, "messages": MESSAGES, **params}}).encode()


def reasons(raw: bytes) -> tuple[str, ...]:
    """What is wrong with a line."""
    with pytest.raises(BadRequest) as caught:
        check(raw, RULES)
    return caught.value.reasons


def nested(deep: int) -> bytes:
    """A request with so many objects and lists within each other."""
    within = deep - 4  # the request, its params, the messages and one message
    return line(messages=[{"role": "user", "content": 0}]).replace(b"0}]", b"[" * within + b"]" * within + b"}]")


@pytest.mark.parametrize("deep", [DEEPEST + 1, 960, 60_000])
def test_what_is_nested_too_deeply_to_be_read_again_is_refused(deep: int) -> None:
    """Whether Python can read or write it depends on how much of its stack is in use: the limit does not."""
    (reason,) = reasons(nested(deep))
    assert reason == f"nested more than {DEEPEST} deep" or reason.startswith("not JSON: ")
    assert json.loads(check(nested(DEEPEST), RULES).params)["max_tokens"] == 5


@pytest.mark.parametrize("custom_id", ["", "a" * 257, "a\0", "\ud800", 7, ["a"], {"a": 1}, True])
def test_a_custom_id_is_a_text(custom_id: Any) -> None:
    """Other kinds, too long ones, half characters and NUL are refused."""
    (reason,) = reasons(line(custom_id))
    assert reason.endswith("is no text of 1 to 256 characters without NUL")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[]", "a JSON object is needed, not a list"),
        (b"1", "a JSON object is needed, not a number"),
        (b"null", "a JSON object is needed, not null"),
        (b'{"custom_id":"a","params":"x"}', "params must be an object, not a text"),
        (b'{"custom_id":"a"}', "params is missing"),
        (line(None), "custom_id is missing"),
        (line(max_tokens=None), "params.max_tokens is missing"),
        (line(max_tokens=0), "params.max_tokens must be a whole number from 1 on, not 0"),
        (line(max_tokens=True), "params.max_tokens must be a whole number from 1 on, not true"),
        (line(max_tokens=1.5), "params.max_tokens must be a whole number from 1 on, not 1.5"),
        (line(max_tokens=64_001), "params.max_tokens 64,001 is above the model's limit of 64,000"),
        (line(max_tokens=10**4000), f"params.max_tokens 1{'0' * 59}… is more than any model's limit"),
        (line(messages=None), "params.messages is missing"),
        (line(messages=[]), "params.messages must be a list with at least one message"),
        (line(messages="hi"), "params.messages must be a list with at least one message"),
        (line(messages=[*MESSAGES, {"role": "user"}]), "params.messages[1] needs role and content"),
        (line(stream=True), "params.stream cannot be used in a batch"),
        (line(model="claude-opus-5"), f"params.model 'claude-opus-5' is not {ALLOWED}"),
        (line(model=None), f"params.model null is not {ALLOWED}"),
        (line(max_tokens=5, top=float("nan")), "a number is not finite"),
        (line(max_tokens=5, top=7).replace(b"7", b"1e999"), "a number is not finite"),
    ],
)  # fmt: skip
def test_what_the_api_would_refuse_hours_later_is_told(raw: bytes, reason: str) -> None:
    """Each kind of mistake has its own reason."""
    assert reasons(raw) == (reason,)


@pytest.mark.parametrize("name", sorted(REFUSED_PARAMETERS))
def test_parameters_that_the_api_version_refuses_are_told(name: str) -> None:
    """They error even at their default values."""
    assert reasons(line(**{name: 1})) == (f"params.{name} is refused by this API version",)


def test_all_reasons_of_a_line_come_at_once() -> None:
    """A line with several mistakes is told whole."""
    raw = b'{"custom_id":"a b","param":1,"params":{"temperature":0,"model":"x"}}'
    assert len(reasons(raw)) == 5


@pytest.mark.parametrize("model", [{}, {"model": RULES.model_id}, {"model": RULES.reference}])
def test_the_approved_id_is_sent(model: dict[str, str]) -> None:
    """Whatever of the three was written, the ID is sent."""
    assert json.loads(check(line(**model), RULES).params)["model"] == RULES.model_id


def test_what_was_checked_is_what_is_sent() -> None:
    """Of a duplicate key only the value that was checked is sent."""
    raw = b'{"custom_id":"a b","custom_id":"a","params":{"max_tokens":1,"messages":[{"role":"user","content":"x"}]}}'
    sent = check(raw, RULES)
    assert (sent.custom_id, b"a b" in sent.params) == ("a", False)


def test_a_lone_surrogate_is_told() -> None:
    """The API refuses a whole batch for half of a character; a job of an older version reads what it sent."""
    raw = line(system="\ud800ä")
    assert reasons(raw) == ("no Unicode text: a lone surrogate, half of a character that was cut",)
    older = RequestRules(RULES.model_id, RULES.reference)
    assert json.loads(check(raw, older).params)["system"] == "\ud800ä"


CANNOT = Entry("m", capabilities={"effort.xhigh": False, "thinking.types.disabled": False})
ADVISOR = [{"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-5-5"}]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"output_config": {"effort": "xhigh"}}, 'params.output_config.effort "xhigh": m cannot'),
        ({"thinking": {"type": "disabled"}}, 'params.thinking.type "disabled": m cannot'),
        ({"betas": ["x"]}, "params.betas is the SDK's, no parameter of the API: --beta NAME"),
        ({"extra_headers": {}}, "params.extra_headers is the SDK's, no parameter of the API"),
        ({"fallbacks": [{"model": "n"}]}, "params.fallbacks cannot be used in a batch"),
        ({"speed": "fast"}, "params.speed cannot be used in a batch"),
        ({"tools": ADVISOR}, 'params.tools[0].model "claude-opus-5-5": no slot here may run it'),
    ],
)
def test_what_the_model_or_the_api_cannot_is_told(params: dict[str, Any], expected: str) -> None:
    """A line is judged by its needs, against the entry of the ID that it goes to."""
    with pytest.raises(BadRequest) as told:
        check(line(**params), RequestRules("m", "m", CANNOT, frozenset({"other"})))
    assert told.value.reasons == (expected,)
    assert check(line(**params), RequestRules("m", "m")).notes == ()


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"output_config": {"effort": "max"}}, ('params.output_config.effort "max": m does not say whether it can',)),
        ({"tomorrow": 1}, ("params.tomorrow is not known here, and sent as it is",)),
        ({"tools": ADVISOR}, ()),
    ],
)
def test_what_is_not_known_is_sent(params: dict[str, Any], expected: tuple[str, ...]) -> None:
    """An absent fact and a key of tomorrow are noted; a model inside that a slot here may run is none of them."""
    rules = RequestRules("m", "m", CANNOT, frozenset({"claude-opus-5-5"}))
    assert check(line(**params), rules).notes == expected


def test_another_format_is_told_as_that() -> None:
    """OpenAI's batch format is one sentence, not a list of what is missing."""
    raw = b'{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {}}'
    assert reasons(raw) == (OPENAI,)


@pytest.mark.parametrize("custom_id", ["a b", "ä", "👩‍🔬" * 50, "a\n", "../x", "x" * 256])
def test_a_custom_id_may_be_any_text(custom_id: str) -> None:
    """What is sent is the job's own: a caller may name requests as he likes."""
    assert check(line(custom_id), RULES).custom_id == custom_id


def test_hostile_values_are_shown_harmlessly() -> None:
    """Control characters of a value do not reach a terminal, and a long one is cut."""
    (reason,) = reasons(line(model="\x1b[31m" + "x" * 1000))
    assert "\x1b" not in reason
    assert len(reason) < 200


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_bad_one(raw: bytes) -> None:
    """No line makes it fail in another way."""
    with suppress(BadRequest):
        assert check(raw, RULES).custom_id


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional={
    "custom_id": st.just("a") | JSON,
    "params": JSON | st.fixed_dictionaries({}, optional={
        "model": JSON, "max_tokens": st.just(5) | JSON, "messages": st.just(MESSAGES) | JSON, "system": JSON,
    }),
}))  # fmt: skip
def test_any_json_is_a_request_or_a_bad_one(value: dict[str, Any]) -> None:
    """What passes is valid JSON with the ID filled in, and nothing else of it changed."""
    try:
        sent = check(json.dumps(value).encode(), RULES)
    except BadRequest:
        return
    assert json.loads(as_sent("x-1", sent.params)) == {
        "custom_id": "x-1",
        "params": {**value["params"], "model": RULES.model_id},
    }
