"""What an API repeats of a request is taken out of its words."""

from __future__ import annotations

import pytest

from modelgate.domain.redaction import prompts_of, redacted

PROMPT = "Summarize the letter of Mrs. Ada L."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thinking: not supported", "thinking: not supported"),
        (f"bad content: {PROMPT!r}", "bad content: '***'"),
        ("bad content: 'Summarize the let…'", "bad content: '***…'"),
        ("key sk-ant-1 of Bearer sk-ant-1", "key *** of ***"),
        ("\x1b[2J", "\\x1b[2J"),
        ("x" * 400, "x" * 300 + "…"),
        (f"{'x' * 290}sk-ant-1", f"{'x' * 290}***"),
    ],
)
def test_secrets_and_prompts_are_taken_out(text: str, expected: str) -> None:
    """Whole or in part, also across the end of what is shown; all else stays."""
    assert redacted(text, ["sk-ant-1", "Bearer sk-ant-1", "1"], [PROMPT]) == expected


def test_texts_of_the_application_are_prompts() -> None:
    """Wherever they stand in a request; names that are the API's own, and short words, are not."""
    body = {
        "model": "claude-sonnet-5-20260101",
        "system": [{"type": "text_of_some_sort", "text": PROMPT}],
        "messages": [{"role": "user", "content": [{"type": "tool_result", "content": "another long text"}]}],
        "tools": [{"name": "look_it_up_for_me", "input_schema": {"description": "short"}}],
        "output_config": {"effort": "much_more_than_high"},
    }
    assert set(prompts_of(body)) == {PROMPT, "another long text", "look_it_up_for_me"}
