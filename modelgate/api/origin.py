"""Which origin a question would go to, without asking one."""

from __future__ import annotations

from collections.abc import Mapping

from modelgate.api.client import not_approved, open_client, origin_used
from modelgate.api.credential import DEFAULT_BASE_URL, known_credential, origin_of
from modelgate.domain.errors import ApiProblem, SettingsError, failure_of
from modelgate.domain.settings import ApiSettings


def origin_asked(api: ApiSettings, environ: Mapping[str, str]) -> str:
    """The origin, as a gate with these settings records it; nothing is sent, and no key is needed.

    Raises SettingsError where settings cannot work, and Refused where `api.origins` does not hold it.
    """
    known = known_credential(api, environ)
    origin = known.origin if known else _by_the_sdk(api, environ)
    if problem := not_approved(api, origin):
        raise failure_of(problem)
    return origin


def _by_the_sdk(api: ApiSettings, environ: Mapping[str, str]) -> str:
    """A profile may name another base URL: the SDK alone knows."""
    try:
        client = open_client(api, environ=environ)
    except ApiProblem:
        if api.platform != "anthropic":
            raise
        try:
            return origin_of(api.base_url or environ.get("ANTHROPIC_BASE_URL") or DEFAULT_BASE_URL)
        except ValueError:
            raise SettingsError("[api] base_url (or $ANTHROPIC_BASE_URL) is no http(s) URL") from None
    with client:
        return origin_used(client)
