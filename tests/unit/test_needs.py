"""The needs of a request: each kind with its place, and nothing invented for what the SDK knows."""

from __future__ import annotations

from typing import Any

import pytest

from modelgate.domain.catalogue import Entry
from modelgate.domain.needs import Need, needs_of

PDF = {"type": "base64", "media_type": "application/pdf", "data": ""}


def _told(params: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(need.kind, need.place, need.name) for need in needs_of(params)]


def _block(content: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, content]}]}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"thinking": {"type": "enabled"}}, ("capability", 'thinking.type "enabled"', "thinking.types.enabled")),
        ({"thinking": {"type": "dreaming"}}, ("unknown", 'thinking.type "dreaming"', "dreaming")),
        ({"output_config": {"effort": "xhigh"}}, ("capability", 'output_config.effort "xhigh"', "effort.xhigh")),
        ({"output_config": {"effort": "huge"}}, ("unknown", 'output_config.effort "huge"', "huge")),
        ({"output_config": {"format": {}}}, ("capability", "output_config.format", "structured_outputs")),
        ({"output_config": {"tone": 1}}, ("unknown", "output_config.tone", "tone")),
        ({"tools": [{"name": "a", "strict": True}]}, ("capability", "tools[0].strict true", "structured_outputs")),
        (
            {"tools": [{"type": "web_search_20260318"}]},
            ("capability", 'tools[0].type "web_search_20260318"', "server_tools.web_search"),
        ),
        (
            {"tools": [{"type": "code_execution_20260521"}]},
            ("capability", 'tools[0].type "code_execution_20260521"', "server_tools.code_execution"),
        ),
        (
            {"tools": [{"name": "a", "allowed_callers": ["code_execution_20260120"]}]},
            ("capability", "tools[0].allowed_callers", "code_execution"),
        ),
        (
            {"tools": [{"type": "web_fetch_20260318", "citations": {"enabled": True}}]},
            ("capability", "tools[0].citations", "citations"),
        ),
        ({"tools": [{"type": "oracle_20300101"}]}, ("unknown", 'tools[0].type "oracle_20300101"', "oracle_20300101")),
        (
            {"tools": [{"type": "advisor_20260301", "model": "claude-x"}]},
            ("model", 'tools[0].model "claude-x"', "claude-x"),
        ),
        ({"fallbacks": [{"model": "claude-x"}]}, ("model", 'fallbacks[0].model "claude-x"', "claude-x")),
        (
            {"context_management": {"edits": [{"type": "compact_20260112"}]}},
            (
                "capability",
                'context_management.edits[0].type "compact_20260112"',
                "context_management.compact_20260112",
            ),
        ),
        (_block({"type": "image"}), ("capability", "messages[0].content[1]: an image", "image_input")),
        (
            _block({"type": "tool_result", "content": [{"type": "image"}]}),
            ("capability", "messages[0].content[1].content[0]: an image", "image_input"),
        ),
        (
            _block({"type": "document", "source": PDF}),
            ("capability", "messages[0].content[1]: a PDF", "pdf_input"),
        ),
        (
            _block({"type": "document", "source": {"type": "content", "content": [{"type": "image"}]}}),
            ("capability", "messages[0].content[1].source.content[0]: an image", "image_input"),
        ),
        (
            _block({"type": "search_result", "citations": {"enabled": True}}),
            ("capability", "messages[0].content[1].citations", "citations"),
        ),
        ({"temperature": 1}, ("refused-parameter", "temperature", "temperature")),
        ({"tomorrow": 1}, ("unknown", "tomorrow", "tomorrow")),
        ({"\x1b[31mred": 1}, ("unknown", "\\x1b[31mred", "\x1b[31mred")),
        ({"max_tokens": 5}, ("output-tokens", "max_tokens 5", "")),
    ],
)
def test_each_need_is_told_with_its_place(params: dict[str, Any], expected: tuple[str, str, str]) -> None:
    """A parameter that asks something of the model is one need, told where it stands."""
    assert _told(params) == [expected]


@pytest.mark.parametrize(
    "params",
    [
        {"messages": [{"role": "user", "content": "hi"}], "system": "be kind", "metadata": None},
        {"thinking": None, "output_config": {"effort": None}, "tools": None, "max_tokens": None},
        {"thinking": 7, "tools": [7, {"type": 7}], "messages": [7], "context_management": [], "output_config": "x"},
        {"tools": [{"name": "a", "input_schema": {}}, {"type": "custom", "strict": False}, {"type": "bash_20250124"}]},
        _block({"type": "document", "source": {"type": "text"}, "citations": {"enabled": False}}),
    ],
)
def test_what_asks_nothing_of_a_model_is_no_need(params: dict[str, Any]) -> None:
    """Plain requests, nulls and values of a wrong shape make no need."""
    assert _told(params) == []


def test_every_parameter_and_tool_of_the_sdk_is_known() -> None:
    """Nothing that the SDK's types name, stable or beta, is called unknown; `betas` is the SDK's alone."""
    from typing import get_args, get_type_hints

    from anthropic.types import ToolUnionParam
    from anthropic.types.beta import BetaToolUnionParam
    from anthropic.types.beta.message_create_params import MessageCreateParamsBase as Beta
    from anthropic.types.message_create_params import MessageCreateParamsBase as Stable

    keys = (set(Stable.__annotations__) | set(Beta.__annotations__)) - {"betas"}
    assert [need for need in needs_of(dict.fromkeys(keys)) if need.kind == "unknown"] == []
    for tool in (*get_args(ToolUnionParam), *get_args(BetaToolUnionParam)):
        for kind in _words(get_type_hints(tool).get("type")):
            assert [need for need in needs_of({"tools": [{"type": kind}]}) if need.kind == "unknown"] == []


def _words(hint: object) -> list[str]:
    from typing import get_args

    found = [hint] if isinstance(hint, str) else [word for each in get_args(hint) for word in _words(each)]
    return [word for word in found if word]


@pytest.mark.parametrize(
    ("need", "entry", "expected"),
    [
        (Need("capability", "", "effort.max"), Entry("m", capabilities={"effort.max": False}), False),
        (Need("capability", "", "effort.max"), Entry("m", capabilities={"effort": False}), False),
        (Need("capability", "", "effort.max"), Entry("m", capabilities={"effort.max": True}), True),
        (Need("capability", "", "effort.max"), Entry("m"), None),
        (Need("output-tokens", "", tokens=11), Entry("m", max_tokens=10), False),
        (Need("output-tokens", "", tokens=10), Entry("m", max_tokens=10), True),
        (Need("output-tokens", "", tokens=10), Entry("m"), None),
        (Need("unknown", "", "x"), Entry("m"), None),
    ],
)
def test_an_entry_meets_a_need_or_does_not_say(need: Need, entry: Entry, expected: bool | None) -> None:
    """An absent fact is unknown, never a no."""
    assert need.met_by(entry) is expected
