"""The fleet as metrics, in the text format of OpenMetrics 1.0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from modelgate.domain.fleet import MARKS, Fleet, FleetSlot
from modelgate.domain.text import printable

Series = tuple[Mapping[str, str], str]
"""Labels and value."""
MOST_SERIES = 10_000
"""Above so many slots there are sums alone: what a monitoring system takes from one target."""
CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def as_openmetrics(fleet: Fleet) -> str:
    """One series a slot, and sums."""
    lines: list[str] = []
    if len(fleet.slots) <= MOST_SERIES:
        help_text = "Days until the model that the slot runs retires; +Inf without a date, NaN where nothing is known."
        lines += _family("modelgate_slot_days_left", help_text, ((_labels(s), _days(s)) for s in fleet.slots))
    marks = Counter(slot.mark for slot in fleet.slots)
    lines += _family("modelgate_slots", "Slots by state.", (({"state": m}, str(marks[m])) for m in MARKS))
    models = Counter(slot.model for slot in fleet.slots if slot.model)
    lines += _family(
        "modelgate_model_slots",
        "Slots that run a model.",
        (({"model": model}, str(count)) for model, count in sorted(models.items())),
    )
    known = [slot.facts.known_at for slot in fleet.slots if slot.facts]
    oldest: list[Series] = [({}, f"{min(known).timestamp():.3f}")] if known else []
    lines += _family("modelgate_oldest_facts_timestamp_seconds", "When the oldest facts were asked for.", oldest)
    seen: list[Series] = [({}, f"{fleet.seen_at.timestamp():.3f}")]
    lines += _family("modelgate_fleet_seen_timestamp_seconds", "When the audit store was read.", seen)
    return "\n".join([*lines, "# EOF", ""])


def _family(name: str, help_text: str, series: Iterable[Series]) -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    if name.endswith("_seconds"):
        yield f"# UNIT {name} seconds"
    yield f"# HELP {name} {help_text}"
    for labels, value in series:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{told}}} {value}" if told else f"{name} {value}"


def _labels(slot: FleetSlot) -> dict[str, str]:
    return {
        "service": slot.scope.service,
        "environment": slot.scope.environment,
        "slot": slot.slot,
        "model": slot.model or "",
        "state": slot.mark,
    }


def _days(slot: FleetSlot) -> str:
    if slot.days_left is not None:
        return str(slot.days_left)
    return "NaN" if slot.facts is None else "+Inf"


def _escaped(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
