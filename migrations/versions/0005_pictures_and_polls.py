"""Pictures of participants: which are to be copied, and the copies. Polls: how people voted in a network's own.

Moments are whole microseconds; see bot/storage/columns.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("post", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("post", "position", name="pk_pictures"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name="fk_pictures_post", ondelete="CASCADE"),
    )
    op.create_index("ix_pictures_retry_at", "pictures", ["retry_at"])
    op.create_index("ix_pictures_sha256", "pictures", ["sha256"])
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
    op.drop_table("pictures")
