"""Permissions: what authors said about use of their answers outside the chat.

Moments are whole microseconds; see bot/storage/columns.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "permissions",
        sa.Column("post", sa.String(24), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("words", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("post", "purpose", name="pk_permissions"),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_permissions_chat", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("permissions")
