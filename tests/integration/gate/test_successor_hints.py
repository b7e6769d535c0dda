"""Wherever somebody is told to move, they are told to which model, and by which command."""

from __future__ import annotations

import json

import pytest
from support.commands import Shell
from support.sites import ALIAS, NEW, OLD, OTHER, Site, finding

from modelgate.domain.findings import Finding
from modelgate.fleet.watch import watch
from modelgate.operations.status import status

UPGRADE = "modelgate upgrade summarizer -s checkout -e prod"
GONE = "claude-sonnet-4-20250514"


def advice(found: Finding) -> tuple[str, tuple[str, ...]]:
    """What comes next."""
    return found.hint, found.commands


@pytest.mark.parametrize("check", ["catalogue.deprecated", "catalogue.retires-soon"])
def test_a_check_of_an_id_that_ends_names_the_successor(file_site: Site, check: str) -> None:
    """Prose and command apart; the same at preflight."""
    file_site.accept("summarizer")
    file_site.sandbox.deprecate(OLD, retires_in_days=40)
    for report in (file_site.check(), file_site.preflight()):
        assert advice(finding(report, check)) == (f"move to {NEW}", (UPGRADE,))


def test_a_reference_or_a_pin_that_is_retired_names_it_too(file_site: Site) -> None:
    """Its place among the others is asked for, as the list of what is served has it no more."""
    file_site.asks(summarizer=GONE)
    assert advice(finding(file_site.check(), "catalogue.retired")) == (f"move to {NEW}", (UPGRADE,))
    file_site.asks(summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.sandbox.retire(OLD)
    hint = finding(file_site.check(), "drift.pin-retired").hint
    assert hint == f"set model to {NEW} first"


def test_a_need_that_is_not_met_names_the_first_newer_model_that_meets_it(file_site: Site) -> None:
    """And none where none does."""
    file_site.asks(more='[slots.summarizer]\nmodel = "claude-opus-4-1"\nrequires = ["effort.high"]\n')
    missing = finding(file_site.check(), "catalogue.missing-capability")
    assert advice(missing) == ("move to claude-opus-5", (UPGRADE,))
    file_site.asks(more=f'[slots.summarizer]\nmodel = "{OTHER}"\nmin_input_tokens = 9000000\n')
    too_small = finding(file_site.check(), "catalogue.limit-too-small")
    assert advice(too_small) == (f"choose a larger model than {OTHER}", ("modelgate models -s checkout -e prod",))


def test_no_successor_is_named_by_facts_of_the_store(file_site: Site) -> None:
    """They hold a few models, and no order: the command asks for itself."""
    file_site.asks(policy={"reuse_seconds": 600}, summarizer=ALIAS)
    file_site.accept("summarizer")
    file_site.sandbox.deprecate(OLD, retires_in_days=40)
    fresh, reused = file_site.check(), file_site.check()
    assert finding(fresh, "catalogue.deprecated").hint == f"move to {NEW}"
    assert (reused.reused_from, finding(reused, "catalogue.deprecated").hint) == (fresh.run_id, "plan the move")


def test_status_names_what_the_last_run_that_asked_saw(site: Site) -> None:
    """It asks the store alone; of an ID that was approved since nobody knows, and the command asks."""
    site.accept("summarizer")
    site.sandbox.deprecate(OLD, retires_in_days=40)
    site.check()
    (slot,) = status(site.world()).slots
    assert (slot.ends, slot.successor) == (True, NEW)
    told = Shell(site).run("status", "-e", "prod").stdout
    assert f"→ summarizer: move to {NEW}\n  {UPGRADE}\n" in told
    site.sandbox.deprecate("claude-sonnet-4-6", retires_in_days=40)
    site.asks(summarizer="claude-sonnet-4-6")
    site.accept("summarizer")
    (slot,) = status(site.world()).slots
    assert (slot.model_id, slot.ends, slot.successor) == ("claude-sonnet-4-6", True, None)


def test_watch_names_it_by_the_needs_that_the_run_recorded(file_site: Site) -> None:
    """A limit counts there too, which no finding of the watch is about."""
    file_site.asks(more=f'[slots.summarizer]\nmodel = "{ALIAS}"\nmin_output_tokens = 60000\n')
    file_site.accept("summarizer")
    file_site.preflight()
    file_site.sandbox.deprecate(OLD, retires_in_days=40)
    file_site.sandbox.patch_model(NEW, max_tokens=32000)
    told = watch(file_site.world(), notify=False).seen.troubles
    assert {trouble.hint for trouble in told} == {"move to claude-sonnet-4-6"}


def test_what_a_sample_rules_out_is_not_named(file_site: Site) -> None:
    """A check reads the sample, and names what `upgrade` would; preflight and watch do not read it, and name none."""
    (file_site.config / "s.json").write_text(
        '{"max_tokens": 20000, "thinking": {"type": "enabled", "budget_tokens": 1024}, '
        '"messages": [{"role": "user", "content": "hi"}]}'
    )
    file_site.asks(more=f'[slots.summarizer]\nmodel = "{ALIAS}"\nsample = "s.json"\n')
    file_site.accept("summarizer")
    file_site.sandbox.deprecate(OLD, retires_in_days=40)
    assert finding(file_site.check(), "catalogue.deprecated").hint == "move to claude-sonnet-4-6"
    assert finding(file_site.preflight(), "catalogue.deprecated").hint == "plan the move"
    told = watch(file_site.world(), notify=False).seen.troubles
    assert {trouble.hint for trouble in told} == {"plan the move", "move to another model"}


def test_a_command_that_a_hint_names_ends_on_the_model_that_it_names(file_site: Site) -> None:
    """Of a model that does not end too, and of one whose line is not allowed: no hint leads in a circle."""
    cases = {
        "catalogue.missing-capability": 'model = "claude-opus-4-5"\nrequires = ["thinking.types.adaptive"]\n',
        "catalogue.line-not-allowed": 'model = "claude-haiku-4-5-20251001"\n',
    }
    for check, slot in cases.items():
        file_site.asks(policy={"allowed_lines": ["opus"]}, more=f"[slots.summarizer]\n{slot}")
        told = finding(file_site.check(), check)
        assert told.hint.startswith("move to claude-opus-")
        (line,) = told.commands
        found = Shell(file_site).run(*line.split()[1:], "--format", "json")
        (move,) = json.loads(found.stdout)["slots"]
        assert (found.returncode, f"move to {move['successor']}") == (1, told.hint)


def test_what_refuses_an_approval_names_the_successor_too(file_site: Site) -> None:
    """`accept` and `lock`, of a reference that is retired, of a need that is not met, and of what a run saw."""
    file_site.asks(summarizer=GONE)
    told = Shell(file_site).run("accept", "summarizer", "--reason", "x", "-e", "prod")
    _, hint, command = told.stderr.splitlines()
    assert (told.returncode, hint, command.strip()) == (
        1,
        f"  → move to {NEW}: it is set at config/prod.toml:5",
        UPGRADE,
    )
    file_site.asks(policy={"pins_from": "lock"}, summarizer=GONE)
    assert f"→ move to {NEW}: " in Shell(file_site).run("lock", "-e", "prod").stderr
    file_site.asks(more='[slots.summarizer]\nmodel = "claude-opus-4-1"\nrequires = ["effort.high"]\n')
    assert "→ move to claude-opus-5" in Shell(file_site).run("accept", "--all", "--reason", "x", "-e", "prod").stderr
    file_site.asks(summarizer=ALIAS)
    seen = file_site.check().run_id
    file_site.sandbox.retire(OLD)
    told = Shell(file_site).run("accept", "summarizer", "--run", str(seen), "--reason", "x", "-e", "prod")
    assert (told.returncode, f"→ move to {NEW}\n" in told.stderr) == (1, True)


def test_what_a_sample_needs_names_the_model_that_serves_it(file_site: Site) -> None:
    """Where the model that runs cannot, and a newer one of its line can."""
    (file_site.config / "s.json").write_text(
        '{"max_tokens": 20000, "output_config": {"effort": "high"}, "messages": [{"role": "user", "content": "hi"}]}'
    )
    file_site.asks(more=f'[slots.summarizer]\nmodel = "{ALIAS}"\nsample = "s.json"\n')
    found = finding(file_site.check(), "catalogue.missing-capability")
    assert (found.hint.endswith(f"change the request, or move to {NEW}"), len(found.commands)) == (True, 1)
    refused = Shell(file_site).run("accept", "--all", "--reason", "x", "-e", "prod")
    assert (refused.returncode, f"or move to {NEW}\n" in refused.stderr) == (1, True)
