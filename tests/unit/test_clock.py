"""Where time is read."""

from __future__ import annotations

import ast
from pathlib import Path

import modelgate

PACKAGE = Path(modelgate.__file__).parent


def reads_a_clock(module: Path) -> bool:
    """Whether it imports `time`, or asks `datetime` or `date` what time it is."""
    nodes = list(ast.walk(ast.parse(module.read_text())))
    imported = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    asked = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    return "time" in imported or not asked.isdisjoint({"datetime.now", "datetime.utcnow", "date.today"})


def test_one_module_reads_a_clock() -> None:
    """Time is handed in: only the clock itself reads one, and the stopwatch of the call log."""
    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if reads_a_clock(path)}
    assert found == {"clock.py", "api/call_log.py"}
