"""Sign-in by e-mail: an attendee's address, and the codes that were sent.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    with op.batch_alter_table("attendees") as attendees:
        attendees.add_column(sa.Column("email", sa.String(254), nullable=False, server_default=""))
    op.create_table(
        "mailed",
        sa.Column("asker", sa.String(64), primary_key=True),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("mailed_by_name", "mailed", ["event", "name"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("mailed")
    with op.batch_alter_table("attendees") as attendees:
        attendees.drop_column("email")
