"""The pictures of docs/monitoring.md: five pages of the demonstration's fleet, light and dark, at two widths.

PYTHONPATH=tests:. python tests/support/pictures.py
"""

from __future__ import annotations

import json
import shutil
import tempfile
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

from modelgate.demo.fleet import HELD, RETIRING, environ_of, seed, serving
from modelgate.sandbox.server import Sandbox

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]  # fmt: skip
SIZES = {"phone": (390, 700), "screen": (1280, 720)}


def main() -> None:
    """Writes them anew."""
    PICTURES.mkdir(exist_ok=True)
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seed(folder, sandbox)
        with serving(folder, environ_of(sandbox, folder)) as address, sync_playwright() as started:
            with urllib.request.urlopen(f"{address}api/fleet") as answer:
                slots = json.load(answer)["slots"]
            run = next(s for s in slots if (s["service"], s["environment"]) == (HELD, "prod"))["verdicts"]["preflight"]
            pages = {"fleet": "", "service": f"service/{HELD}/prod", "run": f"run/{run['run_id']}",
                     "model": f"model?id={RETIRING}", "retirements": "retirements"}  # fmt: skip
            browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=OPTIONS)
            for scheme in ("light", "dark"):
                for size, (width, height) in SIZES.items():
                    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                    for title, path in pages.items():
                        page.goto(address + path)
                        page.screenshot(path=PICTURES / f"{title}-{size}-{scheme}.png")
            browser.close()


if __name__ == "__main__":
    main()
