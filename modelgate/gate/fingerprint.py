"""Fingerprints: which facts of an earlier run answer the same question. `asking` decides whether they may stand in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from modelgate.api.credential import Credential
from modelgate.domain.codec import canonical
from modelgate.domain.rows import Scope
from modelgate.domain.settings import ApiSettings, Slot


def for_grace(scope: Scope, slots: Iterable[Slot], origin: str) -> str:
    """The same for the same service, environment, slots, requirements and API origin."""
    asked = [[s.name, s.reference, sorted(s.requires), s.min_input_tokens, s.min_output_tokens] for s in slots]
    return _digest(["grace", scope.service, scope.environment, sorted(asked, key=str), origin])


def for_reuse(scope: Scope, slots: Iterable[Slot], api: ApiSettings, credential: Credential, salt: bytes) -> str:
    """As `for_grace`, and the same platform, trust, workspace and key: a salted digest, never the key or a part of it.

    Reused facts pass no check of the origin: whoever trusts others than before has to ask.
    """
    same = for_grace(scope, slots, credential.origin)
    workspace = [api.workspace_id] if api.workspace_id else []  # without one, the mark of the versions before
    trusted = [api.platform, sorted(api.origins), api.allow_http]
    return _digest(["reuse", same, *trusted, credential.digest(salt), *workspace])


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
