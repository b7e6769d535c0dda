"""A stand-in for the Models API and the Message Batches API, on loopback, driven over HTTP while it runs.

`Sandbox` runs one in this process, `SandboxControl` drives one anywhere, `serve` is the blocking form of `modelgate
sandbox`. `Sandbox` and `serve` need the extra `modelgate[sandbox]`; nothing is imported before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelgate.sandbox.control_client import SandboxControl
    from modelgate.sandbox.server import Sandbox, serve

__all__ = ["Sandbox", "SandboxControl", "serve"]


def __getattr__(name: str) -> object:
    if name == "SandboxControl":
        from modelgate.sandbox.control_client import SandboxControl

        return SandboxControl
    if name in ("Sandbox", "serve"):
        from modelgate.sandbox import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
