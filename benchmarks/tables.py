"""Results as lines on a terminal and as tables in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Result = Mapping[str, Any]


def _gate(r: Result) -> list[str]:
    costs = r["costs"]
    plain, cold, reused = costs["plain"], costs["cold"], costs["reused"]
    beyond_sdk = cold["seconds"] - costs["sdk"]["seconds"]
    return [
        f"{r['slots']}",
        f"{r['latency_ms']} ms",
        *(f"{each['seconds']:.2f} s" for each in (plain, cold, reused)),
        f"{plain['seconds'] / cold['seconds']:.1f}x",
        f"{beyond_sdk:.2f} s",
        f"{reused['seconds'] / costs['libraries']['seconds']:.2f}x",
        " / ".join(f"{each['cpu_seconds']:.2f}" for each in (plain, cold, reused)),
        " / ".join(f"{each['peak_mb']:.0f}" for each in (plain, cold, reused)),
        " / ".join(str(r["requests"][each]) for each in ("plain", "cold", "reused")),
        " / ".join(str(r["modules"][each]["modules"]) for each in ("cold", "reused")),
    ]


def _rollout(r: Result) -> list[str]:
    seconds = [f"{r['median_seconds']:.1f} s", f"{r['last_seconds']:.1f} s", f"{r['cpu_seconds']:.0f} s"]
    return [r["database"], str(r["gates"]), str(r["lists"]), str(r["requests"]), *seconds]


def _fleet(r: Result) -> list[str]:
    sizes = [f"{r[each]:,}" for each in ("scopes", "slots", "resolutions")]
    seconds = [f"{r[each]:.3g} s" for each in ("seconds", "cpu_seconds")]
    return [r["what"], *sizes, str(r["requests"]), *seconds, f"{r['peak_mb']:.0f} MB"]


def _road(r: Result) -> list[str]:
    counted = [str(r["connections"]), str(r["round_trips"])]
    return [f"`{r['command']}`", f"{r['road_ms']} ms", *counted, f"{r['waited']:.2f} s", f"{r['seconds']:.2f} s"]


def _room(r: Result) -> list[str]:
    before = r["bytes"].get("before")
    return [r["database"], str(r["slots"]), f"{r['bytes']['now']:,.0f}", f"{before:,.0f}" if before else "-"]


def _history(r: Result) -> list[str]:
    short, long, before = r["costs"]["short"], r["costs"]["long"], r["costs"].get("before")
    beside = [f"{long[each] / before[each]:.2f}x" if before else "-" for each in ("seconds", "cpu_seconds")]
    ratios = [f"{long[each] / short[each]:.2f}x" for each in ("seconds", "cpu_seconds")]
    return [
        r["database"], f"{r['resolutions']:,}", f"`{r['command']}`", f"{short['seconds']:.2f} s",
        f"{long['seconds']:.2f} s", *ratios, *beside,
    ]  # fmt: skip


def _chain(r: Result) -> list[str]:
    walked = "from a verified head" if r["after"] else "whole"
    return [
        r["database"],
        r.get("version", "now"),
        f"{r['rows']:,}",
        walked,
        f"{r['seconds']:.1f} s",
        f"{r['cpu_seconds']:.1f} s",
        f"{r['peak_mb']:.0f} MB",
    ]


def _archive(r: Result) -> list[str]:
    cost = [f"{r['seconds']:.1f} s", f"{r['cpu_seconds']:.1f} s", f"{r['peak_mb']:.0f} MB"]
    return [
        r["database"], f"{r['rows']:,}", f"`{r['step']}`", *cost, f"{r['file_mb']:.0f} MB", f"{r['waited']:.1f} s"
    ]  # fmt: skip


def _batches(r: Result) -> list[str]:
    rate = r["requests"] / r["seconds"]
    return [r["name"], f"{r['requests']:,}", f"{r['peak_mb']:.0f} MB", f"{r['cpu_seconds']:.1f} s", f"{rate:,.0f}/s"]


def _scan(r: Result) -> list[str]:
    return [r["what"], f"{r['files']:,}", f"{r['seconds']:.1f} s", f"{r['cpu']:.1f} s", f"{r['megabytes']:.0f} MB"]


TABLES: dict[str, tuple[list[str], Callable[[Result], list[str]]]] = {
    "gates": (
        [
            "slots",
            "API answers in",
            "plain script",
            "gate",
            "gate, reused",
            "faster",
            "beyond SDK import",
            "reused ÷ libraries",
            "CPU s",
            "peak MB",
            "requests",
            "modules",
        ],
        _gate,
    ),
    "rollouts": (["database", "gates at once", "lists asked", "requests", "median", "last", "CPU of all"], _rollout),
    "fleet": (["what", "services", "slots", "resolutions", "requests", "time", "CPU", "peak"], _fleet),
    "roads": (["command", "round trip", "connections", "round trips", "waited for the store", "whole command"], _road),
    "rooms": (["database", "slots", "bytes a run", "before"], _room),
    "histories": (
        [
            "database",
            "resolutions",
            "command",
            "short",
            "long",
            "time",
            "CPU",
            "time ÷ before",
            "CPU ÷ before",
        ],
        _history,
    ),
    "chains": (["database", "version", "rows", "verified", "time", "CPU", "peak"], _chain),
    "archives": (["database", "rows", "step", "time", "CPU", "peak", "file", "a gate beside waited at most"], _archive),
    "batches": (["command", "requests", "peak", "CPU", "throughput"], _batches),
    "scans": (["what", "files", "time", "CPU", "peak"], _scan),
}


def line(name: str, result: Result) -> str:
    """One result for the terminal."""
    titles, cells = TABLES[name]
    return "  ".join(f"{title}: {cell}" for title, cell in zip(titles, cells(result), strict=False))


def page(results: Mapping[str, Any]) -> str:
    """All of them as Markdown."""
    parts = []
    for name, (titles, cells) in TABLES.items():
        if name in results:
            rows = [titles, ["---"] * len(titles), *(cells(result) for result in results[name])]
            table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
            parts.append(f"## {name}\n\n{_measured_on(results['machines'][name])}\n\n{table}\n")
    return "\n".join(parts)


def _measured_on(machine: Mapping[str, Any]) -> str:
    """A benchmark is run again without the others, and perhaps elsewhere."""
    size = f"{machine['cores']} cores and {machine['memory_gb']} GB, {machine['system']}"
    busy = f", at a load of {machine['load']}" if "load" in machine else ""
    return f"Measured on {size}, Python {machine['python']}{busy}."
