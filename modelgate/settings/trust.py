"""What a stranger's file may not decide: where secrets go, and which files are read as secrets.

A pull request's author writes the settings that its own check reads. There, addresses and files outside of the
settings' folder that only files name need the word of whoever set up the job.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from modelgate.domain.settings import Slot
from modelgate.domain.source import DEFAULT, Source
from modelgate.domain.text import short
from modelgate.settings.positions import KeyPath

if TYPE_CHECKING:
    from modelgate.domain.unsettled import Untrusted

UNTRUSTED = "MODELGATE_SETTINGS_UNTRUSTED"
ORIGINS = "MODELGATE_TRUSTED_ORIGINS"
PATHS = "MODELGATE_TRUSTED_PATHS"
VARIABLES = "MODELGATE_TRUSTED_VARIABLES"
_PULL_REQUESTS = {
    "GITHUB_EVENT_NAME": (
        "pull_request",
        "pull_request_target",
        "pull_request_review",
        "pull_request_review_comment",
    ),
    "CI_PIPELINE_SOURCE": ("merge_request_event", "external_pull_request_event"),
}
"""Variables of CI that have one of these values in a pull or merge request (GitHub, GitLab)."""
_NUMBERS = (
    "CI_MERGE_REQUEST_IID", "BUILDKITE_PULL_REQUEST", "CIRCLE_PULL_REQUEST", "CHANGE_ID", "BITBUCKET_PR_ID",
    "SYSTEM_PULLREQUEST_PULLREQUESTID", "TRAVIS_PULL_REQUEST", "DRONE_PULL_REQUEST", "CI_PULL_REQUEST",
)  # fmt: skip
"""Variables of CI that hold the number of a pull or merge request; empty, `false` or `0` elsewhere."""
_DATABASE = re.compile(
    r"[a-z0-9+]+://(?:[^/@?#]*@)?(?P<host>[^/@?#:\[\]]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?"
    r"(?:/[^/@?#]*)?(?:\?(?P<query>[^#@]*))?"
)
"""A database URL that all who read one take apart alike: libraries differ about # and ? before an @."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LEADS = ("host", "hostaddr", "service")
"""What of a URL's query tells libpq where to connect."""
_READS = ("passfile", "servicefile", "sslcert", "sslcrl", "sslcrldir", "sslkey", "sslkeylogfile", "sslrootcert")
"""What of it names a file: one to read, or (the log of keys) to write."""
_FILES: tuple[KeyPath, ...] = (
    ("api", "key_file"),
    ("database", "password_file"),
    ("policy", "fallback_file"),
    ("policy", "preflight", "fallback_file"),
    ("notify", "slack_webhook_file"),
    ("notify", "webhook_secret_file"),
)


def is_strangers(environ: Mapping[str, str]) -> bool:
    """Whether the settings may be those of a pull request's author: CI says so, or `MODELGATE_SETTINGS_UNTRUSTED`."""
    if said := environ.get(UNTRUSTED, "").strip().lower():
        return said not in ("0", "false", "no")
    if any(environ.get(name) in values for name, values in _PULL_REQUESTS.items()):
        return True
    return any(environ.get(name, "").strip().lower() not in ("", "false", "0") for name in _NUMBERS)


class Trust(NamedTuple):
    """What whoever set up the job vouches for."""

    origins: frozenset[str]
    paths: tuple[Path, ...]
    config_dir: Path
    environ: Mapping[str, str]

    @classmethod
    def of(cls, environ: Mapping[str, str], config_dir: Path) -> Trust:
        """As `MODELGATE_TRUSTED_ORIGINS`, `MODELGATE_TRUSTED_PATHS` and `MODELGATE_TRUSTED_VARIABLES` say."""
        paths = tuple(_real(path) for path in _listed(environ, PATHS))
        origins = frozenset(each.lower().rstrip("/") for each in _listed(environ, ORIGINS))
        return cls(origins, paths, config_dir, environ)

    def origin(self, url: str) -> bool:
        """Whether a web address is this machine's, or its origin is trusted."""
        parts = urlsplit(url)
        names = {f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower(), (parts.hostname or "").lower()}
        return parts.hostname in _LOOPBACK or not names.isdisjoint(self.origins)

    def hosts(self, database_url: str) -> bool:
        """Whether all hosts of a database URL are this machine's, sockets or trusted."""
        parts = _DATABASE.fullmatch(database_url)
        if parts is None:
            return False
        query = parse_qs(parts["query"] or "")
        named = [unquote(parts["host"]).strip("[]"), *(each for key in _LEADS for each in query.get(key, ()))]
        hosts = [host.lower() for name in named for host in name.split(",") if host]
        return all(host in _LOOPBACK or host[0] == "/" or host in self.origins for host in hosts)

    def variable(self, name: str) -> bool:
        """Whether what a variable holds may be shown as a reference: it is trusted, or names a Claude model."""
        return "claude" in self.environ.get(name, "claude").lower() or name in _listed(self.environ, VARIABLES)

    def file(self, path: str, *, outside_only: bool = True) -> bool:
        """Whether a file is trusted: below a trusted path or, with `outside_only`, in the settings' folder itself."""
        real = _real(path)
        roots = (*self.paths, _real(self.config_dir)) if outside_only else self.paths
        return any(real == root or root in real.parents for root in roots)


def _listed(environ: Mapping[str, str], name: str) -> list[str]:
    return [each.strip() for each in environ.get(name, "").split(",") if each.strip()]


def _real(path: str | Path) -> Path:
    return Path(os.path.realpath(path))


def untrusted(tables: Mapping[str, Any], place: Callable[[KeyPath], Source], trust: Trust) -> tuple[Untrusted, ...]:
    """The settings that only files set and nobody vouches for. `tables`: the validated layers as one."""
    found = [
        doubt
        for doubt in _doubtful(tables, trust)
        if place(doubt[0]) != DEFAULT and str(place(doubt[0]))[:1] not in ("$", "-")
    ]
    if not found:
        return ()
    from modelgate.domain.unsettled import Untrusted

    return tuple(Untrusted(".".join(map(str, path)), what, place(path), variable) for path, what, variable in found)


def covered(slots: Iterable[Slot], doubted: Iterable[Untrusted]) -> tuple[Slot, ...]:
    """The slots, with the variable's name in place of a reference that nobody vouches for: it may be a secret."""
    keys = {each.key for each in doubted}
    return tuple(
        replace(slot, reference=str(slot.source)) if f"slots.{slot.name}.model_from" in keys else slot for slot in slots
    )


def _doubtful(tables: Mapping[str, Any], trust: Trust) -> Iterator[tuple[KeyPath, str, str]]:
    api, database, notify = (tables.get(name, {}) for name in ("api", "database", "notify"))
    if (url := api.get("base_url")) and not trust.origin(url):
        yield ("api", "base_url"), f"would send the API key to {short(urlsplit(url).hostname or '', 40)}", ORIGINS
    if (platform := api.get("platform", "anthropic")) != "anthropic" and platform not in trust.origins:
        yield ("api", "platform"), f"would send credentials to the platform {platform}", ORIGINS
    if url := database.get("url"):
        yield from _database(url, trust)
    if (url := notify.get("webhook_url")) and not trust.origin(url):
        yield ("notify", "webhook_url"), "would send notices away", ORIGINS
    for name, slot in tables.get("slots", {}).items():
        if (variable := slot.get("model_from")) and not trust.variable(variable):
            yield ("slots", name, "model_from"), f"would show what {short(variable, 40)} holds", VARIABLES
    files = [*_FILES, *(("slots", name, "sample") for name in tables.get("slots", {}))]
    for path in files:
        text = _at(tables, path)
        if text and not trust.file(str(trust.config_dir / text) if path[-1] == "sample" else text):
            yield path, f"would read {short(text, 40)}, outside of the settings' folder", PATHS


def _database(url: str, trust: Trust) -> Iterator[tuple[KeyPath, str, str]]:
    path: KeyPath = ("database", "url")
    if url.startswith("sqlite"):
        if not trust.file(url.partition(":///")[2], outside_only=False):
            yield path, "would believe a store that a stranger may have committed", PATHS
    elif not trust.hosts(url):
        yield path, "would send a password to another database server", ORIGINS
    for key, named in parse_qs(urlsplit(url).query).items():
        if key in _READS and not all(name == "system" or trust.file(name) for name in named):
            yield path, f"would open the file of {key}, outside of the settings' folder", PATHS


def _at(tables: Mapping[str, Any], path: KeyPath) -> str:
    here: Any = tables
    for part in path:
        here = here.get(str(part), {}) if isinstance(here, Mapping) else {}
    return here if isinstance(here, str) else ""
