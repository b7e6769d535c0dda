"""The edge to the Claude API: asks the Models API, believes only what it has checked, and turns it into our values.

Importing this imports nothing else, and asking for a name imports its module: a run that reuses facts never gets as far
as a socket, let alone the SDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelgate.api.client import connect as connect
    from modelgate.api.client import origin_used as origin_used
    from modelgate.api.credential import Credential as Credential
    from modelgate.api.credential import known_credential as known_credential
    from modelgate.api.credential import origin_of as origin_of
    from modelgate.api.resolve import ask as ask
    from modelgate.api.resolve import list_models as list_models
    from modelgate.api.sdk import import_ahead as import_ahead
    from modelgate.api.sdk import import_sdk as import_sdk

_HOMES = {
    "Credential": "credential",
    "ask": "resolve",
    "connect": "client",
    "import_ahead": "sdk",
    "import_sdk": "sdk",
    "known_credential": "credential",
    "list_models": "resolve",
    "origin_of": "credential",
    "origin_used": "client",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
