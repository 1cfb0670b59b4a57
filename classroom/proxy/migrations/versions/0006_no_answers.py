"""Answers were never stored: their column goes.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the column away."""
    with op.batch_alter_table("calls") as calls:
        calls.drop_column("answer")


def downgrade() -> None:
    """Give it back, empty."""
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("answer", sa.Text))
