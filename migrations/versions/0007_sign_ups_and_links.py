"""Lists of who comes to an event, and what accounts said of being one person with another.

Moments are whole microseconds; see bot/storage/columns.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_ups",
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("account", sa.String(24), nullable=False),
        sa.Column("called", sa.String(24), nullable=False),
        sa.Column("network", sa.String(20), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("coming", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("chat", "account", name="pk_sign_ups"),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_sign_ups_chat", ondelete="CASCADE"),
    )
    op.create_table(
        "claims",
        sa.Column("by", sa.String(24), nullable=False),
        sa.Column("other", sa.String(24), nullable=False),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("called", sa.String(24), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("by", "other", "kind", "at", name="pk_claims"),
    )


def downgrade() -> None:
    op.drop_table("claims")
    op.drop_table("sign_ups")
