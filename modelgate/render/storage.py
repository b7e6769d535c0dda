"""How much room the audit store takes, for people."""

from __future__ import annotations

from datetime import datetime

from modelgate.domain.storage import Room, Storage
from modelgate.render.style import Style
from modelgate.render.table import table

_UNITS = ("B", "kB", "MB", "GB", "TB")


def as_text(found: Storage, before: datetime | None, style: Style) -> str:
    """Two tables and a line: by table, by service and environment, all of it."""
    freed = ["archive takes", "and frees"] if before else []
    headings = ["rows", "bytes", "rows a day", "bytes a day", *freed]
    tables = [[name, *_cells(room, before)] for name, room in found.tables.items()]
    scopes = [[str(scope), *_cells(room, before)] for scope, room in found.scopes.items()]
    lines = [*table(["table", *headings], tables, style), ""] if tables else ["no rows yet"]
    lines += [*table(["service/environment", *headings], scopes, style), ""] if scopes else []
    return "\n".join([*lines, f"{size(found.size)} in all; growth is that of the last {found.days:.0f} days"])


def _cells(room: Room, before: datetime | None) -> list[str]:
    freed = [f"{room.freed_rows:,}", size(room.freed_size)] if before else []
    return [f"{room.rows:,}", size(room.size), f"{room.rows_a_day:,.0f}", size(room.size_a_day), *freed]


def size(count: float) -> str:
    """Bytes as people read them: `1.4 GB`."""
    unit = 0
    while count >= 999.5 and unit + 1 < len(_UNITS):
        count, unit = count / 1000, unit + 1
    return f"{count:.1f} {_UNITS[unit]}" if unit and count < 9.95 else f"{count:.0f} {_UNITS[unit]}"
