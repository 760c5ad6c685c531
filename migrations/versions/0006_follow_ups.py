"""Follow-ups: who asked to be asked what came of what they try, and which answer a prompt is about.

Moments are whole microseconds; see bot/storage/columns.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prompts", sa.Column("answer", sa.String(24), nullable=False, server_default=""))
    op.create_index("ix_prompts_answer", "prompts", ["answer"])
    op.create_table(
        "follow_ups",
        sa.Column("post", sa.String(24), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("post", name="pk_follow_ups"),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_follow_ups_chat", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("follow_ups")
    op.drop_index("ix_prompts_answer", table_name="prompts")
    op.drop_column("prompts", "answer")
