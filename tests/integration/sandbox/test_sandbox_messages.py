"""Messages and counted tokens, as the real SDK asks for them."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import Anthropic, APIStatusError

from modelgate.sandbox import Sandbox
from modelgate.sandbox.messages_api import ANSWER

HELLO: Any = [{"role": "user", "content": "Hello"}]


def test_a_message_is_answered_by_the_model_that_was_asked(client: Anthropic) -> None:
    """An alias is answered by the model it means, as the API does."""
    message = client.messages.create(model="claude-haiku-4-5", max_tokens=64, messages=HELLO)
    assert (message.model, message.content[0].text, message.stop_reason) == (  # type: ignore[union-attr]  # a text
        "claude-haiku-4-5-20251001",
        ANSWER,
        "end_turn",
    )


def test_a_message_is_streamed(client: Anthropic) -> None:
    """The SDK's own stream reads the events and puts the message together."""
    with client.messages.stream(model="claude-sonnet-5", max_tokens=2, messages=HELLO) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert (text, final.stop_reason, final.usage.output_tokens) == (ANSWER[:8], "max_tokens", 2)


def test_tokens_are_counted_without_max_tokens(client: Anthropic) -> None:
    """More text is more tokens; what a count does not take is refused."""
    few = client.messages.count_tokens(model="claude-sonnet-5", messages=HELLO).input_tokens
    more = client.messages.count_tokens(model="claude-sonnet-5", messages=HELLO * 9).input_tokens
    assert few < more
    with pytest.raises(APIStatusError) as refusal:
        client.messages.count_tokens(model="claude-sonnet-5", messages=HELLO, extra_body={"max_tokens": 1})
    assert refusal.value.status_code == 400


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"model": "claude-nothing-1"}, 404),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, 400),
        ({"extra_body": {"output_config": {"effort": "none-such"}}}, 200),
        ({"model": "claude-haiku-4-5", "extra_body": {"output_config": {"effort": "high"}}}, 400),
        ({"extra_body": {"temperature": 1}}, 400),
        ({"max_tokens": 10**6}, 400),
        ({"messages": []}, 400),
    ],
)
def test_what_the_api_would_refuse_is_refused(client: Anthropic, params: dict[str, Any], status: int) -> None:
    """A model that is not there, and what a model's own entry says it cannot do; what is not known passes."""
    usual = {"model": "claude-sonnet-5", "max_tokens": 64, "messages": HELLO}
    answer = 200
    try:
        client.messages.create(**(usual | params))
    except APIStatusError as error:
        answer = error.status_code
    assert answer == status


def test_a_model_that_the_key_may_not_use(client: Anthropic, modelgate_sandbox: Sandbox) -> None:
    """A model in the catalogue can still be refused to a key; another model can serve it."""
    modelgate_sandbox.configure(forbidden=["claude-sonnet-5"], served_models={"claude-opus-5": "claude-opus-4-8"})
    with pytest.raises(APIStatusError) as refusal:
        client.messages.create(model="claude-sonnet-5", max_tokens=64, messages=HELLO)
    other = client.messages.create(model="claude-opus-5", max_tokens=64, messages=HELLO)
    assert (refusal.value.status_code, other.model) == (403, "claude-opus-4-8")


def test_a_retired_model_is_not_found(client: Anthropic, modelgate_sandbox: Sandbox) -> None:
    """Requests that name a retired model fail."""
    modelgate_sandbox.retire("claude-opus-5")
    with pytest.raises(APIStatusError) as refusal:
        client.messages.create(model="claude-opus-5", max_tokens=64, messages=HELLO)
    assert refusal.value.status_code == 404
