"""Any history: settings, aliases, operators, outages and crashes in any order, beside the rules stated again."""

from __future__ import annotations

import inspect
import os
import shutil
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from rules import PASS, REFUSED, SLOTS, UNKNOWN, Place, World, soon
from support.fleet import killed
from support.sites import Site

from modelgate.domain.errors import ModelgateError
from modelgate.domain.pins import fold
from modelgate.domain.report import Report
from modelgate.sandbox import Sandbox

MODELS = ("claude-a-1", "claude-a-2", "claude-b-1", "claude-b-2")
ALIASES = ("claude-a", "claude-b")
PLACES = ("prod", "staging")

places, slots, models = st.sampled_from(PLACES), st.sampled_from(SLOTS), st.sampled_from(MODELS)
references = st.sampled_from((*ALIASES, *MODELS, "claude-none"))
reactions = st.sampled_from(("refuse", "warn", "accept"))
Operation = Callable[[], object]
T = TypeVar("T")


def code_of(operation: Callable[[], T]) -> T | int:
    """What the operation returns, or the exit code of what it raises."""
    try:
        return operation()
    except ModelgateError as error:
        note(f"{type(error).__name__}: {error}")
        return error.exit_code


class History(RuleBasedStateMachine):
    """One store, two environments, four models, two aliases; `self.model` is what the rules say of it."""

    sandbox: Sandbox

    @initialize()
    def begin(self) -> None:
        """A fresh catalogue, settings that ask for the aliases, an empty store."""
        self.folder = Path(tempfile.mkdtemp(prefix="modelgate-history-"))
        self.sandbox.reset()
        for model in MODELS:
            self.sandbox.add_model(model)
        self.world = World(dict.fromkeys(MODELS, "served"), {})
        for alias in ALIASES:
            self._move(alias, f"{alias}-1")
        self.site = Site(self.folder, self.sandbox, f"sqlite:///{self.folder}/modelgate.db")
        self.model = {place: Place(self.world, dict(zip(SLOTS, ALIASES, strict=True))) for place in PLACES}
        self.runs: dict[str, list[tuple[str, dict[str, tuple[str, str | None]]]]] = {place: [] for place in PLACES}
        for place in PLACES:
            self._write(place)

    def teardown(self) -> None:
        """The chains verify, and tell whoever kept a head the same."""
        if not hasattr(self, "site"):
            return
        store = self.site.store()
        for place in PLACES:
            verification = store.verify(self.site.scope(place))
            assert verification.intact, verification.misfit
        shutil.rmtree(self.folder)

    # --- the world moves

    @rule(alias=st.sampled_from(ALIASES), model=models)
    def an_alias_moves(self, alias: str, model: str) -> None:
        """To any model that is there."""
        if self.world.models[model] != "gone":
            self._move(alias, model)

    @rule(model=models, how=st.sampled_from(("retired", "gone")))
    def a_model_ends(self, model: str, how: str) -> None:
        """It retires, or vanishes; two are left."""
        if list(self.world.models.values()).count("served") > 2 and self.world.models[model] == "served":
            _ = self.sandbox.retire(model) if how == "retired" else self.sandbox.remove_model(model)
            self.world.models[model] = how

    @rule()
    def the_api_goes_down_or_comes_back(self) -> None:
        """Outages begin and end."""
        self.world.down = not self.world.down
        if self.world.down:
            self.site.outage()
        else:
            self.sandbox.lift_faults()

    @rule(hours=st.sampled_from((-3, 2)))
    def the_clock_steps(self, hours: int) -> None:
        """Time passes, or the clock of this host was wrong."""
        self.site.clock.ahead += timedelta(hours=hours)

    @rule(place=places, slot=slots, reference=references)
    def somebody_edits_the_settings(self, place: str, slot: str, reference: str) -> None:
        """Another reference in one slot."""
        self.model[place].asks[slot] = reference
        self._write(place)

    @rule(place=places, first_use=st.sampled_from(("refuse", "accept")), moved=reactions, changed=reactions)
    def somebody_edits_the_policy(self, place: str, first_use: str, moved: str, changed: str) -> None:
        """Other reactions to the three differences."""
        policy = self.model[place].policy
        policy.first_use, policy.alias_moved, policy.reference_changed = first_use, moved, changed
        self._write(place)

    @rule(place=places)
    def approvals_move_between_store_and_git(self, place: str) -> None:
        """`pins_from` changes."""
        policy = self.model[place].policy
        policy.pins_from = "lock" if policy.pins_from == "store" else "store"
        self._write(place)

    # --- gates and operators

    @rule(place=places, verb=st.sampled_from(("check", "preflight", "preflight")))
    def a_gate_runs(self, place: str, verb: str) -> None:
        """It comes to what the rules say, and hands over what they say, which is verified and approved."""
        means = {slot: (reference, self._means(reference)) for slot, reference in self.model[place].asks.items()}
        expected = self.model[place].gate(verb, self.site.clock.now())
        report: Report | int = code_of(lambda: getattr(self.site, verb)(place))
        if isinstance(report, int):
            assert (report, {}) == expected
            return
        event(f"{verb}: {report.exit_code} {' '.join(sorted({f.id for f in report.findings}))}")
        assert (report.exit_code, report.models) == expected, report.findings
        assert report.run_id is not None
        self.runs[place].append((report.run_id, means))
        self._is_verified_and_approved(place, report.models)

    @rule(place=places, slot=slots)
    def an_old_deployment_starts(self, place: str, slot: str) -> None:
        """A checkout from before, whose reference was approved, starts on that approval if its ID is still served."""
        model = self.model[place]
        state = model.slots[slot]
        others = [name for name in SLOTS if name != slot]
        if self.world.down or model.policy.pins_from == "lock" or state.hold or not state.approvals:
            return
        if any(model.decide(name, "preflight", self.site.clock.now()).code != PASS for name in others):
            return
        now_asked, policy = model.asks[slot], deepcopy(model.policy)
        old = state.approvals[0]
        current = [approval for approval in state.approvals if approval.reference == old.reference][-1]
        model.asks[slot], model.policy.alias_moved = old.reference, "warn"
        self._write(place)
        report = self.site.preflight(place)
        code, handed = model.gate("preflight", self.site.clock.now())
        assert (report.exit_code, report.models) == (code, handed), report.findings
        if self.world.serves(current.model_id) and self.world.means(old.reference):
            assert report.models[slot] == current.model_id
        model.asks[slot], model.policy = now_asked, policy
        self._write(place)

    @rule(place=places, wanted=st.sets(slots, min_size=1))
    def somebody_accepts(self, place: str, wanted: set[str]) -> None:
        """What the settings mean now."""
        asked = {s: (self.model[place].asks[s], self._means(self.model[place].asks[s])) for s in SLOTS if s in wanted}
        self._agree(lambda: self.site.accept(*wanted, environment=place), self.model[place].accept(asked))

    @rule(place=places, which=st.integers(0, 3))
    def somebody_accepts_a_run(self, place: str, which: int) -> None:
        """What one of the last runs saw, however stale: of slots that are not held, what their reference meant."""
        if not self.runs[place]:
            return
        run_id, saw = self.runs[place][-1 - which % len(self.runs[place])]
        model = self.model[place]
        wanted = {slot: seen for slot, seen in saw.items() if seen[1] and not model.slots[slot].hold}
        expected = model.accept(wanted) if wanted else REFUSED
        self._agree(lambda: self.site.accept(environment=place, run_id=run_id), expected)

    @rule(slot=slots)
    def somebody_promotes(self, slot: str) -> None:
        """What staging runs becomes what prod may run."""
        handed, model = self.model["staging"].slots[slot].handed, self.model["prod"]
        expected = model.accept({slot: (model.asks[slot], handed[-1] if handed else None)})
        if not handed and expected == UNKNOWN:
            expected = REFUSED  # that nothing ran there is certain without the API
        self._agree(lambda: self.site.accept(slot, source="staging"), expected)

    @rule(place=places, slot=slots, to=st.none() | models, expires=st.booleans(), unverified=st.booleans())
    def somebody_rolls_back(self, place: str, slot: str, to: str | None, expires: bool, unverified: bool) -> None:
        """To the one before, or to an ID that ran or was approved here."""
        expires_at = soon(self.site.clock.now()) if expires else None
        expected = self.model[place].rollback(slot, to, expires_at, unverified=unverified)
        terms = {"expires_at": expires_at, "unverified": unverified}
        self._agree(lambda: self.site.rollback(slot, environment=place, to=to, **terms), expected)

    @rule(place=places, slot=slots, how=st.sampled_from(("keep", "accept")))
    def somebody_releases(self, place: str, slot: str, how: str) -> None:
        """The hold ends."""
        expected = self.model[place].release(slot, how)
        self._agree(lambda: self.site.release(slot, how=how, environment=place), expected)

    @rule(place=places)
    def somebody_writes_the_lock(self, place: str) -> None:
        """A pull request that is merged."""
        self._agree(lambda: self.site.lock(environment=place), self.model[place].write_lock())

    @precondition(lambda _self: os.name == "posix")
    @rule(place=places, what=st.sampled_from(("preflight", "accept", "rollback")), after=st.floats(0, 0.25))
    def a_process_is_killed(self, place: str, what: str, after: float) -> None:
        """`kill -9` at any moment: the store holds all of what it did, or nothing."""
        done = deepcopy(self.model[place], {id(self.world): self.world})
        head = self.site.store().head(self.site.scope(place))
        if what == "preflight":
            done.gate("preflight", self.site.clock.now())
            killed(lambda: self.site.preflight(place), after)
        elif what == "accept":
            done.accept({slot: (done.asks[slot], self._means(done.asks[slot])) for slot in SLOTS})
            killed(lambda: self.site.accept(everything=True, environment=place), after)
        else:
            done.rollback(SLOTS[0], None, None, unverified=False)
            killed(lambda: self.site.rollback(SLOTS[0], environment=place), after)
        if self.site.store().head(self.site.scope(place)) != head:
            self.model[place] = done

    # --- what always holds

    @invariant()
    def history_replayed_gives_the_present(self) -> None:
        """The store's revisions are those of the rules, and folded they are the approvals and holds of the rules."""
        if not hasattr(self, "site"):
            return
        for place in PLACES:
            revisions = self.site.store().revisions(self.site.scope(place))
            present = fold(revisions)
            for slot, state in self.model[place].slots.items():
                mine = [pin for pin in revisions if pin.slot == slot]
                assert [(pin.action, pin.reference, pin.model_id) for pin in mine] == state.revisions
                assert [pin.revision for pin in mine] == list(range(1, len(mine) + 1))
                if not mine:
                    continue
                approvals = [(pin.reference, pin.model_id) for pin in present[slot].pins]
                assert approvals == [(approval.reference, approval.model_id) for approval in state.approvals]
                hold = present[slot].hold
                assert (hold.model_id if hold else None) == (state.hold.model_id if state.hold else None)

    # --- helpers

    def _means(self, reference: str) -> str | None:
        return None if self.world.down else self.world.means(reference)

    def _move(self, alias: str, model: str) -> None:
        self.sandbox.move_alias(alias, model)
        self.world.aliases[alias] = model

    def _write(self, place: str) -> None:
        model = self.model[place]
        self.site.asks(place, policy=asdict(model.policy), **model.asks)

    def _agree(self, operation: Operation, expected: int) -> None:
        """The operation comes to the exit code that the rules say."""
        came_to = code_of(operation)
        event(f"{inspect.stack()[1].function}: {expected}")
        assert (came_to if isinstance(came_to, int) else PASS) == expected

    def _is_verified_and_approved(self, place: str, handed: dict[str, str]) -> None:
        """Of everything that is handed over, whatever else the rules say."""
        model = self.model[place]
        for slot, model_id in handed.items():
            assert self.world.serves(model_id)
            if hold := model.slots[slot].hold:
                assert model_id == hold.model_id
            else:
                assert model_id in {approval.model_id for approval in model.approvals(slot)}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("histories", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_any_history(modelgate_sandbox: Sandbox, histories: int) -> None:
    """Whatever happens in whatever order: gates and operators come to what the rules say, and the chain verifies."""
    History.sandbox = modelgate_sandbox
    long = settings.get_current_profile_name() == "long"
    bounded = settings(max_examples=histories, stateful_step_count=35, derandomize=True, database=None, deadline=None)
    chosen = settings() if long else bounded
    run_state_machine_as_test(History, settings=settings(chosen, suppress_health_check=list(HealthCheck)))
