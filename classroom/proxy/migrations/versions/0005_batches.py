"""What batches need: files of requests with their prices, and the batches that wait for their answers.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "batch_files",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("event", sa.String(64), primary_key=True),
        sa.Column("attendee", sa.String(128), primary_key=True),
        sa.Column("terms", sa.String(64), nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("asked", sa.String(128), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("lines", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("event", sa.String(64), primary_key=True),
        sa.Column("attendee", sa.String(128), primary_key=True),
        sa.Column("call", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("lines", sa.Text, nullable=False),
        sa.Column("upstream", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("batches_open", "batches", ["state", "at"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("batches")
    op.drop_table("batch_files")
