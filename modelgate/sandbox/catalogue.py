"""The default catalogue: the models and aliases that a fresh sandbox serves, as frozen data.

IDs, names, creation dates, limits and capabilities of the models from `claude-opus-4-1` on are as seen in recordings of
August 2026; those of older models are seen without limits and capabilities, which are filled in here plausibly.
`server_tools`, `thinking.types.disabled` and `.between_tools` are documented but in no recording. Lifecycles are chosen
so that a fresh sandbox is calm: one deprecated model that retires in 200 days, whatever day it is; retirement dates of
retired models are the published ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Literal

Lifecycle = Literal["active", "deprecated", "retired"]

CAPABILITIES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "batch": (),
    "citations": (),
    "code_execution": (),
    "context_management": ("clear_tool_uses_20250919", "clear_thinking_20251015", "compact_20260112"),
    "effort": ("low", "medium", "high", "xhigh", "max"),
    "image_input": (),
    "pdf_input": (),
    "server_tools": ("code_execution", "web_search"),
    "structured_outputs": (),
    "thinking": ("enabled", "adaptive", "disabled", "between_tools"),
})  # fmt: skip
"""Every capability with its parts, in the order of the API's answers (seen; `server_tools` documented)."""


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One model of the default catalogue.

    `features` are dotted names of `CAPABILITIES` that are supported; a part implies its whole. `deprecated` and
    `retires` are a date, or days from today (negative: ago). Limits are in tokens.
    """

    id: str
    display_name: str
    created: date
    line: str | None
    max_input_tokens: int
    max_tokens: int
    features: frozenset[str]
    lifecycle: Lifecycle = "active"
    deprecated: date | int | None = None
    retires: date | int | None = None


def _features(base: str, efforts: str = "", thinking: str = "", context: str = "", tools: str = "") -> frozenset[str]:
    parts = {"effort": efforts, "thinking": thinking, "context_management": context, "server_tools": tools}
    return frozenset(base.split()) | {f"{whole}.{part}" for whole, names in parts.items() for part in names.split()}


_CLEARING = "clear_tool_uses_20250919 clear_thinking_20251015"
_ALL_CONTEXT = f"{_CLEARING} compact_20260112"
_TOOLS = "code_execution web_search"
_TEXT = "batch"
_VISION = "batch image_input"
_DOCUMENTS = "batch citations image_input pdf_input"
_STRUCTURED = f"{_DOCUMENTS} structured_outputs"
_FULL = f"{_STRUCTURED} code_execution"
_GENERATION_5 = _features(_FULL, "low medium high xhigh max", "adaptive disabled between_tools", _ALL_CONTEXT, _TOOLS)
_GENERATION_4_7 = _features(_FULL, "low medium high xhigh max", "adaptive disabled", _ALL_CONTEXT, _TOOLS)
_GENERATION_4_6 = _features(_FULL, "low medium high max", "enabled adaptive disabled", _ALL_CONTEXT, _TOOLS)
_OPUS_4_5 = _features(_FULL, "low medium high", "enabled disabled", _CLEARING, _TOOLS)
_SONNET_4_5 = _features(_FULL, "", "enabled disabled", _CLEARING, _TOOLS)
_HAIKU_4_5 = _features(_STRUCTURED, "", "enabled disabled", _CLEARING, _TOOLS)
_GENERATION_4 = _features(_DOCUMENTS, "", "enabled disabled", _CLEARING, _TOOLS)
_GENERATION_3_7 = _features(_DOCUMENTS, "", "enabled disabled", "", "web_search")
_GENERATION_3_5 = _features(_DOCUMENTS, "", "disabled")
_GENERATION_3 = _features(_VISION, "", "disabled")
_GENERATION_2 = _features(_TEXT, "", "disabled")

_JULY_2025, _OCTOBER_2025 = date(2025, 7, 21), date(2025, 10, 28)
_FEBRUARY_2026, _JUNE_2026 = date(2026, 2, 19), date(2026, 6, 15)


def _model(
    name: str, display_name: str, created: str, limits: tuple[int, int], features: frozenset[str]
) -> CatalogueModel:
    line = next((part for part in name.split("-") if part in ("opus", "sonnet", "haiku", "fable")), None)
    return CatalogueModel(name, display_name, date.fromisoformat(created), line, *limits, features)


def _retired(
    name: str, display_name: str, created: str, limits: tuple[int, int], features: frozenset[str], gone: date
) -> CatalogueModel:
    model = _model(name, display_name, created, limits, features)
    told = gone - timedelta(days=180)
    return CatalogueModel(
        model.id, display_name, model.created, model.line, *limits, features, "retired", deprecated=told, retires=gone
    )


MODELS: tuple[CatalogueModel, ...] = (
    _model("claude-opus-5", "Claude Opus 5", "2026-07-24", (1_000_000, 128_000), _GENERATION_5),
    _model("claude-sonnet-5", "Claude Sonnet 5", "2026-06-29", (1_000_000, 128_000), _GENERATION_5),
    _model("claude-fable-5", "Claude Fable 5", "2026-06-07", (1_000_000, 128_000), _GENERATION_5),
    _model("claude-opus-4-8", "Claude Opus 4.8", "2026-05-28", (1_000_000, 128_000), _GENERATION_4_7),
    _model("claude-opus-4-7", "Claude Opus 4.7", "2026-04-14", (1_000_000, 128_000), _GENERATION_4_7),
    _model("claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17", (1_000_000, 128_000), _GENERATION_4_6),
    _model("claude-opus-4-6", "Claude Opus 4.6", "2026-02-04", (1_000_000, 128_000), _GENERATION_4_6),
    _model("claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-24", (200_000, 64_000), _OPUS_4_5),
    _model("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-15", (200_000, 64_000), _HAIKU_4_5),
    _model("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29", (1_000_000, 64_000), _SONNET_4_5),
    CatalogueModel(
        "claude-opus-4-1-20250805", "Claude Opus 4.1", date(2025, 8, 5), "opus", 200_000, 32_000,
        _GENERATION_4 | {"structured_outputs"}, "deprecated", deprecated=-60, retires=200,
    ),
    _retired("claude-opus-4-20250514", "Claude Opus 4", "2025-05-22", (200_000, 32_000), _GENERATION_4, _JUNE_2026),
    _retired("claude-sonnet-4-20250514", "Claude Sonnet 4", "2025-05-22", (200_000, 64_000), _GENERATION_4, _JUNE_2026),
    _retired("claude-3-7-sonnet-20250219", "Claude Sonnet 3.7", "2025-02-24", (200_000, 64_000), _GENERATION_3_7,
             _FEBRUARY_2026),
    _retired("claude-3-5-sonnet-20241022", "Claude Sonnet 3.5 (New)", "2024-10-22", (200_000, 8_192), _GENERATION_3_5,
             _OCTOBER_2025),
    _retired("claude-3-5-haiku-20241022", "Claude Haiku 3.5", "2024-10-22", (200_000, 8_192), _GENERATION_3_5,
             _FEBRUARY_2026),
    _retired("claude-3-5-sonnet-20240620", "Claude Sonnet 3.5 (Old)", "2024-06-20", (200_000, 8_192), _GENERATION_3_5,
             _OCTOBER_2025),
    _retired("claude-3-haiku-20240307", "Claude Haiku 3", "2024-03-07", (200_000, 4_096), _GENERATION_3,
             date(2026, 4, 20)),
    _retired("claude-3-opus-20240229", "Claude Opus 3", "2024-02-29", (200_000, 4_096), _GENERATION_3,
             date(2026, 1, 5)),
    _retired("claude-3-sonnet-20240229", "Claude Sonnet 3", "2024-02-29", (200_000, 4_096), _GENERATION_3, _JULY_2025),
    _retired("claude-2.1", "Claude 2.1", "2023-11-21", (200_000, 4_096), _GENERATION_2, _JULY_2025),
    _retired("claude-2.0", "Claude 2.0", "2023-07-11", (100_000, 4_096), _GENERATION_2, _JULY_2025),
)  # fmt: skip
"""Newest first, as the API lists them."""

ALIASES: Mapping[str, str] = MappingProxyType({
    "claude-opus-4-5": "claude-opus-4-5-20251101",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "claude-opus-4-1": "claude-opus-4-1-20250805",
    "claude-opus-4-0": "claude-opus-4-20250514",
    "claude-sonnet-4-0": "claude-sonnet-4-20250514",
    "claude-3-7-sonnet-latest": "claude-3-7-sonnet-20250219",
    "claude-3-5-haiku-latest": "claude-3-5-haiku-20241022",
    "claude-3-opus-latest": "claude-3-opus-20240229",
})  # fmt: skip
"""Alias to canonical ID (documented)."""


def capabilities(features: frozenset[str]) -> dict[str, Any]:
    """The nested `capabilities` object of an answer, with `supported` at every level and every known key."""
    answer: dict[str, Any] = {}
    for whole, parts in CAPABILITIES.items():
        supported = {part: {"supported": f"{whole}.{part}" in features} for part in parts}
        telling = ("enabled", "adaptive") if whole == "thinking" else parts
        any_part = any(supported[part]["supported"] for part in telling)
        nested = {"types": supported} if whole == "thinking" else supported
        answer[whole] = {"supported": whole in features or any_part, **nested}
    return answer


def moment(value: date | int | None, now: datetime) -> str | None:
    """A date of the catalogue as the API writes it: `2026-07-24T00:00:00Z`; an int counts days from `now`."""
    if value is None:
        return None
    day = now.date() + timedelta(days=value) if isinstance(value, int) else value
    return datetime.combine(day, time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def entry(model: CatalogueModel, now: datetime) -> dict[str, Any]:
    """The entry that the Models API answers for a model: keys documented, their order seen in recordings."""
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.display_name,
        "created_at": moment(model.created, now),
        "lifecycle": model.lifecycle,
        "deprecated_at": moment(model.deprecated, now),
        "retires_at": moment(model.retires, now),
        "line": model.line,
        "max_input_tokens": model.max_input_tokens,
        "max_tokens": model.max_tokens,
        "capabilities": capabilities(model.features),
    }
