"""What the join and admin pages need: an event's text and pause, refusals, sign-ins; and which upstream stored what.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the tables."""
    with op.batch_alter_table("events") as events:
        events.add_column(sa.Column("text", sa.Text, nullable=False, server_default=""))
        events.add_column(sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()))
    with op.batch_alter_table("identifiers") as identifiers:
        identifiers.add_column(sa.Column("upstream", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "refused",
        sa.Column("event", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("reason", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("sessions")
    op.drop_table("refused")
    with op.batch_alter_table("identifiers") as identifiers:
        identifiers.drop_column("upstream")
    with op.batch_alter_table("events") as events:
        for name in ("paused", "text"):
            events.drop_column(name)
