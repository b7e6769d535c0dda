"""`modelgate_pins`: one module for applications, on every Python that they still run."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from modelgate import pinned
from modelgate.version import VERSION

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "pins" / "modelgate_pins.py"
HANDED = {"MODELGATE_MODEL_SUMMARIZER": "claude-sonnet-4-6"}


@pytest.mark.timeout(300)
def test_the_wheel_holds_one_module_that_gives_the_same(tmp_path: Path) -> None:
    """Built and put beside no gate, it reads what preflight handed over."""
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", tmp_path, ROOT / "pins"], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("modelgate_pins-*.whl")
    assert [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")] == ["modelgate_pins.py"]
    script = f"import sys; sys.path.insert(0, {str(wheel)!r}); import modelgate_pins; print(modelgate_pins.pinned())"
    done = subprocess.run([sys.executable, "-I", "-c", script], env=HANDED, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(pinned(HANDED))


def test_it_is_python_3_9_and_the_standard_library_alone() -> None:
    """No syntax of a later Python, and no import that must be installed."""
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 9))
    imports = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imports |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {str(name).split(".")[0] for name in imports} <= sys.stdlib_module_names


def test_both_distributions_have_one_version() -> None:
    """Whoever sees one knows the other."""
    project = tomllib.loads((ROOT / "pins" / "pyproject.toml").read_text())["project"]
    assert (project["name"], project["version"]) == ("modelgate-pins", VERSION)


def test_a_default_is_for_where_no_gate_runs() -> None:
    """It fills in what was not handed over, and never goes over what was."""
    assert pinned({}, default={"summarizer": "x"}) == {"summarizer": "x"}
    assert pinned(HANDED, default={"summarizer": "x", "grader": "y"}) == {
        "summarizer": "claude-sonnet-4-6",
        "grader": "y",
    }
    with pytest.raises(LookupError):
        pinned({})
    with pytest.raises(LookupError):  # a gate runs here, and did not pass
        pinned({"MODELGATE_PINS_FILE": "/nowhere/pins.json"}, default={"summarizer": "x"})
