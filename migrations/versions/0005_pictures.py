"""Pictures of participants: which are to be copied, and the copies.

Moments are whole microseconds; see bot/storage/tables.py.
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


def downgrade() -> None:
    op.drop_table("pictures")
