"""What the Models API's list says of a name that stands in a file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from modelgate.domain.catalogue import Entry
from modelgate.domain.findings import Finding, Level
from modelgate.domain.source import Source
from modelgate.domain.successor import Needs, successor
from modelgate.domain.text import did_you_mean, short
from modelgate.domain.times import days_left, end_of_day
from modelgate.scan.lines import Ignore
from modelgate.scan.names import LINES, Name, is_shaped

_INTO_GATE = "give it a slot in the settings: then what it means is approved, and can be put back"
_DATED = re.compile(r"-\d{8}")


@dataclass(frozen=True, slots=True)
class Place:
    """One name in one file, and what stands around it."""

    file: str
    line: int
    name: Name
    comment: bool = False
    ignores: tuple[Ignore, ...] = ()
    variable: str | None = None
    """The environment variable whose value (or value by default) it is."""

    @property
    def source(self) -> Source:
        """Where it stands."""
        return Source(self.file, self.line, self.name.column)


@dataclass(frozen=True, slots=True)
class Listed:
    """The list of the Models API, newest first, with the retired models; None: it was not asked."""

    entries: Sequence[Entry] | None
    now: datetime
    warn_days: int
    by_name: dict[str, Entry] = field(init=False, repr=False, default_factory=dict)
    lines: frozenset[str] = LINES

    def __post_init__(self) -> None:
        """By ID, and by ID without its date: there a model that is served comes before a retired one."""
        for entry in self.entries or ():
            undated = _DATED.sub("", entry.id)
            there = self.by_name.get(undated)
            if there is None or (there.lifecycle == "retired" and entry.lifecycle != "retired"):
                self.by_name[undated] = entry
        self.by_name.update({entry.id.replace(".", "-"): entry for entry in self.entries or ()})
        own = frozenset(entry.line for entry in self.entries or () if entry.line)
        object.__setattr__(self, "lines", LINES | own)

    def is_name(self, name: Name) -> bool:
        """Whether it is the name of a model: known, or by the pattern of a known line as a whole string."""
        if name.model in self.by_name:
            return True
        return (name.whole or bool(name.platform) or self.entries is None) and is_shaped(name.model, self.lines)


def judge(place: Place, listed: Listed) -> Finding:
    """The one finding about a name: the worst there is, and always that it stands outside of the gate."""
    found = _of_platform(place, listed) if place.name.platform else _of_api(place, listed)
    if found.level is not Level.NOTE and (place.comment or not place.name.whole):
        found = _with(found, Level.NOTE)  # in a comment, or in a sentence, nothing runs
    covers = [ignore for ignore in place.ignores if ignore.check == found.id]
    if not covers:
        return found
    if any(listed.now <= end_of_day(ignore.until) for ignore in covers):
        return _with(found, found.level, waived=True)
    ended = f"the comment that ignores it ended on {max(ignore.until for ignore in covers).isoformat()}"
    return _with(found, found.level, hint="; ".join(filter(None, (ended, found.hint))))


def _of_api(place: Place, listed: Listed) -> Finding:
    name, source = place.name, place.source
    entry, shown = listed.by_name.get(name.model), short(name.text, 40)
    if listed.entries is None:
        return Finding("scan.outside-gate", Level.NOTE, f"{shown} is set outside of the gate", _INTO_GATE, None, source)
    if entry is None:
        near = did_you_mean(name.model, sorted(e.id for e in listed.entries if e.lifecycle != "retired"))
        hint = f"did you mean {near}?" if near else "ask what it means, or see what is served:"
        told = f"no model is listed as {shown}"
        commands = () if near else (f"modelgate resolve {shlex.quote(name.model)}", "modelgate models")
        return Finding("scan.unknown", Level.WARN, told, hint, None, source, commands=commands)
    what, to = _standing(entry, listed), _successor(entry, listed)
    behind = shown if entry.id == name.model else f"{shown} ({entry.id})"
    if entry.lifecycle == "retired":
        hint = f"requests that name it fail: {to or 'choose another'}"
        return Finding("scan.retired", Level.REFUSE, f"{behind} is retired", hint, None, source)
    if _due(entry, listed):
        return Finding("scan.retires-soon", Level.WARN, f"{behind} {what}", to or "plan the move", None, source)
    said = f"{behind} is set outside of the gate" + (f"; {what}" if what else "")
    return Finding("scan.outside-gate", Level.NOTE, said, _INTO_GATE, None, source)


def _of_platform(place: Place, listed: Listed) -> Finding:
    """Dates differ from platform to platform: what is known of the model behind is known of the Claude API alone."""
    name, entry = place.name, listed.by_name.get(place.name.model)
    message = f"{short(name.text, 60)} is a name of {name.platform}"
    hint = "its own dates count there"
    if entry:
        known = "retired" if entry.lifecycle == "retired" else _standing(entry, listed) or entry.lifecycle or "served"
        hint = f"on the Claude API {entry.id}: {known}; dates differ from platform to platform"
    check = "scan.outside-gate" if listed.entries is None else "scan.other-platform"
    return Finding(check, Level.NOTE, message, hint, None, place.source)


def _standing(entry: Entry, listed: Listed) -> str:
    """`retires in 4 days, on 2026-11-30`; empty where nothing is announced."""
    if entry.retires_at is None:
        return "is deprecated" if entry.lifecycle == "deprecated" else ""
    days, day = days_left(entry.retires_at, listed.now), entry.retires_at.date().isoformat()
    return f"was to retire on {day}" if days < 0 else f"retires in {days} days, on {day}"


def _due(entry: Entry, listed: Listed) -> bool:
    return entry.retires_at is not None and days_left(entry.retires_at, listed.now) <= listed.warn_days


def _successor(entry: Entry, listed: Listed) -> str:
    proposed = successor(listed.entries or (), entry.id, Needs()).entry
    return f"move to {proposed.id}" if proposed else ""


def _with(found: Finding, level: Level, *, waived: bool = False, hint: str | None = None) -> Finding:
    hint = found.hint if hint is None else hint
    return Finding(found.id, level, found.message, hint, found.slot, found.source, waived)
