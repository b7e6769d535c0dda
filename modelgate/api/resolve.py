"""What names mean today: one list, one `retrieve` for each name that it lacks, at most one list with retired models."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from modelgate.api.catalogue import Catalogue, Listing, Retrieved
from modelgate.api.client import connect, naming_host, not_approved, open_client, origin_used
from modelgate.api.failures import Failure, unreachable, untrusted
from modelgate.api.parse import is_name
from modelgate.api.transport import Transport
from modelgate.background import Background
from modelgate.clock import Clock, Deadline
from modelgate.domain.catalogue import LIFECYCLES, Answer, Entry, Facts, Outcome
from modelgate.domain.errors import ApiProblem, failure_of
from modelgate.domain.problems import Problem
from modelgate.domain.settings import ApiSettings

if TYPE_CHECKING:
    import anthropic

Heard = Retrieved | Failure
Listed = Listing | Failure

_LATE = unreachable("no answer in time", retry=False)


def ask(
    api: ApiSettings,
    names: Collection[str],
    *,
    known_aliases: Collection[str] = (),
    pinned: Collection[str] = (),
    deadline: Deadline,
    clock: Clock,
    environ: Mapping[str, str],
    seed: int | None = None,
) -> Facts:
    """What the Models API says of `names`, and of the `pinned` IDs that it does not serve.

    `known_aliases` are asked for beside the list. `seed` fixes the jitter of retries. Never raises for a failure of the
    API: `Facts.problem` says that nothing is known, an answer's problem that one name is not. Raises SettingsError for
    settings that cannot work.
    """
    asked_at = clock.now()
    try:
        client = open_client(api, environ=environ)
    except ApiProblem as error:
        return Facts("", asked_at, _failed(names, error.problem), problem=error.problem)
    with closing(Transport(client, deadline, random.Random(seed))) as transport:  # noqa: S311 # jitter, not a secret
        origin = origin_used(client)
        if problem := not_approved(api, origin):
            return Facts(origin, asked_at, _failed(names, problem), problem=problem)
        asking = _Asking(Catalogue(client, transport), frozenset(names), frozenset(pinned))
        problem = asking.run(frozenset(known_aliases))
        told = problem and _located(problem, client)
        answers = {name: _placed(answer, client) for name, answer in asking.answers.items()}
        return Facts(origin, asked_at, answers, asking.entries, told, transport.requests)


def list_models(
    api: ApiSettings,
    *,
    lifecycles: Collection[str] = (),
    deadline: Deadline,
    environ: Mapping[str, str],
) -> tuple[Entry, ...]:
    """The list of models, newest first. Raises ApiProblem, and SettingsError for settings that cannot work."""
    client = connect(api, environ=environ)
    with closing(Transport(client, deadline)) as transport:
        catalogue = Catalogue(client, transport)
        listed = Background(partial(catalogue.list, lifecycles), "api").result(deadline.remaining, _LATE)
    if isinstance(listed, Failure):
        raise failure_of(_located(listed.problem, client))
    return listed.entries


def _located(problem: Problem, client: anthropic.Anthropic) -> Problem:
    """The problem and who was asked; where the base URL itself is a likely cause, with that for a hint."""
    if problem.check == "api.untrusted-answer" and str(client.base_url).rstrip("/").endswith("/v1"):
        problem = problem.hinting("the base URL ends in /v1, which the SDK adds by itself: write it without")
    return naming_host(problem, client)


def _placed(answer: Answer, client: anthropic.Anthropic) -> Answer:
    return replace(answer, problem=naming_host(answer.problem, client)) if answer.problem else answer


def _failed(names: Collection[str], problem: Problem) -> dict[str, Answer]:
    return {name: Answer(name, Outcome.FAILED, problem=problem) for name in names}


@dataclass(slots=True)
class _Asking:
    """The conversation behind one `ask`, in at most three round trips."""

    catalogue: Catalogue
    names: frozenset[str]
    pinned: frozenset[str]
    answers: dict[str, Answer] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    def run(self, known_aliases: frozenset[str]) -> Problem | None:
        """Fills answers and entries; returns the problem, if the list could not be had."""
        listing = Background(self.catalogue.list, "api")
        jobs = self._retrieve(known_aliases & self.names)
        listed = listing.result(self._deadline.remaining, _LATE)
        if isinstance(listed, Failure):
            self.answers = _failed(self.names, listed.problem)
            return listed.problem
        self.entries = {entry.id: entry for entry in listed.entries}
        absent = self.names - self.entries.keys()
        gone = self.pinned - self.entries.keys()
        jobs |= self._retrieve(absent - jobs.keys())
        listing_retired = Background(partial(self.catalogue.list, LIFECYCLES), "api") if gone else None
        heard = {name: jobs[name].result(self._deadline.remaining, _LATE) for name in absent & jobs.keys()}
        if listing_retired is None and any(_is_unknown(said) for said in heard.values()):
            listing_retired = Background(partial(self.catalogue.list, LIFECYCLES), "api")
        retired = listing_retired.result(self._deadline.remaining, _LATE) if listing_retired else Listing(())
        self._learn_retired(retired, absent | gone)
        nameless = listed.nameless or (None if isinstance(retired, Failure) else retired.nameless)
        for name in sorted(self.names | gone):
            self.answers[name] = self._answer(name, heard.get(name), retired, nameless)
        return None

    @property
    def _deadline(self) -> Deadline:
        return self.catalogue.transport.deadline

    def _retrieve(self, names: frozenset[str]) -> dict[str, Background[Heard]]:
        """A question for each name that could be a model's; one that could not is unknown without asking."""
        return {
            name: Background(partial(self.catalogue.retrieve, name), "api") for name in sorted(names) if is_name(name)
        }

    def _learn_retired(self, retired: Listed, wanted: frozenset[str]) -> None:
        """Retired models among their neighbours: the order of the list is the only one that tells what is newer."""
        if isinstance(retired, Failure):
            return
        known = self.entries | {e.id: e for e in retired.entries if e.id in wanted and e.lifecycle == "retired"}
        placed = {e.id: known[e.id] for e in retired.entries if e.id in known}
        self.entries = placed | {model_id: entry for model_id, entry in known.items() if model_id not in placed}

    def _answer(self, name: str, heard: Heard | None, retired: Listed, nameless: Problem | None) -> Answer:
        """What all of it says of one name."""
        entry = self.entries.get(name)
        if entry is not None:
            return Answer(name, Outcome.RETIRED if entry.lifecycle == "retired" else Outcome.RESOLVED, entry.id)
        if isinstance(heard, Retrieved):
            return self._alias(name, heard)
        if not is_name(name):
            return Answer(name, Outcome.UNKNOWN)
        if heard is None or _is_unknown(heard):
            if isinstance(retired, Failure):
                return Answer(name, Outcome.FAILED, problem=retired.problem)
            if nameless:  # one of those may be it: that it is not there proves nothing
                return Answer(name, Outcome.FAILED, problem=nameless)
            return Answer(name, Outcome.UNKNOWN)
        if heard.status == 403 and heard.type == "permission_error":
            return Answer(name, Outcome.NOT_PERMITTED)
        return Answer(name, Outcome.FAILED, problem=heard.problem)

    def _alias(self, name: str, heard: Retrieved) -> Answer:
        """An answer by `retrieve` must agree with the lists: it names a model that is served, or says it is retired."""
        entry, listed = heard.entry, self.entries.get(heard.entry.id)
        if (listed is None or listed.lifecycle == "retired") and entry.lifecycle == "retired":
            self.entries[entry.id] = listed or entry
            return Answer(name, Outcome.RETIRED, entry.id)
        if listed is not None and listed.lifecycle != "retired" and entry.lifecycle != "retired":
            return Answer(name, Outcome.RESOLVED, entry.id)
        reason = "the list does not hold the model that this name resolves to"
        return Answer(name, Outcome.FAILED, problem=untrusted(reason, heard.request_id).problem)


def _is_unknown(heard: Heard | None) -> bool:
    """A 404 of the API's own; a gateway's own 404 is no word of the API."""
    return isinstance(heard, Failure) and heard.status == 404 and heard.type == "not_found_error"
