"""A report as text: one module per format, and the same harmless words in all of them."""

from __future__ import annotations

from modelgate.domain.report import Report
from modelgate.domain.text import did_you_mean
from modelgate.errors import UsageError
from modelgate.render.style import PLAIN, Style

FORMATS: tuple[str, ...] = ("text", "json", "sarif", "junit", "github", "markdown")


def render(report: Report, format: str, *, style: Style = PLAIN) -> str:
    """`report` in one of `FORMATS`, ending with a newline. `style` is for `text` alone."""
    from modelgate.render.harmless import harmless

    safe = harmless(report)
    match format:
        case "text":
            from modelgate.render import text

            return text.render(safe, style)
        case "json":
            from modelgate.render import json

            return json.render(safe)
        case "sarif":
            from modelgate.render import sarif

            return sarif.render(safe)
        case "junit":
            from modelgate.render import junit

            return junit.render(safe)
        case "github":
            from modelgate.render import github

            return github.render(safe)
        case "markdown":
            from modelgate.render import markdown

            return markdown.render(safe)
    suggestion = did_you_mean(format, list(FORMATS))
    hint = f"did you mean {suggestion}?" if suggestion else f"one of {', '.join(FORMATS)}"
    raise UsageError(f"no such format: {format[:40]!r}", hint=hint)
