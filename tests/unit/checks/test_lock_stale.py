"""Whether settings and lock agree."""

from modelgate.checks.settings import stale
from modelgate.domain.findings import Finding, Level
from modelgate.domain.pins import Pin
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Slot
from modelgate.domain.source import Source
from modelgate.domain.unsettled import UnsetSlot

HERE = Source("config/prod.toml", 3)
SCOPE = Scope("checkout", "prod")


def slot(name: str, reference: str) -> Slot:
    """A slot that was set at HERE."""
    return Slot(name, reference, HERE)


def pin(name: str, reference: str) -> Pin:
    """A pin of the lock."""
    return Pin(name, None, "accept", "claude-sonnet-4-5-20250929", reference)


def finding(name: str, what: str, source: Source | None = HERE) -> Finding:
    """The finding that settings and lock disagree about a slot."""
    commands = ("modelgate lock -s checkout -e prod",)
    return Finding("settings.lock-stale", Level.REFUSE, what, "then commit the lock", name, source, commands=commands)


def test_disagreement() -> None:
    """A slot without a lock, one with another reference and one that only the lock has are found, in that order."""
    slots = [slot("new", "x"), slot("same", "y"), slot("edited", "z")]
    pins = [pin("gone", "w"), pin("edited", "old"), pin("same", "y")]
    assert stale(slots, pins, SCOPE) == (
        finding("new", "the lock has no ID for it"),
        finding("edited", "asks for z; the lock is for old"),
        finding("gone", "is in the lock, but not in the settings", None),
    )


def test_agreement() -> None:
    """Settings and lock that agree give nothing."""
    assert stale([slot("a", "x")], [pin("a", "x")], SCOPE) == ()


def test_a_slot_whose_reference_is_not_known_here() -> None:
    """It has to be in the lock; for which reference, nobody can tell where the variable is not set."""
    unset = UnsetSlot(slot("a", ""), "A_MODEL", 0, "the variable A_MODEL is not set")
    assert stale([], [pin("a", "x")], SCOPE, unset=[unset]) == ()
    assert stale([], [], SCOPE, unset=[unset]) == (finding("a", "the lock has no ID for it"),)


def test_message_is_short() -> None:
    """The message stays under 80 characters however long the names are."""
    [missing] = stale([slot("a" * 100, "x" * 256)], [pin("a" * 100, "y" * 256)], SCOPE)
    assert len(missing.message) < 80
