"""modelgate: a gate in front of every deployment that uses the Claude API.

The public API. Everything is imported when it is first used, so that an application which only calls `pinned()` pays
for nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelgate.api.call_log import CallLog as CallLog
    from modelgate.domain.errors import CouldNotKnow as CouldNotKnow
    from modelgate.domain.errors import ModelgateError as ModelgateError
    from modelgate.domain.errors import Refused as Refused
    from modelgate.domain.findings import Finding as Finding
    from modelgate.domain.findings import Level as Level
    from modelgate.domain.findings import Verdict as Verdict
    from modelgate.domain.report import Report as Report
    from modelgate.library import check as check
    from modelgate.library import preflight as preflight
    from modelgate.pins import pinned as pinned

_HOMES = {
    "CallLog": "api.call_log",
    "CouldNotKnow": "domain.errors",
    "Finding": "domain.findings",
    "Level": "domain.findings",
    "ModelgateError": "domain.errors",
    "Refused": "domain.errors",
    "Report": "domain.report",
    "Verdict": "domain.findings",
    "check": "library",
    "pinned": "pins",
    "preflight": "library",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 # a sorted list of the names above


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
