"""Bounds on who lets themself in, what an event allows, and whose the upstream's identifiers are.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    with op.batch_alter_table("events") as events:
        events.add_column(sa.Column("most_attendees", sa.Integer, nullable=False, server_default="40"))
        events.add_column(sa.Column("names_per_hour", sa.Integer, nullable=False, server_default="40"))
        events.add_column(sa.Column("allows", sa.Text, nullable=False, server_default=""))
        events.add_column(sa.Column("salt", sa.String(32), nullable=False, server_default=""))
    op.create_table(
        "identifiers",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("event", sa.String(64), primary_key=True),
        sa.Column("attendee", sa.String(128), primary_key=True),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("identifiers_by_age", "identifiers", ["at"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("identifiers")
    with op.batch_alter_table("events") as events:
        for name in ("salt", "allows", "names_per_hour", "most_attendees"):
            events.drop_column(name)
