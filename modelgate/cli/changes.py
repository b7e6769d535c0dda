"""How a change of pins is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from modelgate.cli.output import say, say_json
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import UsageError
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant, to_the_minute
from modelgate.render.style import Style
from modelgate.render.table import hanging, table

if TYPE_CHECKING:
    from modelgate.operations.change import Change, Changed, Confirm

MOST = 10
"""Slots that one sentence names."""
RESTART = """\
Now restart, so that the hold takes effect:
  Kubernetes  kubectl rollout restart deployment/NAME
  compose     docker compose up -d --force-recreate GATE SERVICE
  systemd     systemctl restart UNIT"""


yes_option = click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would change.")


def confirmation(verb: str, *, yes: bool, dry_run: bool) -> Confirm:
    """Shows the plan and asks, unless told not to. Raises UsageError where nobody could answer."""
    if not (yes or dry_run or sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask at", hint="add --yes, or look first with --dry-run")

    def confirm(planned: Changed) -> bool:
        if yes:
            return True
        show(planned, "text", verb, err=True)  # where a person sees it, whatever becomes of the output
        return click.confirm("Do it?", err=True)

    return confirm


def show(changed: Changed, output_format: str, done: str, *, err: bool = False) -> None:
    """What changed, old → new, and what the next preflight will do. `done` is the verb: accepted, held, released."""
    if output_format == "json":
        say_json(_as_json(changed))
        return
    style = style_of(sys.stderr if err else sys.stdout, os.environ)
    rows = [[c.pin.slot, c.before or "nothing", "→", c.pin.model_id, _until(c)] for c in changed.changes]
    lines = table(["slot", "ran", "", done, ""], rows, style)
    if changed.unchanged:
        lines.append(f"nothing to do, approved already: {_some(changed.unchanged)}")
    lines += [style.paint(note, "yellow") for note in changed.notes]  # in which a command may stand
    lines += [part for line in _ahead(changed, style) for part in hanging(line, style)]
    if changed.head:
        lines += [style.paint(part, "dim") for part in hanging(f"recorded as {changed.head}", style)]
    say("\n".join(lines), err=err)


def _until(change: Change) -> str:
    expires = change.pin.expires_at
    revision = f"revision {change.pin.revision}"
    return f"{revision}, until {to_the_minute(expires)}" if expires else revision


def _ahead(changed: Changed, style: Style) -> list[str]:
    """What the next preflight hands over, the changed slots first; and the reasons, if it does not pass."""
    judgement = changed.outlook
    if judgement.verdict == "pass":
        passes = f"The next preflight will {style.paint('pass', 'green')}"
        if not judgement.hands_over:
            return [f"{passes}; the policy only observes, and hands over what the settings and holds say"]
        about = {change.pin.slot for change in changed.changes}
        views = sorted(judgement.views, key=lambda view: view.slot.name not in about)
        handed = [f"{view.slot.name} = {printable(view.hand_over or '', 40)}" for view in views]
        return [f"{passes} and hand over {_some(handed)}"]
    reasons = [f for f in judgement.findings if f.level in ("refuse", "unknown") and f.counts]
    told = [f"  {f.id}{f' {f.slot}' if f.slot else ''}: {f.message}" for f in reasons[:MOST]]
    if len(reasons) > MOST:
        told.append(f"  … and {len(reasons) - MOST} more: modelgate check {changed.scope.flags}")
    return [f"The next preflight will {style.paint('not pass', 'red')} ({judgement.verdict}):", *told]


def _some(words: Sequence[str]) -> str:
    """The words, or the first of very many."""
    more = len(words) - MOST
    return ", ".join(words[:MOST]) + (f" and {more} more" if more > 0 else "")


def _as_json(changed: Changed) -> dict[str, object]:
    return {
        "service": changed.scope.service,
        "environment": changed.scope.environment,
        "changes": [
            {
                "slot": c.pin.slot,
                "action": c.pin.action,
                "before": c.before,
                "after": c.pin.model_id,
                "reference": c.pin.reference,
                "revision": c.pin.revision,
                "revokes": c.pin.revokes,
                "expires_at": format_instant(c.pin.expires_at) if c.pin.expires_at else None,
            }
            for c in changed.changes
        ],
        "unchanged": list(changed.unchanged),
        "notes": list(changed.notes),
        "next_preflight": changed.outlook.verdict,
        "recorded": changed.head is not None,
        "head": str(changed.head) if changed.head else None,
    }
