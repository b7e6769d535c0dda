"""Moves to successors as text, as the body of a pull request, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from modelgate.domain.prices import Price
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant
from modelgate.domain.upgrade import SCHEMA, Move, State, Upgrade
from modelgate.render import gfm
from modelgate.render.style import Colour, Style
from modelgate.render.table import table, wrapped

_HEADINGS = ("slot", "reference", "may run", "how it stands", "successor")
_COLOURS: dict[State, Colour] = {"fine": "green", "move": "yellow", "stuck": "red", "unknown": "magenta"}
_SAID: dict[State, str] = {"move": "to move", "stuck": "without a successor", "unknown": "not known", "fine": "fine"}
_LINES = ("to write", "written", "by hand")
"""Labels of what is a line of a file."""
_LABEL = 13
"""Columns before what a line tells."""


def as_text(found: Upgrade, style: Style) -> str:
    """A table of all slots, a block for each that is to be moved, and a line that sums it up."""
    rows = [[*_cells(move)] for move in found.moves]
    blocks = [table(_HEADINGS, rows, style, [_COLOURS[move.state] for move in found.moves], expendable=("reference",))]
    for move in found.moves:
        told = [line for label, what in _told(move) for line in _line(label, printable(what, 4000), style)]
        commands = [style.paint(f"  {line}", "cyan") for line in move.commands]
        if told or commands:
            blocks.append([style.paint(_title(move), "bold"), *told, *commands])
    blocks.append([f"{name}: {printable(problem)}" for name, problem in found.unset.items()])
    blocks.append([summary(found)])
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def as_markdown(found: Upgrade) -> str:
    """The body of a pull request: what moves and why, what changes on the way, and what comes next."""
    rows = [[gfm.code(cell) if column in (0, 1, 2, 4) else gfm.escape(cell) for column, cell in enumerate(_cells(move))]
            for move in found.moves]  # fmt: skip
    parts = [f"### modelgate upgrade: {gfm.escape(str(found.scope))}: {gfm.escape(summary(found))}"]
    parts.append(gfm.table(_HEADINGS, rows))
    for move in found.moves:
        told = [f"- **{label}** {_cell(label, what)}" for label, what in _told(move)]
        if told or move.commands:
            parts.append("\n".join([f"#### {gfm.code(_title(move))}", "", *told]))
            parts += [gfm.command_block(line) for line in move.commands]
    parts += [f"{gfm.code(name)}: {gfm.escape(problem)}" for name, problem in found.unset.items()]
    parts.append(f"By what {gfm.escape(found.origin)} said on {format_instant(found.as_of)[:16]}Z.")
    return "\n\n".join(part for part in parts if part)


def _cell(label: str, what: str) -> str:
    shown = printable(what, 4000)
    return gfm.code(shown) if label in _LINES else gfm.escape(shown)


def summary(found: Upgrade) -> str:
    """`3 slots: 1 to move, 2 fine`."""
    counts = Counter(move.state for move in found.moves)
    counts["unknown"] += len(found.unset)
    told = ", ".join(f"{counts[state]} {said}" for state, said in _SAID.items() if counts[state])
    number = len(found.moves) + len(found.unset)
    return f"{number} {'slot' if number == 1 else 'slots'}: {told}"


def as_json(found: Upgrade) -> str:
    """`modelgate.upgrade/1`, as `render/upgrade.schema.json` describes it."""
    told = {
        "schema": SCHEMA,
        "service": found.scope.service,
        "environment": found.scope.environment,
        "exit_code": found.exit_code,
        "as_of": format_instant(found.as_of),
        "origin": found.origin,
        "days_left": found.days_left,
        "files": [path.as_posix() for path in found.files],
        "slots": [_slot_json(move) for move in found.moves],
        "unset": [{"slot": name, "problem": problem} for name, problem in found.unset.items()],
    }
    return json.dumps(told, indent=2)


def _slot_json(move: Move) -> dict[str, Any]:
    change = move.change
    return {
        "slot": move.slot.name,
        "reference": move.slot.reference,
        "source": str(move.slot.source),
        "may_run": move.present,
        "held": move.held,
        "state": move.state,
        "standing": move.standing.said,
        "days_left": move.standing.days_left,
        "successor": move.to,
        "problem": move.proposal.problem,
        "candidates": [{"id": each.id, "against": list(each.against)} for each in move.proposal.candidates],
        "needs": list(move.needs.words),
        "lost": list(move.gains.lost),
        "gained": list(move.gains.gained),
        "limits": [{"name": name, "before": before, "after": after} for name, before, after in move.gains.limits],
        "prices": _prices_json(move.prices) if move.prices else None,
        "evidence": list(move.evidence),
        "change": {
            "line": change.line,
            "source": str(change.source),
            "written": change.written,
            "why_not": change.why_not,
        }
        if change.line
        else None,
        "commands": list(move.commands),
    }


def _prices_json(prices: tuple[Price, Price]) -> dict[str, Any]:
    return {side: {"input": str(price.input), "output": str(price.output)}
            for side, price in zip(("before", "after"), prices, strict=True)}  # fmt: skip


def _cells(move: Move) -> tuple[str, ...]:
    held = " (held)" if move.held else ""
    may_run = f"{move.present or 'nothing'}{held}"
    return move.slot.name, printable(move.slot.reference), printable(may_run), move.standing.said, move.to or "-"


def _title(move: Move) -> str:
    to = f" → {move.to}" if move.to else ""
    return f"{move.slot.name}: {printable(move.present or move.slot.reference)}{to}"


def _told(move: Move) -> Iterator[tuple[str, str]]:
    """What a person decides by: needs that rule candidates out first, then what is lost, then the rest."""
    if move.proposal.problem:
        yield "unknown", move.proposal.problem
    passed = [each for each in move.proposal.candidates if each.against]
    for each in passed:
        yield "passed over", f"{each.id}: {', '.join(each.against)}"
    if move.state in ("stuck", "fine") and not passed and not move.proposal.problem and move.standing.ends:
        yield "none", "no newer model of its line is listed"
    if move.to is None:
        return
    if move.needs.words:
        yield "needs met", ", ".join(move.needs.words)
    if move.gains.lost:
        yield "loses", ", ".join(move.gains.lost)
    if move.gains.gained:
        yield "gains", ", ".join(move.gains.gained)
    for name, before, after in move.gains.limits:
        yield "limit", f"{name} {before} → {after}"
    if move.prices:
        yield "price", _price(move.prices)
    if move.evidence:
        yield "evidence", f"asked for before it is approved: {', '.join(move.evidence)}"
    if move.held:
        yield "held", "it runs the held ID until it is released"
    yield from _change(move)


def _change(move: Move) -> Iterator[tuple[str, str]]:
    change = move.change
    if not change.line:
        means = "it is asked for" if move.slot.reference == move.to else f"{move.slot.reference} means it"
        yield "reference", f"{means} already"
    elif change.why_not:
        yield "by hand", f"{change.line} ({change.source}: {change.why_not})"
    else:
        yield "written" if change.written else "to write", f"{change.line} ({change.source})"


def _price(prices: tuple[Price, Price]) -> str:
    before, after = prices
    return (
        f"input {_dollars(before.input)} → {_dollars(after.input)}, output {_dollars(before.output)} → "
        f"{_dollars(after.output)} US dollars per million tokens, as the settings have them"
    )


def _dollars(price: Decimal) -> str:
    return f"{price.normalize():f}"


def _line(label: str, what: str, style: Style) -> Sequence[str]:
    first, *more = wrapped(what, style, indent=_LABEL + 2)
    return [f"  {label:<{_LABEL}}{first}", *(f"  {'':<{_LABEL}}{line}" for line in more)]
