"""A report as text: one module per format, and the same harmless words in all of them."""

from __future__ import annotations

from modelgate.domain.errors import UsageError
from modelgate.domain.report import Report
from modelgate.domain.text import did_you_mean, printable
from modelgate.render.style import PLAIN, Style

FORMATS: tuple[str, ...] = ("text", "json", "sarif", "junit", "github", "markdown")


def render(report: Report, format: str, *, style: Style = PLAIN) -> str:
    """`report` in one of `FORMATS`, ending with a newline. Colour and width of `style` are for `text` alone."""
    if format not in FORMATS:
        suggestion = did_you_mean(format, list(FORMATS))
        hint = f"did you mean {suggestion}?" if suggestion else f"one of {', '.join(FORMATS)}"
        raise UsageError(f"no such format: {printable(format, 40)!r}", hint=hint)
    from modelgate.render.harmless import harmless

    return style.fit(_render(harmless(report), format, style))


def last_line(report: Report, style: Style = PLAIN) -> str:
    """The verdict, which ends the text: alone where the whole report was printed before."""
    from modelgate.render.harmless import harmless
    from modelgate.render.text import verdict

    return style.fit(verdict(harmless(report), style))


def _render(report: Report, format: str, style: Style) -> str:
    match format:
        case "json":
            from modelgate.render import json

            return json.render(report)
        case "sarif":
            from modelgate.render import sarif

            return sarif.render(report)
        case "junit":
            from modelgate.render import junit

            return junit.render(report)
        case "github":
            from modelgate.render import github

            return github.render(report)
        case "markdown":
            from modelgate.render import markdown

            return markdown.render(report)
    from modelgate.render import text

    return text.render(report, style)
