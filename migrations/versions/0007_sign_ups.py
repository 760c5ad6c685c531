"""Lists of who comes to an event.

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


def downgrade() -> None:
    op.drop_table("sign_ups")
