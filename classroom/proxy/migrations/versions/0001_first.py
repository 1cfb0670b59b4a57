"""The first tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them. Written out: a later change of `tables` must not change what this step did."""
    op.create_table(
        "events",
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("starts", sa.Float, nullable=False),
        sa.Column("ends", sa.Float, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("models", sa.Text, nullable=False),
        sa.Column("max_tokens", sa.Integer),
        sa.Column("daily_requests", sa.Integer),
        sa.Column("learner_budget", sa.BigInteger),
        sa.Column("event_budget", sa.BigInteger),
        sa.Column("organization", sa.String(128)),
        sa.Column("project", sa.String(128)),
        sa.Column("keeps_prompts", sa.Boolean, nullable=False),
        sa.Column("self_registration", sa.Boolean, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("reserved", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "attendees",
        sa.Column("event", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("secret", sa.String(64)),
        sa.Column("day", sa.String(10), nullable=False, server_default=""),
        sa.Column("requests", sa.Integer, nullable=False, server_default="0"),
        sa.Column("spent", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("reserved", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("attendee", sa.String(128), nullable=False),
        sa.Column("route", sa.String(64), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("input_tokens", sa.Integer, nullable=False, server_default="0"),
        sa.Column("output_tokens", sa.Integer, nullable=False, server_default="0"),
        sa.Column("status", sa.Integer),
        sa.Column("prompt", sa.Text),
        sa.Column("answer", sa.Text),
    )
    op.create_index("calls_by_event", "calls", ["event", "attendee"])
    op.create_index("calls_open", "calls", ["state", "expires"])


def downgrade() -> None:
    """Drop them."""
    for name in ("calls", "attendees", "events"):
        op.drop_table(name)
