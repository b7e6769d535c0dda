"""The two calls of the Models API, each answer checked."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from modelgate.api.client import MODE
from modelgate.api.failures import Failure, untrusted
from modelgate.api.parse import Page, Unbelievable, parse_entry, parse_page
from modelgate.api.transport import Reply, Transport
from modelgate.domain.catalogue import Entry
from modelgate.domain.problems import Problem

if TYPE_CHECKING:
    import anthropic
    import httpx2

_PATH = "/v1/models"
_PAGE = 1000
"""Entries a page: the most that the API gives (documented)."""
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What the API said of one name."""

    entry: Entry
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """One list, all of its pages."""

    entries: tuple[Entry, ...]
    nameless: Problem | None = None
    """Set if the ID of an entry could not be read: a name that is not listed may be that one's."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The Models API, as asked through one client."""

    client: anthropic.Anthropic
    transport: Transport

    def retrieve(self, name: str) -> Retrieved | Failure:
        """What `name`, an ID or an alias, means."""
        reply = self.transport.fetch(partial(self._get, f"{_PATH}/{quote(name, safe='')}", {}))
        if isinstance(reply, Failure):
            return reply
        try:
            return Retrieved(parse_entry(reply.body), reply.request_id)
        except Unbelievable as error:
            return untrusted(str(error), reply.request_id)

    def list(self, lifecycles: Collection[str] = ()) -> Listing | Failure:
        """All pages of the list, newest model first; without `lifecycles` the API lists what is served (documented)."""
        asked: dict[str, Any] = {"limit": _PAGE, **({"lifecycle": list(lifecycles)} if lifecycles else {})}
        entries: dict[str, Entry] = {}
        cursors: set[str] = set()
        nameless: Problem | None = None
        while True:
            reply = self.transport.fetch(partial(self._get, _PATH, asked))
            if isinstance(reply, Failure):
                return reply
            page = _believed(reply, entries, cursors)
            if isinstance(page, Failure):
                return page
            entries |= {entry.id: entry for entry in page.entries}
            if page.nameless:
                nameless = untrusted("an entry of the list has no usable `id`", reply.request_id).problem
            if page.after_id is None:
                break
            cursors.add(page.after_id)
            asked["after_id"] = page.after_id
        if not entries and not lifecycles:
            return untrusted("the list is empty: no model is served at all", reply.request_id)
        return Listing(tuple(entries.values()), nameless)

    def _get(self, path: str, query: dict[str, Any], timeout: float) -> closing[httpx2.Response]:
        """One attempt. The SDK's own `models` would load its types of an answer that is checked here anyway."""
        options: Any = {"headers": {MODE: "stream"}, "params": query, "timeout": timeout}
        answer: Any = self.client.get(path, cast_to=object, options=options)
        return closing(answer.http_response)


def _believed(reply: Reply, known: dict[str, Entry], cursors: set[str]) -> Page | Failure:
    """The page of `reply`, unless it repeats an entry, goes in circles or is one too many."""
    try:
        page = parse_page(reply.body)
        ids = [entry.id for entry in page.entries]
        if len(set(ids)) < len(ids) or not known.keys().isdisjoint(ids):
            raise Unbelievable("the list has the same ID twice")
        if page.after_id in cursors:
            raise Unbelievable("the list goes in circles")
        if page.after_id is not None and len(cursors) + 1 >= _MOST_PAGES:
            raise Unbelievable(f"the list does not end after {_MOST_PAGES} pages")
    except Unbelievable as error:
        return untrusted(str(error), reply.request_id)
    return page
