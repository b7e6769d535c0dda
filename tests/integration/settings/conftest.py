"""A working directory with settings files in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelgate.domain.errors import SettingsError
from modelgate.domain.settings import Settings
from modelgate.settings import load


@dataclass(frozen=True)
class Config:
    """`config/` in the working directory."""

    folder: Path

    def write(self, **files: str) -> Config:
        """Writes `NAME.toml` for each."""
        for name, text in files.items():
            (self.folder / f"{name}.toml").write_text(text, encoding="utf-8")
        return self

    def load(self, environ: Mapping[str, str] | None = None, **flags: str) -> Settings:
        """The settings of `prod`."""
        return load(environment="prod", environ=environ or {}, **flags)  # type: ignore[arg-type]  # flags are texts here

    def error(self, environ: Mapping[str, str] | None = None, **flags: str) -> SettingsError:
        """The error that loading `prod` ends with."""
        with pytest.raises(SettingsError) as caught:
            self.load(environ, **flags)
        return caught.value


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """An empty `config/`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    return Config(Path("config"))
