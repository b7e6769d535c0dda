"""Environment variables: which setting each of them sets."""

import pytest

from modelgate.domain.errors import SettingsError
from modelgate.domain.unsettled import UnknownVariable
from modelgate.settings.errors import SettingsErrors
from modelgate.settings.schema import tree
from modelgate.settings.variables import Overridable, Variables, sort_variables

NOTHING = Overridable(frozenset(), frozenset())


def sort(environ: dict[str, str], overridable: Overridable = NOTHING) -> Variables:
    """What `environ` says of the settings; raises what is complained of."""
    complaints = SettingsErrors()
    found = sort_variables(environ, tree(), overridable, complaints)
    complaints.raise_any()
    return found


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("MODELGATE_SERVICE", ("service",)),
        ("MODELGATE_DATABASE_URL", ("database", "url")),
        ("MODELGATE_DATABASE__URL", ("database", "url")),
        ("MODELGATE_API__BASE_URL", ("api", "base_url")),
        ("MODELGATE_SLOTS__SUMMARIZER__MODEL", ("slots", "summarizer", "model")),
        ("modelgate_slots__summarizer__model", ("slots", "summarizer", "model")),
        ("MODELGATE_PRICES__CLAUDE-X__INPUT", ("prices", "claude-x", "input")),
    ],
)
def test_read(name: str, path: tuple[str, ...]) -> None:
    """A variable addresses its key in any case."""
    assert list(sort({name: "x"}).read) == [path]


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("MODELGATE_API__BASEURL", "MODELGATE_API__BASE_URL"),
        ("MODELGATE_SLOTS__GRADER__MODLE", "MODELGATE_SLOTS__GRADER__MODEL"),
        ("MODELGATE_DATABASE__URI", "MODELGATE_DATABASE__URL"),
        ("MODELGATE_SLOTS__A__B__MODEL", "MODELGATE_SLOTS__A__MODEL"),
        ("MODELGATE_SERVICE__NAME", "MODELGATE_SERVICE"),
        ("MODELGATE_WAIVERS__0__CHECK", ""),
        ("MODELGATE_WAIVERS__X__REASON", ""),
    ],
)
def test_unknown(name: str, suggestion: str) -> None:
    """A variable of a known section that no setting reads is told, with the name it may have meant."""
    found = sort({name: "x"})
    assert (found.read, [unknown.name for unknown in found.unknown]) == ({}, [name])
    if suggestion:
        assert found.unknown == [UnknownVariable(name, suggestion)]


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "MODELGATE_", "MODELGATE_PINS_FILE", "MODELGATE_MODEL_SUMMARIZER", "MODELGATE_FOO__BAR",
        "MODELGATE_ENVIRONMENT", "MODELGATE_SERVICE_HOST", "MODELGATE_PORT", "MODELGATE__SLOTS",
    ],
)  # fmt: skip
def test_left_alone(name: str) -> None:
    """Variables of no known section are nobody's business."""
    assert sort({name: "x"}) == Variables()


def test_empty_is_not_set() -> None:
    """An empty variable sets nothing."""
    assert sort({"MODELGATE_SERVICE": "", "MODELGATE_SLOTS__A__MODEL": "", "MODELGATE_API__X": ""}) == Variables()


def test_two_that_differ() -> None:
    """Two variables for one key that say different things are an error that names both, and neither value."""
    with pytest.raises(SettingsError) as caught:
        sort({"MODELGATE_DATABASE_URL": "sqlite:///secret", "MODELGATE_DATABASE__URL": "sqlite:///other"})
    assert str(caught.value) == "$MODELGATE_DATABASE__URL: says something else than $MODELGATE_DATABASE_URL"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("MODELGATE_POLICY__ENFORCE", "a variable does not change the policy"),
        ("modelgate_policy__enforce", "a variable does not change the policy"),
        ("MODELGATE_POLICY__PREFLIGHT__ENFORCE", "a variable does not change the policy"),
        ("MODELGATE_POLICY__RETIRES_WITHIN_DAYS__WARN", "a variable does not change the policy"),
        ("MODELGATE_POLICY__OVERRIDABLE", "a variable does not change the policy"),
        ("MODELGATE_POLICY", "no setting reads this variable"),
        ("MODELGATE_POLICY__", "no setting reads this variable"),
        ("MODELGATE_POLICY__ENFORCED", "no setting reads this variable"),
        ("MODELGATE_POLICY__PREFLIGHT", "no setting reads this variable"),
    ],
)
def test_policy(name: str, why: str) -> None:
    """No variable disarms the gate: any for the policy is an error."""
    with pytest.raises(SettingsError) as caught:
        sort({name: "false"})
    assert str(caught.value) == f"${name}: {why}"


BOTH = frozenset({"enforce", "retires_within_days", "overridable"})


@pytest.mark.parametrize(
    ("name", "overridable", "allowed"),
    [
        ("MODELGATE_POLICY__ENFORCE", Overridable(BOTH, BOTH), True),
        ("MODELGATE_POLICY__PREFLIGHT__ENFORCE", Overridable(BOTH, BOTH), True),
        ("MODELGATE_POLICY__RETIRES_WITHIN_DAYS__WARN", Overridable(BOTH, BOTH), True),
        ("MODELGATE_POLICY__OVERRIDABLE", Overridable(BOTH, BOTH), False),
        ("MODELGATE_POLICY__PREFLIGHT__OVERRIDABLE", Overridable(BOTH, BOTH), False),
        ("MODELGATE_POLICY__DEPRECATED", Overridable(BOTH, BOTH), False),
        ("MODELGATE_POLICY__ENFORCE", Overridable(BOTH, frozenset()), False),
        ("MODELGATE_POLICY__PREFLIGHT__ENFORCE", Overridable(BOTH, frozenset()), False),
        ("MODELGATE_POLICY__ENFORCE", Overridable(frozenset(), BOTH), False),
        ("MODELGATE_POLICY__PREFLIGHT__ENFORCE", Overridable(frozenset(), BOTH), True),
    ],
)
def test_overridable(name: str, overridable: Overridable, allowed: bool) -> None:
    """The files leave keys to variables: those of both verbs only where both lists name them."""
    complaints = SettingsErrors()
    assert bool(sort_variables({name: "x"}, tree(), overridable, complaints).read) is allowed
