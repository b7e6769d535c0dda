"""Add what a preflight that observes left running, in a column of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
usable_from = "0.1.0"


def upgrade() -> None:
    op.add_column("resolutions", sa.Column("observed_id", sa.Text))
    there = sa.text("observed_id IS NOT NULL")
    op.create_index(
        "resolutions_observed",
        "resolutions",
        ["service", "environment", "slot", "observed_id", "sequence"],
        sqlite_where=there,
        postgresql_where=there,
    )


def downgrade() -> None:
    op.drop_index("resolutions_observed", "resolutions")
    op.execute("ALTER TABLE resolutions DROP COLUMN observed_id")
