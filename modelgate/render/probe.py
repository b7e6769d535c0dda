"""Probes as text, as Markdown and as JSON. No word of a sample is in any of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from modelgate.domain.probe import Verdict
from modelgate.domain.probe_report import SCHEMA, ProbeReport, SlotProbe
from modelgate.domain.text import printable
from modelgate.render import gfm
from modelgate.render.style import Colour, Style
from modelgate.render.table import table, wrapped

_HEADINGS = ("slot", "id", "shown", "sample", "tokens", "limit", "request")
_COLOURS: dict[Verdict, Colour] = {"shown": "green", "refused": "red", "unknown": "magenta"}


def as_text(found: ProbeReport, style: Style) -> str:
    """A table, then for each slot what is wrong and what comes next."""
    rows = [_cells(each) for each in found.slots]
    colours = [_COLOURS[each.probed.verdict] for each in found.slots]
    lines = table(_HEADINGS, rows, style, colours, expendable=("request", "sample"))
    for each in found.slots:
        for said, then, commands in _told(each):
            lines += wrapped(f"{each.probed.slot}: {said}", style)
            first, *more = wrapped(then, style, indent=4) if then else ("",)
            lines += [f"  → {first}", *(f"    {line}" for line in more)] if then else []
            lines += [style.paint(f"  {line}", "cyan") for line in commands]
    lines.append(_evidence(found))
    return "\n".join(lines)


def price_lines(found: ProbeReport) -> list[str]:
    """What is about to be sent, and what it costs at the most."""
    lines = []
    for each in found.slots:
        if each.probed.verdict == "shown":
            cost = "its price is not known here, and nothing bounds it"
            if each.cost is not None:
                cost = f"{each.cost:.4f} US dollars at the most"
            seen = each.probed
            lines.append(
                f"{seen.slot}: one message of {seen.input_tokens} tokens to {printable(seen.model_id)}, {cost}"
            )
    return lines


def as_markdown(found: ProbeReport) -> str:
    """A table and a list, for a comment on a pull request."""
    rows = [[gfm.code(cell) if column < 2 else gfm.escape(cell) for column, cell in enumerate(_cells(each))]
            for each in found.slots]  # fmt: skip
    kind = "live probe" if found.live else "probe"
    parts = [f"### modelgate {kind}: {gfm.escape(str(found.scope))}", gfm.table(_HEADINGS, rows)]
    told = [(each.probed.slot, *one) for each in found.slots for one in _told(each)]
    said = [
        f"- {gfm.code(slot)} {gfm.escape(said)}{f': {gfm.escape(then)}' if then else ''}"
        for slot, said, then, _ in told
    ]
    parts += ["\n".join(said)] if said else []
    parts += [gfm.command_block(line) for line in dict.fromkeys(line for *_, commands in told for line in commands)]
    return "\n\n".join([*parts, gfm.escape(_evidence(found))])


def as_json(found: ProbeReport) -> str:
    """`modelgate.probe/1`, as `render/probe.schema.json` describes it."""
    told = {
        "schema": SCHEMA,
        "service": found.scope.service,
        "environment": found.scope.environment,
        "exit_code": found.exit_code,
        "origin": found.origin,
        "live": found.live,
        "head": str(found.head) if found.head else None,
        "unrecorded": found.unrecorded or None,
        "slots": [_slot_json(each) for each in found.slots],
    }
    return json.dumps(told, indent=2)


def _slot_json(each: SlotProbe) -> dict[str, Any]:
    probed = each.probed
    return {
        "slot": probed.slot,
        "id": probed.model_id,
        "suite": "probe-live" if probed.live else "probe",
        "verdict": probed.verdict,
        "check": probed.check or None,
        "message": probed.message,
        "hint": probed.hint,
        "commands": list(probed.commands),
        "reason": probed.reason,
        "status": probed.status,
        "error_type": probed.error_type,
        "request_id": probed.request_id,
        "sample": each.sample or None,
        "requests": each.requests,
        "input_tokens": probed.input_tokens,
        "output_tokens": probed.output_tokens,
        "max_input_tokens": each.limit,
        "cost": str(each.cost) if each.cost is not None else None,
        "served_model": probed.served_model,
        "findings": [
            {
                "id": f.id,
                "level": f.level.value,
                "message": f.message,
                "hint": f.hint,
                "commands": list(f.commands),
                "waived": f.waived,
            }
            for f in each.findings
        ],
    }


def _cells(each: SlotProbe) -> list[str]:
    probed = each.probed
    verdict = {"shown": "answered" if probed.live else "counted", "refused": "refused", "unknown": "not known"}
    many = f" ({each.requests} requests)" if each.requests > 1 else ""
    return [
        probed.slot,
        probed.model_id,
        verdict[probed.verdict],
        f"{each.sample or 'one word'}{many}",
        "-" if probed.input_tokens is None else str(probed.input_tokens),
        "-" if each.limit is None else str(each.limit),
        probed.request_id or "-",
    ]


def _told(each: SlotProbe) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What is wrong, and what comes next: in words, and as lines to paste."""
    probed = each.probed
    if probed.check:
        yield f"{probed.check}: {printable(probed.message, 300)}", printable(probed.hint, 500), probed.commands
    if probed.reason:
        yield f"the API says: {probed.reason}", "", ()
    for finding in each.findings:
        waived = " (waived)" if finding.waived else ""
        yield f"{finding.level.value} {finding.id}{waived}: {finding.message}", finding.hint, finding.commands


def _evidence(found: ProbeReport) -> str:
    if found.unrecorded:
        return f"nothing was recorded: {printable(found.unrecorded, 300)}"
    if found.head is None:
        return "nothing was recorded: nothing was found out"
    return f"recorded as evidence: {found.head}"
