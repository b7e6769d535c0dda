"""Settings that people got wrong elsewhere, each told with what to do about it, and nothing of what may be a secret."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from modelgate.domain.errors import SettingsError
from modelgate.settings import environments, load

SLOT = '[slots.grader]\nmodel_from = "GRADER_MODEL"\n'


def refusal(folder: Path, text: str, **environ: str) -> tuple[str, str]:
    """Message and hint of settings that cannot be used."""
    (folder / "prod.toml").write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(environment="prod", environ=environ, config_dir=folder)
    return refused.value.message, refused.value.hint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("claude-haiku-4-5\n", "it holds a line break"),
        ('"claude-haiku-4-5"', "it holds quotes, which stand around a value and are no part of it"),
        ("'claude-haiku-4-5'", "it holds quotes, which stand around a value and are no part of it"),
        ("\x1b[1mclaude-haiku-4-5\x1b[0m", "it holds the codes of a terminal's colours"),
        ("claude-haiku-4-5[1m]", "it ends in [...], which is no part of a model's name"),
        ("claude haiku", "it holds a space"),
        ("sk-ant-canary", "it looks like an API key"),
        ("../claude-haiku", "letters, digits and . _ - : @ / only, no path"),
    ],
)
def test_a_variable_that_holds_no_model_name_says_why(tmp_path: Path, text: str, why: str) -> None:
    """What is wrong with it, in words: the text is the application's own, and may be a secret."""
    message, hint = refusal(tmp_path, SLOT, GRADER_MODEL=text)
    assert message == f"$GRADER_MODEL: slots.grader: holds no model name: {why}"
    assert "haiku" not in message + hint
    assert "canary" not in message + hint


def test_arrays_in_variables_are_json(tmp_path: Path) -> None:
    """A list with commas is what other tools read; ours are JSON, and the error says how that looks."""
    text = '[slots.s]\nmodel = "claude-haiku-4-5"\n'
    message, hint = refusal(tmp_path, text, MODELGATE_SLOTS__S__REQUIRES="batch,thinking")
    assert message == "$MODELGATE_SLOTS__S__REQUIRES: slots.s.requires: must be an array"
    assert hint == 'in a variable an array is JSON: ["batch","thinking"]'


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="another user is needed")
def test_a_folder_that_may_not_be_read_is_not_an_empty_one(tmp_path: Path) -> None:
    """Permission denied is said as that, with the next step, and not as a file that is not there."""
    folder = tmp_path / "config"
    folder.mkdir(mode=0o700)
    for part in (tmp_path, *tmp_path.parents):
        if not part.stat().st_mode & stat.S_IXOTH:
            part.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(SettingsError) as refused:
            environments(folder)
    finally:
        os.seteuid(0)
    assert refused.value.message == f"{folder}: permission denied"
