"""Digests: those that are held for their hosts, and what hosts said about them.

Moments are whole microseconds; see bot/storage/columns.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("chat", name="pk_digests"),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_digests_chat", ondelete="CASCADE"),
    )
    op.create_table(
        "host_sayings",
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("answer", sa.String(24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("chat", "at", name="pk_host_sayings"),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_host_sayings_chat", ondelete="CASCADE"),
    )
    op.create_index("ix_host_sayings_answer", "host_sayings", ["answer"])


def downgrade() -> None:
    for table in ("host_sayings", "digests"):
        op.drop_table(table)
