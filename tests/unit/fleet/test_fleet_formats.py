"""The fleet in its formats, each read by somebody else's reader."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import inf
from pathlib import Path

import icalendar
import pytest
from jsonschema import Draft202012Validator
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from modelgate import render
from modelgate.domain.fleet import Fleet, FleetSlot, Look, ModelFacts
from modelgate.domain.rows import HandOver, Scope
from modelgate.render.calendar import as_calendar
from modelgate.render.fleet import as_json, as_markdown, as_text
from modelgate.render.openmetrics import MOST_SERIES, as_openmetrics
from modelgate.render.style import Style

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PROD = Scope("checkout", "prod")
MODEL = "claude-opus-4-5-20251101"
HOSTILE = 'a|b"\\\n<script>@all\x1b[31m,;' + "é" * 60
LOOK = Look(PROD, 1, NOW, "pod-1", "run_1", "preflight", "pass", True, "https://api.example", NOW, None)
SLOT = FleetSlot(
    PROD, "summarizer", "claude-opus-4-5", MODEL, MODEL, False, None,
    (HandOver("summarizer", MODEL, "claude-opus-4-5", NOW, "run_1", "pod-1", "ada", "0.1.0"),), 3, True,
    ModelFacts("deprecated", NOW + timedelta(days=57), NOW), {"preflight": LOOK}, "due", 57,
)  # fmt: skip
UNKNOWN = replace(SLOT, slot="grader", facts=None, mark="ok", days_left=None, handed=())
UNDATED = replace(SLOT, slot="tagger", facts=ModelFacts("active", None, NOW), mark="ok", days_left=None)


def of(*slots: FleetSlot) -> Fleet:
    """A fleet of these."""
    return Fleet(NOW, slots)


def test_json_keeps_to_its_schema() -> None:
    """Every slot, also one of which hardly anything is known, is what the shipped schema says."""
    schema = json.loads((Path(render.__file__).parent / "fleet.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    for model in (None, MODEL):
        document = json.loads(as_json(of(SLOT, UNKNOWN, UNDATED), model))
        assert list(Draft202012Validator(schema).iter_errors(document)) == []


def test_metrics_are_read_by_prometheus_own_parser() -> None:
    """One series a slot: days, endless without a date, not a number where nothing is known; and the sums."""
    families = {f.name: f for f in text_string_to_metric_families(as_openmetrics(of(SLOT, UNKNOWN, UNDATED)))}
    days = {s.labels["slot"]: s.value for s in families["modelgate_slot_days_left"].samples}
    assert (days["summarizer"], days["tagger"], days["grader"] != days["grader"]) == (57, inf, True)
    states = {s.labels["state"]: s.value for s in families["modelgate_slots"].samples}
    assert (states["due"], states["ok"], states["held"]) == (1, 2, 0)
    assert [(s.labels, s.value) for s in families["modelgate_model_slots"].samples] == [({"model": MODEL}, 3)]


def test_above_ten_thousand_slots_there_are_sums_alone() -> None:
    """A fleet as large as that is one series a state and model, not one a slot."""
    families = {f.name for f in text_string_to_metric_families(as_openmetrics(of(*[SLOT] * (MOST_SERIES + 1))))}
    assert ("modelgate_slot_days_left" in families, "modelgate_slots" in families) == (False, True)


def test_the_calendar_is_read_by_a_calendar_library() -> None:
    """One event of a day for a model with a date, whoever runs it; none for one without."""
    calendar = icalendar.Calendar.from_ical(as_calendar(of(SLOT, UNKNOWN, UNDATED)))
    (event,) = calendar.walk("VEVENT")
    assert event.decoded("DTSTART") == date(2027, 1, 22)
    assert str(event["SUMMARY"]) == f"{MODEL} retires, used in 1 place"


def test_an_event_keeps_its_uid_when_its_date_moves() -> None:
    """A calendar then moves the event instead of adding another."""
    moved = replace(SLOT, facts=ModelFacts("deprecated", NOW + timedelta(days=90), NOW))
    events = [next(iter(icalendar.Calendar.from_ical(as_calendar(of(s))).walk("VEVENT"))) for s in (SLOT, moved)]
    assert events[0]["UID"] == events[1]["UID"]
    assert events[0].decoded("DTSTART") != events[1].decoded("DTSTART")


def test_hostile_names_are_shown_and_break_nothing() -> None:
    """Names with quotes, line ends, commands to a terminal and markup stay what they are: text in their place."""
    hostile = replace(SLOT, slot=HOSTILE, reference=HOSTILE, scope=Scope(HOSTILE, "prod"))
    hostile = replace(hostile, handed=(SLOT.handed[0]._replace(model_id=HOSTILE),))
    families = {f.name: f for f in text_string_to_metric_families(as_openmetrics(of(hostile)))}
    assert families["modelgate_slot_days_left"].samples[0].labels["slot"].startswith('a|b"\\\\x0a<script>')
    raw = as_calendar(of(hostile))
    assert max(len(line) for line in raw.encode().split(b"\r\n")) <= 75
    (event,) = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    assert "<script>@all" in str(event["SUMMARY"])
    table = as_markdown(of(hostile)).splitlines()
    assert len(table[2].replace("\\|", "").split("|")) == len(table[0].split("|"))
    assert "\x1b" not in as_text(of(hostile), Style())


@pytest.mark.parametrize("width", [80, 120])
def test_text_fits_the_terminal(width: int) -> None:
    """No line is wider than the terminal, and the last one sums up."""
    lines = as_text(of(SLOT, UNKNOWN), Style(width=width)).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[-1] == "2 slots of 1 service: 1 due, 1 ok"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_takes_the_alert_rules() -> None:
    """The rules in deploy/ are rules, and name series that there are."""
    rules = Path(__file__).parents[3] / "deploy" / "prometheus" / "alerts.yaml"
    done = subprocess.run(["promtool", "check", "rules", str(rules)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    exposed = as_openmetrics(of(SLOT))
    named = {
        word for word in rules.read_text().replace("{", " ").replace("(", " ").split() if word.startswith("modelgate_")
    }
    assert {name for name in named if name.rstrip(")") not in exposed} == set()
