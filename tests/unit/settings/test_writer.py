"""One literal changes, in odd files too; every other byte stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelgate.settings import load
from modelgate.settings.writer import draft

OLD, NEW = "claude-old-4", "claude-new-5"


def settings(folder: Path, environment: str = "prod"):
    """The settings of the folder, in which nothing else counts."""
    return load(environment=environment, config_dir=folder, environ={})


def written(folder: Path, environment: str = "prod", *slots: str):
    """Writes NEW for the slots (default: all), and tells where; the files are read again."""
    before = settings(folder, environment)
    wanted = [(slot, NEW) for slot in before.slots if not slots or slot.name in slots]
    drafted, places = draft(before, wanted)
    drafted.write()
    return places


ODD = {
    "a comment behind it": f'[slots.a] # one\nmodel = "{OLD}"   # why: "{OLD}"\n',
    "an inline table": f'slots = {{ a = {{ model = "{OLD}", requires = ["batch"] }} }} # {OLD}\n',
    "an inline table within": f'[slots]\na = {{ requires = [], model = "{OLD}" }}\n',
    "dotted keys": f'slots.a.model = "{OLD}"\nslots.a.requires = []\n',
    "dotted and quoted keys": f"[slots]\n\"a\" . 'model' = '{OLD}'\n",
    "CRLF": f'# {OLD}\r\n[slots.a]\r\nmodel = "{OLD}"\r\n# end\r\n',
    "a BOM": f'\ufeff[slots.a]\nmodel = "{OLD}"\n',
    "a BOM and CRLF": f"\ufeff[slots.a]\r\nmodel = '{OLD}'\r\n",
    "a literal string": f"[slots.a]\nmodel = '{OLD}'\n",
    "a multi-line string": f'[slots.a]\nmodel = """{OLD}"""\n',
    "a multi-line literal": f"[slots.a]\nmodel = '''{OLD}'''#\n",
    "no newline at the end": f'[slots.a]\nmodel="{OLD}"',
    "text that is not ASCII before it": f'# größer 🚀 {OLD}\n[slots.a]\nmodel = "{OLD}" # ü\n',
    "the same ID in another key": f'[slots.a]\nexport_as = "A_MODEL"\nmodel = "{OLD}"\n[[waivers]]\n'
    f'check = "catalogue.deprecated"\nuntil = 2030-01-01\nreason = "{OLD}"\n',
    "a mark that is a quote": f"[policy]\nallowed_lines = ['\"', \"'''\", '#']\n[slots.a]\nmodel = '{OLD}'\n",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_one_literal_changes_and_no_other_byte(tmp_path: Path, text: str) -> None:
    """Quotes, comments, line ends and marks stay as they are, whatever the form."""
    file = tmp_path / "prod.toml"
    file.write_bytes(text.encode())
    places = written(tmp_path)
    assert (places["a"].file, places["a"].why_not) == (file, "")
    literal = next(q + OLD + q for q in ('"""', "'''", '"', "'") if _literal(text, q))
    at = _at(text, literal)
    assert file.read_bytes() == (text[:at] + literal.replace(OLD, NEW) + text[at + len(literal) :]).encode()
    assert [slot.reference for slot in settings(tmp_path).slots] == [NEW]


def _at(text: str, literal: str) -> int:
    """Where the value stands: behind the `=` of `model`."""
    for sign in ("model = ", "model=", "'model' = "):
        if (found := text.find(sign + literal)) >= 0:
            return found + len(sign)
    return -1


def _literal(text: str, quote: str) -> bool:
    return _at(text, quote + OLD + quote) >= 0


@pytest.mark.parametrize(
    "literal", ['"claude\\u002dold-4"', f'"""\n{OLD}"""', f"'''\r\n{OLD}'''", f'"""\\\n   {OLD}"""']
)
def test_a_content_in_escapes_is_replaced_within_its_quotes(tmp_path: Path, literal: str) -> None:
    """What stood between the quotes goes; the quotes stay."""
    file = tmp_path / "prod.toml"
    file.write_bytes(f"[slots.a]\nmodel = {literal} # c\n".encode())
    written(tmp_path)
    quote = literal[:3] if literal[1] == literal[0] else literal[0]
    assert file.read_text() == f"[slots.a]\nmodel = {quote}{NEW}{quote} # c\n"


def test_two_slots_on_one_model_are_two_literals(tmp_path: Path) -> None:
    """Only the slot that was asked for moves; then both."""
    file = tmp_path / "prod.toml"
    file.write_text(f'[slots.a]\nmodel = "{OLD}"\n[slots.b]\nmodel = "{OLD}"\n')
    written(tmp_path, "prod", "b")
    assert file.read_text() == f'[slots.a]\nmodel = "{OLD}"\n[slots.b]\nmodel = "{NEW}"\n'
    written(tmp_path)
    assert file.read_text() == f'[slots.a]\nmodel = "{NEW}"\n[slots.b]\nmodel = "{NEW}"\n'


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """`default.toml` says the reference of three environments."""
    (tmp_path / "default.toml").write_text(f'[slots.a]\nmodel = "{OLD}"\nrequires = ["batch"]\n')
    for name in ("prod", "staging", "dev"):
        (tmp_path / f"{name}.toml").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("", f'[slots.a]\nmodel = "{NEW}"\n'),
        ("# mine", f'# mine\n\n[slots.a]\nmodel = "{NEW}"\n'),
        ("[policy]\r\n", f'[policy]\r\n\r\n[slots.a]\r\nmodel = "{NEW}"\r\n'),
        (
            "[slots.a] # a\r\nmin_input_tokens = 5\r\n",
            f'[slots.a] # a\r\nmodel = "{NEW}"\r\nmin_input_tokens = 5\r\n',
        ),
        ("[slots.a]", f'[slots.a]\nmodel = "{NEW}"\n'),
        ("\ufeff# b\n", f'\ufeff# b\n\n[slots.a]\nmodel = "{NEW}"\n'),
    ],
)
def test_what_others_share_is_set_in_the_environments_own_file(shared: Path, own: str, expected: str) -> None:
    """A move of prod moves neither staging nor dev."""
    (shared / "prod.toml").write_bytes(own.encode())
    before = (shared / "default.toml").read_bytes()
    assert written(shared)["a"].file == shared / "prod.toml"
    assert (shared / "prod.toml").read_bytes().decode() == expected
    assert (shared / "default.toml").read_bytes() == before
    references = {name: settings(shared, name).slots[0].reference for name in ("prod", "staging", "dev")}
    assert references == {"prod": NEW, "staging": OLD, "dev": OLD}


def test_what_nobody_shares_is_set_where_it_stands(shared: Path) -> None:
    """Environments with a reference of their own do not count; nor does a lock."""
    for name in ("staging", "dev"):
        (shared / f"{name}.toml").write_text('[slots.a]\nmodel = "claude-own-1"\n')
    (shared / "prod.lock.toml").write_text("")
    assert written(shared)["a"].file == shared / "default.toml"
    assert f'model = "{NEW}"' in (shared / "default.toml").read_text()
    assert (shared / "prod.toml").read_text() == ""


@pytest.mark.parametrize("own", ["slots.a.min_input_tokens = 5\n", "slots = { a = { min_input_tokens = 5 } }\n"])
def test_an_odd_form_is_left_to_a_person(shared: Path, own: str) -> None:
    """Nothing is written, and the line is shown."""
    (shared / "prod.toml").write_text(own)
    place = written(shared)["a"]
    assert (place.file, place.line, place.why_not) == (
        None,
        f'model = "{NEW}"',
        "it stands in an odd form there",
    )
    assert (shared / "prod.toml").read_text() == own


def test_a_variable_is_left_to_a_person(tmp_path: Path) -> None:
    """The application's own, and one of modelgate's that overrides the file."""
    (tmp_path / "prod.toml").write_text(f'[slots.a]\nmodel_from = "A_MODEL"\n[slots.b]\nmodel = "{OLD}"\n')
    environ = {"A_MODEL": OLD, "MODELGATE_SLOTS__B__MODEL": OLD}
    found = load(environment="prod", config_dir=tmp_path, environ=environ)
    drafted, places = draft(found, [(slot, NEW) for slot in found.slots])
    assert drafted.after == {}
    assert [place.line for place in places.values()] == [f"A_MODEL={NEW}", f"MODELGATE_SLOTS__B__MODEL={NEW}"]


def test_a_file_that_was_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    """Nor is any other of the same draft."""
    (tmp_path / "prod.toml").write_text(f'[slots.a]\nmodel = "{OLD}"\n')
    (tmp_path / "default.toml").write_text(f'[slots.b]\nmodel = "{OLD}"\n')
    found = settings(tmp_path)
    drafted, _ = draft(found, [(slot, NEW) for slot in found.slots])
    (tmp_path / "prod.toml").write_text("# somebody else\n")
    with pytest.raises(Exception, match="was changed meanwhile"):
        drafted.write()
    assert (tmp_path / "default.toml").read_text() == f'[slots.b]\nmodel = "{OLD}"\n'


def test_what_was_written_is_undone_whole(tmp_path: Path) -> None:
    """Where the second file cannot be written, the first is as it was."""
    (tmp_path / "prod.toml").write_text(f'[slots.a]\nmodel = "{OLD}"\n')
    (tmp_path / "default.toml").write_text(f'[slots.b]\nmodel = "{OLD}"\n')
    found = settings(tmp_path)
    drafted, _ = draft(found, [(slot, NEW) for slot in found.slots])
    drafted.write()
    assert NEW in (tmp_path / "default.toml").read_text()
    drafted.undo()
    files = [(tmp_path / name).read_text() for name in ("prod.toml", "default.toml")]
    assert files == [f'[slots.a]\nmodel = "{OLD}"\n', f'[slots.b]\nmodel = "{OLD}"\n']


def test_a_link_stays_one_and_rights_stay_as_they_are(tmp_path: Path) -> None:
    """The file behind it is written."""
    real = tmp_path / "elsewhere.toml"
    real.write_text(f'[slots.a]\nmodel = "{OLD}"\n')
    real.chmod(0o640)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "prod.toml").symlink_to(real)
    written(tmp_path / "config")
    assert (tmp_path / "config" / "prod.toml").is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == (f'[slots.a]\nmodel = "{NEW}"\n', 0o640)
