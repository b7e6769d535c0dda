"""Find by an ID who was approved for it or handed it: on a server, where a fleet of thousands is asked about a model.

PostgreSQL keeps what repeats once, so an ID that is handed over again adds six bytes. SQLite would write it all anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
usable_from = "0.1.0"

INDEXES = (
    ("pins_model", "pins", "model_id", None),
    ("resolutions_handed_off_to", "resolutions", "handed_off_id", "handed_off_id IS NOT NULL"),
    ("resolutions_observed_as", "resolutions", "observed_id", "observed_id IS NOT NULL"),
)


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for name, table, column, where in INDEXES:
            only = sa.text(where) if where else None
            op.create_index(name, table, [column, "service", "environment", "slot"], postgresql_where=only)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for name, table, *_ in INDEXES:
            op.drop_index(name, table)
