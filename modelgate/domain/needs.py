"""What a request to /v1/messages asks of its model. Pure: parameters in, needs out, each with its place.

Batches ask it for each line, samples of slots for each request, `upgrade` for both. Source of the shapes: the types of
the SDK's messages and beta messages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modelgate.domain.catalogue import Entry
from modelgate.domain.text import printable

Kind = Literal["capability", "output-tokens", "model", "refused-parameter", "unknown"]

REFUSED_PARAMETERS = frozenset({"temperature", "top_p", "top_k"})
"""Under `anthropic-version` 2026-10-21 a request with one of them errors, even at default values (documented)."""

_NEED_NOTHING = frozenset({
    "billing_policy", "cache_control", "compaction", "container", "diagnostics", "fallback_credit_token",
    "inference_geo", "mcp_servers", "metadata", "model", "service_tier", "speed", "stop_sequences", "stream", "system",
    "thread", "tool_choice", "user_profile_id", "workspace_id",
})  # fmt: skip
"""Parameters of which no entry of the Models API tells anything."""

_THINKING = frozenset({"adaptive", "between_tools", "disabled", "enabled"})
_EFFORTS = frozenset({"low", "medium", "high", "xhigh", "max"})
_EDITS = frozenset({"clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112"})

_TOOLS = {
    "web_search_": "server_tools.web_search",
    "code_execution_": "server_tools.code_execution",
} | dict.fromkeys(
    ("advisor_", "bash_", "browser_toolset_", "computer_", "mcp_toolset", "memory_", "text_editor_",
     "tool_search_tool_", "web_fetch_"), "",
)  # fmt: skip
"""How a tool's `type` begins, to the capability that it needs; empty: none that an entry tells."""


_DEEPEST = 8
"""Blocks within blocks that are looked into: the SDK's types nest three."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a request asks for."""

    kind: Kind
    place: str
    """Where it stands in the parameters and what it says there, harmless: `thinking.type "enabled"`."""
    name: str = ""
    """Of a capability its dotted path (`thinking.types.enabled`), of a model the name as written."""
    tokens: int = 0
    """Of `output-tokens`: as many as `max_tokens` asks for."""

    def met_by(self, entry: Entry) -> bool | None:
        """Whether the model can serve it; None if the entry does not say, or it is nothing that an entry tells."""
        if self.kind == "capability":
            return entry.supports(self.name)
        if self.kind == "output-tokens":
            return None if entry.max_tokens is None else self.tokens <= entry.max_tokens
        return None


def needs_of(params: Mapping[str, Any]) -> Iterator[Need]:
    """The needs of one request's parameters, in their order. A value of a wrong shape is no need: the API's to say.

    `capability` and `output-tokens` are judged by `Need.met_by`; `model` is another model that is named inside, which a
    slot must be allowed to run; `refused-parameter` is refused by this API version whatever the model is; `unknown` is
    a key, a value or a type of tool that this version does not know, and may be right.
    """
    for key, value in params.items():
        if key in _READERS:
            yield from _READERS[key](value)
        elif key in REFUSED_PARAMETERS:
            yield Need("refused-parameter", _key(key), key)
        elif key not in _NEED_NOTHING:
            yield Need("unknown", _key(key), key)


def _max_tokens(value: object) -> Iterator[Need]:
    if isinstance(value, int) and not isinstance(value, bool):
        yield Need("output-tokens", _said("max_tokens", value), tokens=value)


def _thinking(value: object) -> Iterator[Need]:
    yield from _word("thinking.type", _get(value, "type"), _THINKING, "thinking.types")


def _output_config(value: object) -> Iterator[Need]:
    yield from _word("output_config.effort", _get(value, "effort"), _EFFORTS, "effort")
    if _get(value, "format") is not None:
        yield Need("capability", "output_config.format", "structured_outputs")
    for key in value if isinstance(value, dict) else ():
        if key not in ("effort", "format"):
            yield Need("unknown", f"output_config.{_key(key)}", key)


def _context_management(value: object) -> Iterator[Need]:
    for number, edit in enumerate(_items(_get(value, "edits"))):
        yield from _word(f"context_management.edits[{number}].type", _get(edit, "type"), _EDITS, "context_management")


def _tools(value: object) -> Iterator[Need]:
    for number, tool in enumerate(_items(value)):
        yield from _tool(f"tools[{number}]", tool)


def _tool(place: str, tool: object) -> Iterator[Need]:
    kind = _get(tool, "type")
    if isinstance(kind, str) and kind != "custom":
        said = _said(f"{place}.type", kind)
        known = [capability for start, capability in _TOOLS.items() if kind.startswith(start)]
        if not known:
            yield Need("unknown", said, kind)
        elif known[0]:
            yield Need("capability", said, known[0])
    if _get(tool, "strict") is True:
        yield Need("capability", f"{place}.strict true", "structured_outputs")
    if any(isinstance(caller, str) and caller.startswith("code_execution_") for caller in _callers(tool)):
        yield Need("capability", f"{place}.allowed_callers", "code_execution")
    if _get(_get(tool, "citations"), "enabled") is True:
        yield Need("capability", f"{place}.citations", "citations")
    yield from _model(f"{place}.model", _get(tool, "model"))


def _fallbacks(value: object) -> Iterator[Need]:
    for number, fallback in enumerate(_items(value)):
        yield from _model(f"fallbacks[{number}].model", _get(fallback, "model"))


def _messages(value: object) -> Iterator[Need]:
    for number, message in enumerate(_items(value)):
        content = _get(message, "content")
        if isinstance(content, list):
            yield from _blocks(f"messages[{number}].content", content)


def _blocks(place: str, blocks: list[Any]) -> Iterator[Need]:
    if place.count(".content") > _DEEPEST:
        return
    for number, block in enumerate(blocks):
        kind = _get(block, "type")
        if kind != "text":
            yield from _block(f"{place}[{number}]", kind, block)


def _block(place: str, kind: object, block: object) -> Iterator[Need]:
    if kind == "image":
        yield Need("capability", f"{place}: an image", "image_input")
    if kind in ("document", "search_result") and _get(_get(block, "citations"), "enabled") is True:
        yield Need("capability", f"{place}.citations", "citations")
    source = _get(block, "source")
    if kind == "document" and _is_pdf(source):
        yield Need("capability", f"{place}: a PDF", "pdf_input")
    inside = _get(source, "content") if kind == "document" else _get(block, "content")
    if kind in ("document", "tool_result") and isinstance(inside, list):
        yield from _blocks(f"{place}.source.content" if kind == "document" else f"{place}.content", inside)


def _is_pdf(source: object) -> bool:
    """A document that a URL names is a PDF; what a file ID names is not told (SDK's types)."""
    kind = _get(source, "type")
    return bool(kind == "url" or (kind == "base64" and _get(source, "media_type") == "application/pdf"))


_READERS = {
    "max_tokens": _max_tokens,
    "thinking": _thinking,
    "output_config": _output_config,
    "context_management": _context_management,
    "tools": _tools,
    "fallbacks": _fallbacks,
    "messages": _messages,
}


def _word(place: str, word: object, known: frozenset[str], capabilities: str) -> Iterator[Need]:
    if isinstance(word, str):
        kind: Kind = "capability" if word in known else "unknown"
        yield Need(kind, _said(place, word), f"{capabilities}.{word}" if word in known else word)


def _model(place: str, name: object) -> Iterator[Need]:
    if isinstance(name, str):
        yield Need("model", _said(place, name), name)


def _callers(tool: object) -> Iterator[object]:
    yield from _items(_get(tool, "allowed_callers"))


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _key(key: str) -> str:
    return printable(key, 60)


def _said(place: str, value: str | int) -> str:
    return f"{place} {printable(json.dumps(value, ensure_ascii=False), 60) if isinstance(value, str) else value}"
