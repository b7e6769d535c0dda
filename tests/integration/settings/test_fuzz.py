"""Whatever stands in files and variables: settings, or a SettingsError that is safe to print."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from modelgate.domain.errors import SettingsError
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Settings
from modelgate.domain.text import printable
from modelgate.settings import load, settings_names
from modelgate.settings.lock import Lock, read_lock, render_lock

same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

SCALARS = st.sampled_from(
    [
        "true", "0", "-1", "14", "1.5", "inf", "nan", "2026-12-31", "2026-12-31T00:00:00Z", "''", "'warn'", "'accept'",
        "'claude-x'", "'../x'", "'drift.alias-moved'", "'drift.unpinned'", "'https://h'", "'sqlite:///x'", "'PATH'",
        '"\\u0000\\u202e"', "'''a\nb'''", "[]", "{}", "[[1]]", "['batch']", "{warn = 1, refuse = 2}", "{a.b = 1}",
    ]
)  # fmt: skip
KEYS = st.sampled_from([*settings_names(), "slots", "waivers", "policy", "api.x", "'slots'.\"\".model"]).map(
    lambda name: name.replace("*", "a")
)
PAIRS = st.tuples(KEYS, SCALARS).map(" = ".join)
HEADERS = st.sampled_from(
    [
        "[policy]",
        "[policy.preflight]",
        "[slots.a]",
        "[slots.B]",
        "[[waivers]]",
        "[waivers]",
        "[api]",
        "[[slots]]",
        "[x]",
    ]
)
INSIDE = st.tuples(KEYS.map(lambda name: name.rpartition(".")[2]), SCALARS).map(" = ".join)
DOCUMENTS = st.lists(PAIRS | HEADERS | INSIDE, max_size=12).map("\n".join)
NAMES = KEYS.map(lambda name: "MODELGATE_" + name.replace(".", "__").upper())
TEXTS = (
    SCALARS | st.text(st.characters(exclude_characters="\0"), max_size=20) | st.sampled_from(['["a"]', "[1]", "1e999"])
)
ENVIRONS = st.dictionaries(NAMES | st.text("MODELGATE_POLICYSA_", min_size=8, max_size=30), TEXTS, max_size=4)


def check(folder: Path, environ: dict[str, str]) -> None:
    """Loads, and looks at what comes of it."""
    try:
        outcome: Settings | SettingsError = load(environment="prod", environ=environ, config_dir=folder)
    except SettingsError as error:
        outcome = error
    lines = str(outcome).split("\n") if isinstance(outcome, SettingsError) else [str(slot) for slot in outcome.slots]
    assert [line for line in lines if printable(line, len(line)) != line] == []


@same_folder
@given(DOCUMENTS, DOCUMENTS, ENVIRONS)
@example("slots = 3", "[slots.a]\nmodel = 'x'", {})
@example("[slots]\na = 3", "[slots.a]\nmodel = 'x'", {"MODELGATE_SLOTS__A__MODEL": "y"})
@example("policy = 3", "policy.preflight = 3", {"MODELGATE_POLICY__PREFLIGHT__ENFORCE": "1"})
@example("policy.overridable = [[]]", "policy.overridable = {}", {"MODELGATE_POLICY__ENFORCE": "x"})
@example("", "waivers = [[], {}, 1]", {"MODELGATE_WAIVERS": "[]"})
def test_documents(tmp_path: Path, default: str, prod: str, environ: dict[str, str]) -> None:
    """Known keys with odd values, tables where values belong, and variables of any kind."""
    (tmp_path / "default.toml").write_text(default, encoding="utf-8")
    (tmp_path / "prod.toml").write_text(prod, encoding="utf-8")
    check(tmp_path, environ)


@same_folder
@given(st.binary(max_size=200) | st.text("[]{}=.\"'#\n ,a1-é\\\0", max_size=80).map(str.encode))
def test_bytes(tmp_path: Path, content: bytes) -> None:
    """Files of any bytes."""
    (tmp_path / "prod.toml").write_bytes(content)
    check(tmp_path, {})


@same_folder
@given(st.text(max_size=300), st.text(max_size=300))
def test_names(tmp_path: Path, environment: str, service: str) -> None:
    """Environments and services of any name."""
    (tmp_path / "prod.toml").write_text("")
    try:
        shown = load(environment=environment, service=service, environ={}, config_dir=tmp_path).environment
    except SettingsError as error:
        shown = str(error)
    assert printable(shown, 1000) == shown


LOCK_HEAD = ["schema = 'modelgate.lock/1'", "service = 's'", "environment = 'prod'", "slots = 1", "x = 1"]
LOCK_SLOT = ["reference = 'x'", "id = 'y'", "id = 3", "origin = 'https://h'", "origin = ''"]
LOCK_TABLES = ["[slots]", "[slots.a]", "[slots.b]", "[[slots.c]]"]
LOCKS = st.lists(st.sampled_from([*LOCK_HEAD, *LOCK_SLOT, *LOCK_TABLES]), max_size=12).map("\n".join)


@same_folder
@given(LOCKS)
@example("schema = 'modelgate.lock/1'\nservice = 's'\nenvironment = 'prod'\n[slots.a]\nid = 'y'\nreference = 'x'")
def test_locks(tmp_path: Path, text: str) -> None:
    """Locks of any kind: refused, or read so that they can be written and read again."""
    path, scope = tmp_path / "prod.lock.toml", Scope("s", "prod")
    path.write_text(text)
    try:
        lock = read_lock(path, scope)
    except SettingsError:
        lock = Lock("s", "prod", ())
    path.write_text(render_lock(scope, lock.pins))
    assert sorted(pin.slot for pin in read_lock(path, scope).pins) == sorted(pin.slot for pin in lock.pins)
