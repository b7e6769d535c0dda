"""Facts and entries as JSON texts, for the rows and fingerprints of the audit store."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.times import format_instant, parse_instant

_INSTANTS = {"deprecated_at", "retires_at", "created_at"}


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """The entry's known facts; what is None is left out."""
    pairs = ((field.name, getattr(entry, field.name)) for field in fields(entry))
    return {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in pairs
        if value is not None and value != {} and value is not False and value != ""
    }


def entry_from_json(stored: dict[str, Any]) -> Entry:
    """The inverse of `entry_to_json`. A key that this version does not know is passed over."""
    known = {field.name for field in fields(Entry)}
    values: dict[str, Any] = {k: parse_instant(v) if k in _INSTANTS else v for k, v in stored.items() if k in known}
    return Entry(**values)


def content_digest(content: str | bytes) -> str:
    """SHA-256 of an entry's text in UTF-8: 64 lower-case hexadecimal digits."""
    return sha256(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content).hexdigest()


class Seen(NamedTuple):
    """Facts as a run names them: what was answered, and the digests of the entries, which are stored once."""

    answers: str
    """JSON: outcome to name to ID, and under `gone` the IDs that were not in the catalogue."""
    entries: Mapping[str, str]
    """Digest to the entry's text, in the order of digests."""

    @property
    def digests(self) -> str:
        """As the run's row has them: with commas, in order."""
        return ",".join(self.entries)


def seen_of(facts: Facts, ids: Iterable[str]) -> Seen:
    """The answers, and the entries of `ids`. Failed answers are no facts and are left out."""
    answers: dict[str, Any] = defaultdict(dict)
    for name, answer in facts.answers.items():
        if answer.outcome is not Outcome.FAILED:
            answers[answer.outcome.value][name] = answer.id
    wanted = set(ids) | {answer.id for answer in facts.answers.values() if answer.id}
    texts = (canonical(entry_to_json(facts.entries[each])) for each in wanted if each in facts.entries)
    gone = sorted(model_id for model_id in wanted if model_id not in facts.entries and facts.knows(model_id))
    return Seen(canonical({**answers, "gone": gone}), dict(sorted((content_digest(text), text) for text in texts)))


def digests_of(named: str) -> list[str]:
    """The digests that a run's row names."""
    return named.split(",") if named else []


def entries_of(contents: Mapping[str, str | bytes]) -> dict[str, Entry]:
    """Digest to entry, of what is stored under each digest: of that digest's own text alone, and where it is one."""
    found = {}
    for digest, content in contents.items():
        if content_digest(content) == digest:
            with suppress(ValueError, TypeError, AttributeError, RecursionError):  # whoever may add entries wrote it
                found[digest] = entry_from_json(json.loads(content))
    return found


def facts_of_seen(
    origin: str, asked_at: datetime, answers: str, named: str, readable: Mapping[str, Entry]
) -> tuple[Facts, bool]:
    """The facts as they were, and whether all of them can be read.

    `readable`: `entries_of` what is stored. Entries that are not are unknown, and so is what an answer means by them.
    Raises ValueError, LookupError, TypeError or AttributeError where the answers cannot be read.
    """
    told = json.loads(answers)
    gone = frozenset(map(str, told.pop("gone")))
    entries = {entry.id: entry for digest in digests_of(named) if (entry := readable.get(digest))}
    known = frozenset(entries) | gone
    every = [Answer(n, Outcome(outcome), each) for outcome, names in told.items() for n, each in names.items()]
    kept = {answer.name: answer for answer in every if answer.id is None or answer.id in known}
    whole = len(kept) == len(every) and len(entries) == len(digests_of(named))
    return Facts(origin, asked_at, kept, entries, known=known), whole


def facts_from_json(text: str, asked_at: datetime) -> Facts:
    """The facts of a run of form 1, which wrote them down whole: they know only the IDs that it wrote down."""
    stored = json.loads(text)
    answers = {n: Answer(n, Outcome(a["outcome"]), a["id"]) for n, a in stored["answers"].items()}
    entries = {model_id: entry_from_json(entry) for model_id, entry in stored["entries"].items()}
    known = frozenset(entries) | frozenset(stored["gone"])
    return Facts(stored["origin"], asked_at, answers, entries, known=known)
