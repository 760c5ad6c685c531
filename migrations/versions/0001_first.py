"""The first tables.

Moments and lengths of time are whole microseconds; see bot/storage/columns.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _plan()
    _collect()
    _publish()


def downgrade() -> None:
    for table in (
        "meta",
        "locks",
        "page_marks",
        "picks",
        "sweeps",
        "cursors",
        "consents",
        "answers",
        "chat_posts",
        "posts",
        "accounts",
        "blobs",
        "parts",
        "deliveries",
        "prompts",
        "chats",
        "series",
    ):
        op.drop_table(table)


def _plan() -> None:
    op.create_table(
        "series",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("grace", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_series"),
    )
    op.create_table(
        "chats",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("taken_out_at", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["series"], ["series.slug"], name="fk_chats_series"),
        sa.PrimaryKeyConstraint("id", name="pk_chats"),
    )
    op.create_index("ix_chats_series", "chats", ["series"])
    op.create_table(
        "prompts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("useful_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_prompts_chat", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_prompts"),
    )
    op.create_index("ix_prompts_chat", "prompts", ["chat"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("prompt", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("network", sa.String(length=20), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("useful_until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_deliveries_chat", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["prompt"], ["prompts.id"], name="fk_deliveries_prompt", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_account_state_at", "deliveries", ["account", "state", "at"])
    op.create_index("ix_deliveries_chat_account_order", "deliveries", ["chat", "account", "order"])
    op.create_index("ix_deliveries_prompt", "deliveries", ["prompt"])
    op.create_table(
        "parts",
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("post", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("remote", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name="fk_parts_delivery", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("delivery", "position", name="pk_parts"),
    )
    op.create_index("ix_parts_answer", "parts", ["answer"])
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_blobs"),
    )


def _collect() -> None:
    op.create_table(
        "accounts",
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_accounts"),
    )
    op.create_table(
        "posts",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("parent", sa.String(length=24), nullable=False),
        sa.Column("root", sa.String(length=24), nullable=False),
        sa.Column("quote", sa.String(length=24), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("network", sa.String(length=20), nullable=True),
        sa.Column("account", sa.String(length=24), nullable=True),
        sa.Column("links", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name="fk_posts_account"),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.UniqueConstraint("key", name="uq_posts_key"),
    )
    op.create_index("ix_posts_account", "posts", ["account"])
    op.create_index("ix_posts_checked_at", "posts", ["checked_at"])
    op.create_table(
        "chat_posts",
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("post", NUMBER, autoincrement=False, nullable=False),
        sa.Column("in_thread", sa.Boolean(), nullable=False),
        sa.Column("store", sa.Boolean(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("search", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_chat_posts_chat", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name="fk_chat_posts_post", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat", "post", name="pk_chat_posts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_chat_posts_post", "chat_posts", ["post"])
    op.create_table(
        "answers",
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("post", NUMBER, autoincrement=False, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat", "post"], ["chat_posts.chat", "chat_posts.post"], name="fk_answers_chat_post", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chat", "post", "question", name="pk_answers"),
    )
    op.create_table(
        "consents",
        sa.Column("account", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "series", "at", name="pk_consents"),
    )
    op.create_table(
        "cursors",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "stream", name="pk_cursors"),
    )
    op.create_table(
        "sweeps",
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_sweeps_chat", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat", "account", name="pk_sweeps"),
    )


def _publish() -> None:
    op.create_table(
        "picks",
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("answer", sa.String(length=24), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name="fk_picks_chat", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat", "position", name="pk_picks"),
    )
    op.create_index("ix_picks_answer", "picks", ["answer"])
    op.create_table(
        "page_marks",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_page_marks"),
    )
    op.create_table(
        "locks",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_locks"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
