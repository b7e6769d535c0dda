"""What is wrong with the parameters of a request, wherever it is sent: as a message, to be counted, or in a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_SAMPLING_SINCE = "2026-10-21"
"""The anthropic-version from which a request with `temperature`, `top_p` or `top_k` errors (documented)."""

_SAMPLING = ("temperature", "top_p", "top_k")


def problem_of(params: Mapping[str, Any], version: str, *, counting: bool = False) -> str:
    """The message of the 400 that the request gets; empty if there is none. To be counted it needs no max_tokens."""
    if version >= NO_SAMPLING_SINCE:
        for name in _SAMPLING:
            if name in params:
                return f"{name}: Extra inputs are not permitted"
    if not isinstance(params.get("model"), str):
        return "model: Field required"
    max_tokens = params.get("max_tokens")
    if not counting and (not isinstance(max_tokens, int) or max_tokens < 1):
        return "max_tokens: Field required"
    if not isinstance(params.get("messages"), list) or not params["messages"]:
        return "messages: Field required"
    return ""


def unsupported(params: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """The message of the 400 for what `model`, an entry of the catalogue, cannot do: a kind of thinking, an effort,
    structured outputs, more tokens than its limit. Documented: `thinking.types.X` is false exactly where X gets a 400.
    """
    capabilities = model.get("capabilities") or {}
    thinking, output = params.get("thinking"), params.get("output_config")
    if isinstance(thinking, dict) and _denied(capabilities, "thinking", "types", str(thinking.get("type"))):
        return f"thinking.type: {thinking.get('type')!r} is not supported for this model"
    if isinstance(output, dict):
        if "effort" in output and _denied(capabilities, "effort", str(output["effort"])):
            return "output_config.effort: this model does not support this effort"
        if "format" in output and _denied(capabilities, "structured_outputs"):
            return "output_config.format: this model does not support structured outputs"
    limit, asked = model.get("max_tokens"), params.get("max_tokens")
    if isinstance(limit, int) and isinstance(asked, int) and asked > limit:
        return f"max_tokens: {asked} > {limit}, which is the maximum allowed number of output tokens"
    return ""


def _denied(capabilities: Mapping[str, Any], *path: str) -> bool:
    here: Any = capabilities
    for part in path:
        here = here.get(part) if isinstance(here, dict) else None
    return isinstance(here, dict) and here.get("supported") is False
