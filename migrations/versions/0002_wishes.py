"""Wishes carried out: what is left out, held, decided about, and to be done on networks.

Moments are whole microseconds; see bot/storage/columns.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("chat_posts", sa.Column("held", sa.String(80), nullable=False, server_default=""))
    # Until now a photo or a delicate label held an answer; the next look-up tells which.
    op.execute("UPDATE chat_posts SET held = 'photo' WHERE hold")
    op.add_column("posts", sa.Column("asked_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "left_out",
        sa.Column("post", NUMBER, autoincrement=False, nullable=False),
        sa.Column("author", sa.String(24), nullable=False),
        sa.Column("called", sa.String(24), nullable=False),
        sa.Column("network", sa.String(20), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name="fk_left_out_post", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post", name="pk_left_out"),
    )
    op.create_index("ix_left_out_author", "left_out", ["author"])
    op.create_index("ix_left_out_called", "left_out", ["called"])
    op.create_table(
        "copies",
        sa.Column("copy", sa.String(24), nullable=False),
        sa.Column("original", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("copy", name="pk_copies"),
    )
    op.create_index("ix_copies_original", "copies", ["original"])
    op.create_table(
        "rulings",
        sa.Column("post", sa.String(24), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("words", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("post", "at", name="pk_rulings"),
    )
    op.create_table(
        "errands",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_errands"),
    )
    op.create_index("ix_errands_account_done_at", "errands", ["account", "done_at"])
    op.create_table(
        "set_aside",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "event", name="pk_set_aside"),
    )


def downgrade() -> None:
    for table in ("set_aside", "errands", "rulings", "copies", "left_out"):
        op.drop_table(table)
    # Not in a batch: SQLite would copy the table, and dropping the old one would empty all that hangs on it.
    op.drop_column("posts", "asked_at")
    op.drop_column("chat_posts", "held")
