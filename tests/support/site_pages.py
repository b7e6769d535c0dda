"""Lays the pages out for the site: `PYTHONPATH=tests python tests/support/site_pages.py build/pages`.

The README is the first page. What a page links to outside docs/ comes along: no link of the site leads nowhere.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def lay_out(target: Path) -> list[Path]:
    """Copies the pages and what they link to; the pages, as they stand in `target`."""
    shutil.rmtree(target, ignore_errors=True)
    todo, done = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], dict[Path, Path]()
    while todo:
        page = todo.pop(0)
        if page in done:
            continue
        done[page] = target / _place(page)
        done[page].parent.mkdir(parents=True, exist_ok=True)
        text, wanted = _rewritten(page)
        done[page].write_text(text, encoding="utf-8")
        for path in wanted:
            if path.suffix == ".md":
                todo.append(path)
            else:
                copy = target / _place(path)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
    return list(done.values())


def _place(path: Path) -> Path:
    """Where a file of the project stands in the site."""
    if path == ROOT / "README.md":
        return Path("index.md")
    inside = path.relative_to(ROOT)
    return inside.relative_to("docs") if inside.parts[0] == "docs" else Path("project") / inside


def _rewritten(page: Path) -> tuple[str, list[Path]]:
    """The page with links as the site has them, and the files that it links to. A folder is no page: its name stays."""
    wanted: list[Path] = []

    def link(match: re.Match[str]) -> str:
        path = Path(os.path.normpath(page.parent / match[3]))
        if not path.is_file():
            return match[2]
        wanted.append(path)
        there = os.path.relpath(_place(path), _place(page).parent)
        return f"{match[1]}[{match[2]}]({there}{match[4] or ''})"

    return _LINK.sub(link, page.read_text(encoding="utf-8")), wanted


if __name__ == "__main__":
    for each in lay_out(Path(sys.argv[1])):
        print(each)
