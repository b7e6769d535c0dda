"""All benchmarks in one command, each figure beside its baseline in the same run.

    python benchmarks/run.py [--full] [--only NAME,NAME] [--rounds N] [--before CHECKOUT] [--out FOLDER]

Names: gates, rollouts, fleet, roads, rooms, histories, chains, archives, batches, scans.

Writes `results.json`, `results.md` (the tables) and `gate.svg` (the gate's time against the number of slots) into a
folder for each Python. Medians, measured in turns: A B C A B C. Compare ratios of one run, never seconds of two.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import archives
import chains
import fleet
import gates
import histories
import roads
import rollouts
import rooms
import tables
from plot import svg

Results = dict[str, list[dict[str, Any]]]
SIZES = {
    "small": {
        "gates": 50,
        "sqlite": 100_000,
        "postgresql": 100_000,
        "chain": 100_000,
        "archive": 1_000_000,
        "fleet": 1_000_000,
        "requests": 20_000,
        "files": 20_000,
    },
    "full": {
        "gates": 200,
        "sqlite": 1_000_000,
        "postgresql": 10_000_000,
        "chain": 1_000_000,
        "archive": 10_000_000,
        "fleet": 10_000_000,
        "requests": 100_000,
        "files": 50_000,
    },
}


def main() -> None:
    """Measures, prints and writes."""
    options = _options()
    size = SIZES["full" if options.full else "small"]
    resolutions = {"sqlite": size["sqlite"], "postgresql": size["postgresql"]}
    versions = {**({"before": options.before} if options.before else {}), "now": None}
    measures: dict[str, Callable[[], Iterable[dict[str, Any]]]] = {
        "gates": lambda: gates.measure(options.rounds),
        "rollouts": lambda: rollouts.measure(size["gates"]),
        "fleet": lambda: fleet.measure(size["fleet"]),
        "roads": lambda: roads.measure(options.rounds),
        "rooms": lambda: rooms.measure(versions),
        "histories": lambda: histories.measure(resolutions, options.rounds, options.before),
        "chains": lambda: chains.measure(size["chain"], versions),
        "archives": lambda: archives.measure(size["archive"]),
        "batches": lambda: _batches(size["requests"]),
        "scans": lambda: _scans(size["files"]),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "results.json"
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    results.setdefault("machines", {})
    for name in options.only.split(",") if options.only else measures:
        print(f"\n## {name}\n", flush=True)
        results[name] = []
        for result in measures[name]():
            results[name].append(result)
            print(tables.line(name, result), flush=True)
        results["machines"][name] = _machine()
        file.write_text(json.dumps(results, indent=1) + "\n")
    (options.out / "results.md").write_text(tables.page(results))
    if "gates" in results:
        (options.out / "gate.svg").write_text(_plot(results["gates"], results["machines"]["gates"]["python"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="200 gates, 1 and 10 million resolutions; an hour, 10 GB")
    parser.add_argument("--only", default="", help="which of them, with commas")
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is measured")
    parser.add_argument(
        "--before", type=Path, help="a checkout of another commit to measure beside: rooms, histories, chains"
    )
    minor = ".".join(platform.python_version_tuple()[:2])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results") / minor)
    return parser.parse_args()


def _machine() -> dict[str, Any]:
    """In general terms, and how busy it was in the last quarter of an hour."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": memory,
        "load": round(os.getloadavg()[2], 1),
    }


def _batches(requests: int) -> Iterator[dict[str, Any]]:
    """Batches have a benchmark of their own; it ends with 1 where a limit is passed, and has told so."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "batches.json"
        script = str(Path(__file__).with_name("batches.py"))
        subprocess.run([sys.executable, script, "--requests", str(requests), "--json", str(file)], check=False)
        for name, figures in json.loads(file.read_text())["batches"].items():
            yield {"name": name, "requests": requests, **figures}


def _scans(files: int) -> Iterator[dict[str, Any]]:
    """Scans, too: started from a small process, whose own memory does not count as the peak of its children's."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scans.json"
        script = str(Path(__file__).with_name("scans.py"))
        subprocess.run(
            [sys.executable, script, "--files", str(files), "--json", str(file)], check=False, stdout=subprocess.DEVNULL
        )
        yield from json.loads(file.read_text())


def _plot(results: Iterable[dict[str, Any]], python: str) -> str:
    at_100 = [result for result in results if result["latency_ms"] == 100]
    names = {"plain": "plain script", "cold": "gate", "reused": "gate, reused"}
    lines = {
        name: [(result["slots"], result["costs"][key]["seconds"]) for result in at_100] for key, name in names.items()
    }
    return svg(f"Time to start against an API that answers in 100 ms, Python {python}", "slots", "seconds", lines)


if __name__ == "__main__":
    main()
