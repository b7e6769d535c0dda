"""For each check a snapshot in which it has something to say, with names that the caller chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from support.judgement_world import GRACE, HOUR, NOW, ORIGIN, OUTAGE, STORE_OUTAGE, entry, hold, pin, slot, snapshot

from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.evidence import Evidence, EvidenceRow, Proofs
from modelgate.domain.evidence import Outcome as Outcomes
from modelgate.domain.loosening import Loosened
from modelgate.domain.problems import Problem
from modelgate.domain.sample import Sample, SampleRequest
from modelgate.domain.settings import Policy, Waiver
from modelgate.domain.snapshot import Snapshot, StoreNotice
from modelgate.domain.source import Source
from modelgate.domain.text import short
from modelgate.domain.unsettled import UnknownVariable, UnsetSlot, Untrusted

DAY = timedelta(days=1)
WAIVED = Source("config/prod.toml", 40)


@dataclass(frozen=True)
class Names:
    """What strangers may choose: the reference, what it means, what is pinned, and all other words of the API."""

    reference: str = "claude-sonnet-4-5"
    a: str = "claude-sonnet-4-5-20250929"
    b: str = "claude-opus-4-5-20251101"
    other: str = "claude-opus-4-5"
    word: str = "opus"


class Scenes:
    """`Scenes(names).of("drift.alias-moved")` is a snapshot whose judgement holds that finding."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def of(self, check: str) -> Snapshot:
        """The scene of one check."""
        return _SCENES[check](self)

    def seen(self, *models: Entry, answer: Answer | None = None, **changes: Any) -> Snapshot:
        """The slot pinned to *b*, or as told; the API knows these models, or plain *a* and *b*."""
        n = self.names
        answer = answer or Answer(n.reference, Outcome.RESOLVED, n.a)
        known = {model.id: model for model in models or (entry(n.a), entry(n.b))}
        defaults: dict[str, Any] = {
            "pins": (pin(1, n.reference, n.b),),
            "slots": (slot(n.reference),),
            "facts": Facts(ORIGIN, NOW, {n.reference: answer}, known),
            "verb": "check",
        }
        return snapshot(answer, **(defaults | changes))

    def of_a(self, policy: Policy | None = None, slot_changes: dict[str, Any] | None = None, **facts: Any) -> Snapshot:
        """The slot pinned to *a*, of which the API says this."""
        n = self.names
        slots = (slot(n.reference, **slot_changes or {}),)
        return self.seen(entry(n.a, **facts), pins=(pin(1, n.reference, n.a),), policy=policy or Policy(), slots=slots)

    def outcome(self, outcome: Outcome) -> Snapshot:
        """The reference came to this."""
        return self.seen(answer=Answer(self.names.reference, outcome))

    def failed(self, check: str) -> Snapshot:
        """The API could not be asked."""
        problem = Problem(check, f"the API said {self.names.word}", "try again", request_id=f"req_{self.names.word}")
        return self.seen(facts=Facts(ORIGIN, NOW, problem=problem))

    def no_store(self, check: str) -> Snapshot:
        """The store could not be asked."""
        problem = Problem(check, f"the store said {self.names.word}", "try again")
        return replace(self.seen(), pins=None, store_problem=problem)

    def proved(self, outcome: Outcomes | None = None, age: timedelta = DAY) -> Snapshot:
        """The slot locked to *b*, of which this was shown."""
        row = EvidenceRow("summarizer", self.names.b, "quality", outcome or "passed", ORIGIN, "", 8, 2, "junit")
        proofs = Proofs((Evidence(row, NOW - age, "ada"),) if outcome else ())
        return self.seen(policy=Policy(pins_from="lock", accept_needs=("quality",)), proofs=proofs)

    def waived(self, until: date) -> Snapshot:
        """A waiver that covers nothing."""
        return self.seen(pins=(pin(1, self.names.reference, self.names.a),), waivers=(
            Waiver("catalogue.deprecated", until, "migration", WAIVED, slot="summarizer"),))  # fmt: skip


_SCENES: dict[str, Callable[[Scenes], Snapshot]] = {
    "drift.slot-removed": lambda s: replace(s.seen(), slots=()),
    "drift.pin-retired": lambda s: s.seen(entry(s.names.a), entry(s.names.b, lifecycle="retired")),
    "drift.pin-missing": lambda s: s.seen(entry(s.names.a)),
    "drift.hold-expired": lambda s: s.seen(held=hold(s.names.b, expires_at=NOW - HOUR)),
    "drift.settings-override-hold": lambda s: s.seen(held=hold(s.names.b), policy=Policy(hand_off="settings")),
    "drift.held": lambda s: s.seen(held=hold(s.names.b, expires_at=NOW + HOUR)),
    "drift.unpinned": lambda s: s.seen(pins=()),
    "drift.reference-changed": lambda s: s.seen(pins=(pin(1, s.names.other, s.names.b),)),
    "drift.alias-moved": lambda s: s.seen(),
    "drift.reference-renamed": lambda s: s.seen(pins=(pin(1, s.names.other, s.names.a),)),
    "drift.earlier-pin": lambda s: s.seen(
        pins=(pin(1, s.names.reference, s.names.a), pin(2, s.names.other, s.names.b))
    ),
    "catalogue.unknown-model": lambda s: s.outcome(Outcome.UNKNOWN),
    "catalogue.retired": lambda s: s.outcome(Outcome.RETIRED),
    "catalogue.not-permitted": lambda s: s.outcome(Outcome.NOT_PERMITTED),
    "catalogue.alias": lambda s: s.of_a(Policy(require_canonical=True)),
    "catalogue.deprecated": lambda s: s.of_a(lifecycle="deprecated"),
    "catalogue.retires-soon": lambda s: s.of_a(retires_at=NOW + 15 * DAY - HOUR),
    "catalogue.retirement-overdue": lambda s: s.of_a(retires_at=NOW - DAY),
    "catalogue.lifecycle-unknown": lambda s: s.of_a(lifecycle=None),
    "catalogue.missing-capability": lambda s: s.of_a(
        slot_changes={"requires": ("batch",)}, capabilities={"batch": False}
    ),
    "catalogue.limit-too-small": lambda s: s.of_a(slot_changes={"min_input_tokens": 200_000}, max_input_tokens=100_000),
    "catalogue.line-not-allowed": lambda s: s.of_a(Policy(allowed_lines=("haiku", "sonnet")), line=s.names.word),
    "catalogue.fact-unknown": lambda s: s.of_a(slot_changes={"min_output_tokens": 32_000}),
    "drift.facts-changed": lambda s: s.seen(
        entry(s.names.a, capabilities={s.names.word: False}, max_tokens=1),
        pins=(
            pin(
                1, s.names.reference, s.names.a, entry=entry(s.names.a, capabilities={s.names.word: True}, max_tokens=2)
            ),
        ),
    ),
    "drift.retirement-moved": lambda s: s.seen(
        entry(s.names.a, retires_at=NOW + 400 * DAY),
        pins=(pin(1, s.names.reference, s.names.a, entry=entry(s.names.a, retires_at=NOW + 500 * DAY)),),
    ),
    "drift.origin-changed": lambda s: s.seen(
        pins=(pin(1, s.names.reference, s.names.a, origin=f"https://{s.names.word}"),)
    ),
    "drift.not-promoted": lambda s: s.of_a(Policy(promote_from="staging", soak_hours=24)),
    "evidence.missing": lambda s: s.proved(),
    "evidence.stale": lambda s: s.proved("passed", 31 * DAY),
    "evidence.failed": lambda s: s.proved("failed", DAY),
    "api.origin-not-approved": lambda s: s.failed("api.origin-not-approved"),
    "api.unreachable": lambda s: s.failed("api.unreachable"),
    "api.rate-limited": lambda s: s.failed("api.rate-limited"),
    "api.credentials": lambda s: s.failed("api.credentials"),
    "api.untrusted-answer": lambda s: s.failed("api.untrusted-answer"),
    "api.entry-unreadable": lambda s: s.seen(
        entry(s.names.a), entry(s.names.b), entry(s.names.other, doubt=s.names.word)
    ),
    "store.unreachable": lambda s: s.no_store("store.unreachable"),
    "store.schema-behind": lambda s: s.no_store("store.schema-behind"),
    "store.schema-incompatible": lambda s: s.no_store("store.schema-incompatible"),
    "store.schema-ahead": lambda s: s.seen(notices=(StoreNotice("store.schema-ahead", "newer", "upgrade"),)),
    "store.unencrypted": lambda s: s.seen(notices=(StoreNotice("store.unencrypted", "in the clear", "TLS"),)),
    "store.created": lambda s: s.seen(notices=(StoreNotice("store.created", "new", "keep it"),)),
    "api.grace": lambda s: s.seen(api_grace=GRACE, api_problem=OUTAGE),
    "store.grace": lambda s: s.seen(store_grace=GRACE, store_problem=STORE_OUTAGE),
    "settings.unknown-variable": lambda s: s.seen(
        unknown_variables=(UnknownVariable(f"MODELGATE_API__{s.names.word}", "MODELGATE_API__ORIGINS"),)
    ),
    "settings.model-from-unset": lambda s: s.seen(
        unset=(UnsetSlot(slot("", name="grader"), "GRADER_MODEL", 1, "the variable GRADER_MODEL is not set"),)
    ),
    "settings.untrusted": lambda s: s.seen(
        untrusted=(
            Untrusted(
                "api.base_url",
                f"would send the API key to {short(s.names.other, 40)}",
                Source("config/prod.toml", 9),
                "MODELGATE_TRUSTED_ORIGINS",
            ),
        )
    ),
    "settings.loosened": lambda s: s.seen(loosened=(Loosened(f"allowed_lines: {s.names.word} before, any now"),)),
    "settings.sample": lambda s: s.seen(
        pins=(pin(1, s.names.reference, s.names.a),),
        samples={
            "summarizer": Sample(
                "samples/summarizer.json",
                "config/samples/summarizer.json",
                (SampleRequest("samples/summarizer.json", {"fallbacks": [{"model": s.names.other}]}),),
            )
        },
    ),
    "settings.waiver-expired": lambda s: s.waived(date(2026, 11, 21)),
    "settings.waiver-unused": lambda s: s.waived(date(2026, 11, 22)),
    "settings.offline": lambda s: replace(s.seen(), facts=None, offline=True),
    "settings.observed-blind": lambda s: s.seen(unheld={"summarizer": s.names.b}),
    "settings.lock-stale": lambda s: s.seen(locked=(pin(1, s.names.other, s.names.b),)),
}
