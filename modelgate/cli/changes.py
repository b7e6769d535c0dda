"""How a change of pins is shown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from modelgate.cli.output import say, say_json
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant, to_the_minute
from modelgate.render.style import Style
from modelgate.render.table import table
from modelgate.terminal import style_of

if TYPE_CHECKING:
    from modelgate.judgement import Judgement
    from modelgate.operations.change import Change, Changed

RESTART = """\
Now restart, so that the hold takes effect:
  Kubernetes  kubectl rollout restart deployment/NAME
  compose     docker compose up -d --force-recreate GATE SERVICE
  systemd     systemctl restart UNIT"""


def show(changed: Changed, form: str, done: str, *, err: bool = False) -> None:
    """What changed, old → new, and what the next preflight will do. `done` is the verb: accepted, held, released."""
    if form == "json":
        say_json(_as_json(changed))
        return
    style = style_of(sys.stderr if err else sys.stdout, os.environ)
    rows = [[c.pin.slot, c.before or "nothing", "→", c.pin.model_id, _until(c)] for c in changed.changes]
    lines = table(["slot", "ran", "", done, ""], [[printable(cell) for cell in row] for row in rows], style)
    lines += [f"{slot}: nothing to do, it is approved already" for slot in changed.unchanged]
    lines += [style.paint(note, "yellow") for note in changed.notes]
    if changed.outlook:
        lines += _ahead(changed.outlook, style)
    if changed.head:
        lines.append(style.paint(f"recorded as {changed.head}", "dim"))
    say("\n".join(lines), err=err)


def _until(change: Change) -> str:
    expires = change.pin.expires_at
    revision = f"revision {change.pin.revision}"
    return f"{revision}, until {to_the_minute(expires)}" if expires else revision


def _ahead(judgement: Judgement, style: Style) -> list[str]:
    """One line a slot: what the next preflight hands over; and the reasons, if it does not pass."""
    views = [view for view in judgement.views if view.hand_over]
    handed = ", ".join(f"{view.slot.name} = {printable(view.hand_over or '', 40)}" for view in views)
    if judgement.verdict == "pass":
        return [f"The next preflight will {style.paint('pass', 'green')} and hand over {handed}"]
    reasons = [f for f in judgement.findings if f.level in ("refuse", "unknown") and f.counts]
    told = [f"  {f.id}{f' {f.slot}' if f.slot else ''}: {f.message}" for f in reasons]
    return [f"The next preflight will {style.paint('not pass', 'red')} ({judgement.verdict}):", *told]


def _as_json(changed: Changed) -> dict[str, object]:
    ahead = changed.outlook
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
        "next_preflight": ahead.verdict if ahead else None,
        "recorded": changed.head is not None,
        "head": str(changed.head) if changed.head else None,
    }
