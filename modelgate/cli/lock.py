"""modelgate lock"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import data_format, scoped, slots_argument
from modelgate.cli.output import tell

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("lock", cls=Command)
@slots_argument
@click.option("--from", "source", metavar="ENV", help="Take the IDs from that environment's lock: a promotion.")
@click.option("--check", "only_check", is_flag=True, help="Settings and lock agree? Needs neither key nor network.")
@click.option("--force", is_flag=True, help="Also where nothing reads the lock, as pins_from is not lock.")
@scoped
@data_format
def command(
    context: Context, slots: tuple[str, ...], source: str | None, only_check: bool, force: bool, output_format: str
) -> int:
    """Write approvals into config/<env>.lock.toml: a pull request is then the approval.

    Example: modelgate lock -e prod && git add config/prod.lock.toml
    """
    return _check(context, output_format, force) if only_check else _lock(context, slots, source, output_format, force)


def _check(context: Context, output_format: str, force: bool) -> int:
    from modelgate.operations.lock import check_lock

    stale = check_lock(context, force=force)
    shown = [
        {"id": f.id, "slot": f.slot, "message": f.message, "hint": f.hint, "commands": [*f.commands]} for f in stale
    ]
    lines = [f"{f.slot}: {f.message}" for f in stale]
    lines += dict.fromkeys(f"  → {each}" for f in stale for each in (f.hint, *f.commands))
    tell(output_format, shown, "\n".join(lines) or f"{context.settings.lock_file} agrees with the settings")
    return 1 if stale else 0


def _lock(context: Context, slots: tuple[str, ...], source: str | None, output_format: str, force: bool) -> int:
    from modelgate.operations.lock import lock

    locked = lock(context, slots, source=source, force=force)
    changes: list[tuple[str, str | None, str | None]] = [
        *((change.pin.slot, change.before, change.pin.model_id) for change in locked.changes),
        *((pin.slot, pin.model_id, None) for pin in locked.dropped),
    ]
    shown = [{"slot": slot, "before": before, "after": after} for slot, before, after in changes]
    lines = [
        f"{slot}: {before or 'nothing'} → {after or 'nothing, it is no longer in the settings'}"
        for slot, before, after in changes
    ]
    lines = lines or ["no ID changed"]
    lines += [f"check will refuse: {f.id} {f.slot}: {f.message}\n  → {f.advice}" for f in locked.lacks]
    if locked.unasked:
        lines.append(f"which evidence it lacks is not known: {locked.unasked}")
    lines.append(f"written: {locked.path}; commit it, its review is the approval")
    lacks = [{"id": f.id, "slot": f.slot, "message": f.message, "commands": list(f.commands)} for f in locked.lacks]
    evidence = {"evidence": None if locked.unasked else lacks}
    tell(output_format, {"path": str(locked.path), "changes": shown, **evidence}, "\n".join(lines))
    return 0
