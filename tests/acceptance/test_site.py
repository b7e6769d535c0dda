"""`make site`: the documents as a site, with a search and no link that leads nowhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from support.site_pages import ROOT, lay_out

ZENSICAL = Path(sys.executable).parent / "zensical"


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Strict: a link to a page that is not there stops it. Every page can be searched and is in the navigation."""
    pages = lay_out(tmp_path / "build" / "pages")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    done = subprocess.run(
        [ZENSICAL, "build", "--strict"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(json.loads((tmp_path / "site" / "search.json").read_text(encoding="utf-8"))["items"]) > 100
    named = set(re.findall(r'= "([\w-]+\.md)"', (ROOT / "zensical.toml").read_text(encoding="utf-8")))
    assert named == {page.name for page in pages if page.parent.name == "pages"}
