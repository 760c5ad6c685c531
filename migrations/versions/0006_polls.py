"""Polls: how people voted in those that are the network's own.

Moments are whole microseconds; see bot/storage/tables.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "poll_counts",
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery", name="pk_poll_counts"),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name="fk_poll_counts_delivery", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("poll_counts")
