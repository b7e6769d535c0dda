"""The JSON Schema of the TOML files, for editors: what pydantic knows, put right for TOML."""

from __future__ import annotations

from typing import Any

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """`config/default.toml` and `config/<environment>.toml`: types, ranges and names of keys."""
    from modelgate.settings.schema import Document

    schema = _without_defaults(Document.model_json_schema())
    waivers = schema["properties"]["waivers"]["additionalProperties"]
    schema["properties"]["waivers"] = {"type": "array", "items": waivers, "title": "Waivers"}
    schema["$defs"]["SlotTable"]["oneOf"] = [{"required": ["model"]}, {"required": ["model_from"]}, _NEITHER]
    return {"$schema": SCHEMA_ID, **schema, "title": "modelgate's settings"}


_NEITHER = {"not": {"anyOf": [{"required": ["model"]}, {"required": ["model_from"]}]}}
"""An environment's file may only add to a slot of default.toml."""


def _without_defaults(node: Any) -> Any:
    """`default: null` says that no layer set a key, which is no default of it."""
    if isinstance(node, list):
        return [_without_defaults(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: _without_defaults(inner) for key, inner in node.items() if not (key == "default" and inner is None)}
