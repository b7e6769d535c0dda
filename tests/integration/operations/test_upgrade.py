"""upgrade: what each slot moves to, and the settings that say so, against a real API, store and files."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.commands import Shell
from support.sites import ALIAS, NEW, OLD, OTHER, Site, found

from modelgate.domain.errors import CouldNotKnow, SettingsError, UsageError
from modelgate.domain.upgrade import Ask, Move, Upgrade
from modelgate.operations.upgrade import upgrade
from modelgate.settings.lock import read_lock

ENDS = "claude-opus-4-1-20250805"
"""Deprecated in a fresh sandbox; it retires in 200 days."""
GONE = "claude-sonnet-4-20250514"
SCHEMA = Path(__file__).parents[3] / "modelgate" / "render" / "upgrade.schema.json"


def moves(site: Site, *names: str, environment: str = "prod", write: bool = False, **ask: Any) -> Upgrade:
    """One `modelgate upgrade`."""
    return upgrade(site.world(environment), names, Ask(**ask), write=write)


def only(site: Site, **ask: Any) -> Move:
    """The move of the one slot."""
    (move,) = moves(site, **ask).moves
    return move


def _in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_nothing_is_proposed_where_nothing_ends(file_site: Site) -> None:
    """Exit code 0; `--newer` proposes all the same."""
    file_site.accept("summarizer")
    found = moves(file_site)
    assert (found.exit_code, found.moves[0].state, found.moves[0].present) == (0, "fine", OLD)
    newer = moves(file_site, newer=True)
    assert (newer.exit_code, newer.moves[0].to) == (1, NEW)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"lifecycle": "deprecated"}, "deprecated"),
        ({"lifecycle": "deprecated", "retires_at": _in_days(4)}, "deprecated, retires in 3 days"),
        ({"lifecycle": "active", "retires_at": _in_days(60)}, "active, retires in 59 days"),
        ({"lifecycle": "retired"}, "retired"),
    ],
)
def test_a_successor_is_proposed_where_the_present_id_ends(site: Site, state: dict[str, Any], said: str) -> None:
    """Deprecated, retiring within the horizon, or retired: the ID that the slot may run, by its pin."""
    site.accept("summarizer")
    site.sandbox.patch_model(OLD, **state)
    move = only(site)
    assert move.standing.said.startswith(said)
    assert (move.state, move.present, move.to) == ("move", OLD, NEW)


def test_a_reference_that_is_retired_has_a_successor_too(file_site: Site) -> None:
    """Nothing was ever approved: the name itself says which model it was, and its place in the list where it stood."""
    file_site.asks(summarizer=GONE, grader="claude-nothing-1")
    found = moves(file_site)
    assert [(move.state, move.present, move.to) for move in found.moves] == [
        ("move", GONE, NEW),
        ("unknown", None, None),
    ]
    assert (found.exit_code, found.days_left) == (1, 0)
    assert found.moves[1].standing.said == "no model is called claude-nothing-1"


def test_what_rules_each_candidate_out_is_told(file_site: Site) -> None:
    """None: exit code 3, with the reasons; another line is taken only where somebody names it."""
    more = (
        '[slots.strict]\nmodel = "claude-opus-4-1"\nrequires = ["thinking.types.enabled"]\nmin_input_tokens = 500000\n'
    )
    file_site.asks(more=more)
    found = moves(file_site)
    against = {each.id: each.against for each in found.moves[0].proposal.candidates}
    assert against["claude-opus-5"] == ("does not support thinking.types.enabled",)
    assert against["claude-opus-4-5-20251101"] == ("max_input_tokens is 200000, needed: 500000",)
    assert (found.exit_code, found.moves[0].to) == (1, "claude-opus-4-6")
    file_site.asks(policy={"allowed_lines": ["haiku"]}, more=more)
    assert (moves(file_site).exit_code, moves(file_site).moves[0].state) == (3, "stuck")
    file_site.asks(summarizer="claude-opus-4-1")
    assert only(file_site, line="haiku").to == "claude-haiku-4-5-20251001"


def test_a_certain_id_is_held_to_the_same(file_site: Site) -> None:
    """`--to` proposes at any time, an older model too, and says why not."""
    file_site.accept("summarizer")
    assert (only(file_site, to="claude-opus-4-5-20251101").to, only(file_site, to=OLD).state) == (
        "claude-opus-4-5-20251101",
        "fine",
    )
    assert only(file_site, to=ENDS).proposal.candidates[0].against == ("is deprecated",)
    assert only(file_site, to="claude-opus-6").proposal.problem == "the Models API lists no claude-opus-6"
    assert moves(file_site, to="claude-opus-6").exit_code == 3
    file_site.asks(summarizer=ALIAS, grader=ALIAS)
    with pytest.raises(UsageError, match="--to is for the slots that are named"):
        moves(file_site, to=OTHER)


def test_an_alias_that_moved_needs_no_other_name(file_site: Site) -> None:
    """The reference means the successor already: only the approval is missing, unless aliases are not allowed."""
    file_site.accept("summarizer")
    file_site.sandbox.move_alias(ALIAS, NEW)
    file_site.sandbox.patch_model(OLD, lifecycle="deprecated")
    move = only(file_site)
    assert (move.to, move.asks_already, move.change.line) == (NEW, True, "")
    assert move.commands == ('modelgate accept summarizer --reason "…" -s checkout -e prod',)
    before = (file_site.config / "prod.toml").read_bytes()
    assert moves(file_site, write=True).files == ()
    assert (file_site.config / "prod.toml").read_bytes() == before
    file_site.asks(policy={"require_canonical": True}, summarizer=ALIAS)
    assert only(file_site).change.line == f'model = "{NEW}"'


def test_a_held_slot_is_judged_by_its_held_id(site: Site) -> None:
    """It runs that until it is released, which is the command to go on with."""
    site.asks(summarizer=NEW)
    site.accept("summarizer")
    site.rollback("summarizer", to="claude-sonnet-4-6", never_run=True)
    site.sandbox.patch_model("claude-sonnet-4-6", lifecycle="deprecated")
    move = only(site)
    assert (move.present, move.held, move.to, move.change.line) == ("claude-sonnet-4-6", True, NEW, "")
    assert move.commands == ('modelgate release summarizer --accept --reason "…" -s checkout -e prod',)
    site.release("summarizer", how="accept")
    assert only(site).state == "fine"


def test_the_whole_way_from_an_end_to_a_start_on_the_successor(site: Site) -> None:
    """Proposed, written, checked, accepted, started; the store is pinned by accept alone."""
    site.accept("summarizer")
    site.sandbox.patch_model(OLD, lifecycle="deprecated")
    assert moves(site, write=True).files == (site.config / "prod.toml",)
    assert (site.config / "prod.toml").read_text().endswith(f'[slots.summarizer]\nmodel = "{NEW}"\n')
    assert site.pins() == [("accept", ALIAS, OLD)]
    assert site.check().exit_code == 1
    site.accept("summarizer")
    assert site.preflight().models == {"summarizer": NEW}
    assert moves(site).exit_code == 0


def test_two_slots_on_one_model_move_together(file_site: Site) -> None:
    """Each with what it needs: they may end on different models."""
    more = '[slots.thinker]\nmodel = "claude-sonnet-4-5"\nrequires = ["thinking.types.enabled"]\n'
    file_site.asks(summarizer=ALIAS, more=more)
    file_site.sandbox.patch_model(OLD, lifecycle="deprecated")
    found = moves(file_site, write=True)
    assert [(move.slot.name, move.to) for move in found.moves] == [
        ("summarizer", NEW),
        ("thinker", "claude-sonnet-4-6"),
    ]
    assert [(slot.name, slot.reference) for slot in file_site.world().settings.slots] == [
        ("summarizer", NEW),
        ("thinker", "claude-sonnet-4-6"),
    ]


def test_where_approvals_live_in_git_the_lock_is_written_too(file_site: Site) -> None:
    """One pull request holds both; after it a preflight starts on the successor, and nobody accepts anything."""
    file_site.asks(policy={"pins_from": "lock"}, summarizer=ALIAS, grader=OTHER)
    file_site.lock()
    file_site.sandbox.patch_model(OLD, lifecycle="deprecated")
    told = only_named(moves(file_site), "summarizer")
    assert told.commands == ("modelgate upgrade summarizer --write -s checkout -e prod",)
    found = moves(file_site, write=True)
    assert found.files == (file_site.config / "prod.toml", file_site.config / "prod.lock.toml")
    assert only_named(found, "summarizer").commands == ()
    assert file_site.check().exit_code == 0
    assert file_site.preflight().models == {"summarizer": NEW, "grader": OTHER}
    assert file_site.pins() == []


def only_named(found: Upgrade, name: str) -> Move:
    """The move of one of several slots."""
    return next(move for move in found.moves if move.slot.name == name)


def test_settings_and_lock_are_written_whole_or_not_at_all(file_site: Site) -> None:
    """Where the lock cannot be written, the settings are as they were."""
    file_site.asks(policy={"pins_from": "lock"}, summarizer=ALIAS)
    file_site.lock()
    file_site.sandbox.patch_model(OLD, lifecycle="deprecated")
    before = (file_site.config / "prod.toml").read_bytes()
    context = file_site.world()
    file_site.sandbox.fail_next(503, count=None, skip=2, path="/v1/models*", headers={"x-should-retry": "false"})
    with pytest.raises(CouldNotKnow):
        upgrade(context, (), Ask(), write=True)
    assert (file_site.config / "prod.toml").read_bytes() == before
    pins = read_lock(file_site.config / "prod.lock.toml", file_site.scope()).pins
    assert [pin.model_id for pin in pins] == [OLD]


def test_killed_between_settings_and_lock_it_ends_well_when_it_is_called_again(file_site: Site) -> None:
    """A start is refused in between, as both disagree; the next call says what may run still, and writes the lock."""
    file_site.asks(policy={"pins_from": "lock"}, summarizer=ALIAS)
    file_site.lock()
    file_site.sandbox.patch_model(OLD, lifecycle="deprecated")
    settings, lock = file_site.config / "prod.toml", file_site.config / "prod.lock.toml"
    before, locked = settings.read_bytes(), lock.read_bytes()
    file_site.sandbox.add_fault(path="/v1/models*", skip=2, count=None, delay_ms=60_000)
    process = Shell(file_site).start("upgrade", "-e", "prod", "--write")
    deadline = time.monotonic() + 60
    while settings.read_bytes() == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert (settings.read_bytes() != before, lock.read_bytes()) == (True, locked)
    file_site.sandbox.lift_faults()
    assert found(file_site.preflight())["settings.lock-stale"] == "refuse"
    move = only(file_site)
    assert (move.state, move.present, move.to, move.change.line) == ("move", OLD, NEW, "")
    assert move.commands == ("modelgate upgrade summarizer --write -s checkout -e prod",)
    again = moves(file_site, write=True)
    assert (again.exit_code, again.files) == (1, (lock,))
    assert (found(file_site.check()), only(file_site).state) == ({}, "fine")


@pytest.mark.parametrize("reaction", ["refuse", "warn"])
def test_a_move_that_waits_for_its_approval_is_told_as_one(site: Site, reaction: str) -> None:
    """What the slot may run is what was approved, not what the settings ask for since."""
    site.accept("summarizer")
    site.sandbox.patch_model(OLD, lifecycle="deprecated")
    # somebody's own choice, which does not end
    site.asks(policy={"reference_changed": reaction}, summarizer="claude-sonnet-4-6")
    move = only(site)
    assert (move.present, move.to, move.asks_already) == (OLD, "claude-sonnet-4-6", True)
    assert move.commands == ('modelgate accept summarizer --reason "…" -s checkout -e prod',)
    site.accept("summarizer")
    assert (only(site).present, only(site).state) == ("claude-sonnet-4-6", "fine")


@pytest.mark.parametrize("asked", [ENDS, GONE])
def test_where_only_what_is_asked_for_ends_that_is_what_moves(site: Site, asked: str) -> None:
    """The settings ask for a model that ends in place of an approved one that does not."""
    site.asks(summarizer=OTHER)
    site.accept("summarizer")
    site.asks(summarizer=asked)
    assert (only(site).present, only(site).state) == (asked, "move")


def test_a_variable_is_told_and_left_to_a_person(file_site: Site) -> None:
    """`--write` writes what it can; of the other it shows the line. A variable that is not set is not known: 3."""
    more = '[slots.grader]\nmodel_from = "GRADER_MODEL"\n'
    file_site.asks(summarizer=GONE, more=more)
    context = file_site.world(GRADER_MODEL=GONE)
    found = upgrade(context, (), Ask(), write=True)
    by_hand = only_named(found, "grader").change
    assert (by_hand.line, by_hand.written, str(by_hand.source)) == (f"GRADER_MODEL={NEW}", False, "$GRADER_MODEL")
    assert only_named(found, "summarizer").change.written
    unset = moves(file_site)
    assert (unset.exit_code, dict(unset.unset)) == (3, {"grader": "the variable GRADER_MODEL is not set"})
    with pytest.raises(SettingsError, match="GRADER_MODEL is not set"):
        moves(file_site, "grader")


def test_a_variable_that_is_not_set_here_is_told_by_its_name(file_site: Site) -> None:
    """The slot is judged by the reference that it had last."""
    file_site.asks(more='[slots.grader]\nmodel_from = "GRADER_MODEL"\n')
    file_site.environ["GRADER_MODEL"] = "claude-opus-4-1"
    file_site.accept("grader")
    del file_site.environ["GRADER_MODEL"]
    found = moves(file_site, write=True)
    assert (found.exit_code, found.moves[0].change.line, found.files) == (1, "GRADER_MODEL=claude-opus-5", ())


def test_what_three_environments_share_is_moved_for_one_of_them(file_site: Site) -> None:
    """The reference of `default.toml` stays; the others go on as they were, and move when they are asked about."""
    file_site.asks()
    for name in ("staging", "dev"):
        file_site.asks(name)
    shared = file_site.config / "default.toml"
    shared.write_text(f"{shared.read_text()}[slots.summarizer]\nmodel = 'claude-opus-4-1'  # all of us\n")
    before = shared.read_bytes()
    assert moves(file_site, write=True).files == (file_site.config / "prod.toml",)
    assert shared.read_bytes() == before
    asked = {name: moves(file_site, environment=name).moves[0].present for name in ("prod", "staging", "dev")}
    assert asked == {"prod": "claude-opus-5", "staging": ENDS, "dev": ENDS}


def test_prices_are_shown_where_both_are_known(file_site: Site) -> None:
    """They are the settings' own, and are said to be."""
    prices = f'[prices."{ENDS}"]\ninput = 15\noutput = 75\n[prices."claude-opus-5"]\ninput = 5.5\noutput = 25\n'
    file_site.asks(summarizer="claude-opus-4-1", more=prices)
    told = Shell(file_site).run("upgrade", "-e", "prod").stdout
    assert "input 15 → 5.5, output 75 → 25 US dollars per million tokens, as the settings have them" in told


def test_json_is_as_its_schema_says(file_site: Site) -> None:
    """`modelgate.upgrade/1`, of slots that move, stay, and of which nobody knows."""
    more = '[slots.grader]\nmodel_from = "GRADER_MODEL"\n'
    file_site.asks(summarizer="claude-opus-4-1", fine=NEW, gone=GONE, odd="claude-nothing-1", more=more)
    for words in ([], ["--newer"], ["--write"]):
        run = Shell(file_site).run("upgrade", "-e", "prod", "--format", "json", *words)
        told = json.loads(run.stdout)
        Draft202012Validator(json.loads(SCHEMA.read_text())).validate(told)
        assert told["exit_code"] == run.returncode
    assert [slot["state"] for slot in told["slots"]] == ["move", "fine", "move", "unknown"]


def test_markdown_is_the_body_of_a_pull_request(file_site: Site) -> None:
    """What moves and why, and each command in a block to copy; nothing in it is obeyed."""
    file_site.asks(summarizer="claude-opus-4-1")
    told = Shell(file_site).run("upgrade", "-e", "prod", "--format", "markdown").stdout
    assert told.startswith("### modelgate upgrade: checkout/prod: 1 slot: 1 to move\n")
    assert "#### `summarizer: claude-opus-4-1-20250805 → claude-opus-5`" in told
    assert "- **loses** thinking.types.enabled" in told
    assert '```sh\nmodelgate accept summarizer --reason "…" -s checkout -e prod\n```' in told


@pytest.mark.parametrize("words", [["--to", ""], ["--line", ""], ["--to", OTHER, "--line", "opus"], ["nobody"]])
def test_wrong_usage_is_told(file_site: Site, words: list[str]) -> None:
    """An empty option is not one that was left out."""
    assert Shell(file_site).run("upgrade", "-e", "prod", *words).returncode == 2


def test_what_the_api_does_not_say_is_not_known(file_site: Site) -> None:
    """An API that cannot be asked is exit code 3; so is a lifecycle that it does not tell."""
    file_site.asks(summarizer=OTHER)
    file_site.sandbox.patch_model(OTHER, drop=["lifecycle"])
    assert (moves(file_site).exit_code, only(file_site).state) == (3, "unknown")
    file_site.outage()
    assert Shell(file_site).run("upgrade", "-e", "prod").returncode == 3


def test_what_the_approval_will_ask_for_is_told_before_it(file_site: Site) -> None:
    """Each proof that lacks, with the command that makes it; the approval comes last."""
    file_site.asks(policy={"accept_needs": ["probe", "quality"]}, summarizer="claude-opus-4-1")
    move = only(file_site)
    assert move.evidence == (
        "probe of claude-opus-5: nothing is recorded",
        "quality of claude-opus-5: nothing is recorded",
    )
    assert [line.split(" -s ")[0] for line in move.commands] == [
        "modelgate upgrade summarizer --write",
        "modelgate probe summarizer --to claude-opus-5",
        "modelgate evidence add summarizer --suite quality --id claude-opus-5 FILE",
        'modelgate accept summarizer --reason "…"',
    ]


def test_a_successor_can_serve_the_sample(file_site: Site) -> None:
    """A request as the application sends it rules out what cannot serve it, with its place; what is met is told."""
    file_site.accept("summarizer")
    file_site.sandbox.deprecate(OLD)
    (file_site.config / "s.json").write_text('{"thinking": {"type": "adaptive"}, "messages": [{}]}')
    more = '[slots.summarizer]\nmodel = "claude-sonnet-4-5"\nsample = "s.json"\n'
    (file_site.config / "prod.toml").write_text(f'service = "checkout"\n{more}')
    assert (only(file_site).to, only(file_site).needs.words) == (NEW, ('s.json: thinking.type "adaptive"',))
    file_site.sandbox.patch_model(NEW, capabilities={"thinking": {"types": {"adaptive": {"supported": False}}}})
    passed = only(file_site).proposal.candidates[0]
    assert (passed.id, passed.against) == (NEW, ('cannot serve s.json: thinking.type "adaptive"',))


def test_what_a_lock_will_lack_is_told(file_site: Site) -> None:
    """Where the merge approves: the evidence that check will ask for, until the ID ran here once."""
    policy = {"pins_from": "lock", "accept_needs": ["quality"]}
    file_site.asks(policy=policy, summarizer=ALIAS)
    file_site.lock()
    file_site.sandbox.deprecate(OLD)
    move = only(file_site)
    assert (move.to, move.evidence) == (NEW, (f"quality of {NEW}: nothing is recorded",))
    assert any(line.startswith("modelgate evidence add summarizer --suite quality") for line in move.commands)
