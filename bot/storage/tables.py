"""The tables, in SQLAlchemy Core. What is asked for in a query is a column; the rest of a domain type is JSON text.

Words of participants stand in two places only, ``posts.data`` and ``accounts.data``, and what a digest repeated of them
in ``deliveries.draft`` and ``parts.payload``; copies of their pictures in ``pictures.data``; ``erasing.py`` clears all
five. Addresses of theirs stand in ``left_out.ref`` while a chat is open, and in ``errands.data`` until the errand is
done; handles in ``sign_ups.handle`` until an event has been over for a while.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from bot.storage.columns import Moment, Number, Stretch

SCHEMA = "0008"
"""The newest revision in ``migrations/versions``; revisions are numbered so that older and newer can be told apart."""

# Names of constraints are fixed, so that a later migration can name what it changes on both databases.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""``pepper``: the secret of node keys; ``rehearsal``: present where everything in here is made up; ``beats.run`` and
``beats.tick``: when those worked last; ``letter.…`` and ``nomore.…``: see ``letters.py``; ``erased``: present where
something was erased since ``tidied``, SQLite only; ``place.NAME``: how a place fares where the archive stands too."""

# -- plan ----------------------------------------------------------------------------------------------------------

series = Table(
    "series",
    metadata,
    Column("slug", String, primary_key=True),
    Column("grace", Stretch, nullable=False),
    Column("late", Stretch, nullable=False),
    Column("data", Text, nullable=False),
)

chats = Table(
    "chats",
    metadata,
    Column("id", String, primary_key=True),
    Column("series", ForeignKey("series.slug"), nullable=False, index=True),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("taken_out_at", Moment),
    Column("data", Text, nullable=False),
)
"""``cancelled``: by command, and stays so; ``taken_out_at``: since when it is missing from the YAML."""

prompts = Table(
    "prompts",
    metadata,
    Column("id", String, primary_key=True),
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("number", Integer, nullable=False),
    Column("order", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("useful_until", Moment, nullable=False),
    Column("answer", String(24), nullable=False, server_default="", index=True),
)
"""``answer``: node key of the answer that a follow-up asks about; empty for all else."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String, primary_key=True),
    Column("prompt", ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("series", String, nullable=False),
    Column("account", String, nullable=False),
    Column("network", String(20), nullable=False),
    Column("order", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("useful_until", Moment, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", Moment),
    Column("error", Text, nullable=False),
    Column("sent_at", Moment),
    Column("owner", String),
    Column("lease_until", Moment),
    Column("draft", Text),
    Index(None, "chat", "account", "order"),
    Index(None, "account", "state", "at"),
)

parts = Table(
    "parts",
    metadata,
    Column("delivery", ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("key", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("needs", Text, nullable=False),
    Column("post", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("tried_at", Moment),
    Column("remote", Text),
    Column("sent_at", Moment),
    Column("answer", String(24), nullable=False, index=True),
)
"""``answer``: node key of the contribution that this part repeats, so that it can be found when that one goes."""

poll_counts = Table(
    "poll_counts",
    metadata,
    Column("delivery", ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("data", Text, nullable=False),
)
"""How people voted in the poll of a delivery, in numbers alone, and when these were first read."""

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("mime", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# -- collect -------------------------------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("key", String(24), primary_key=True),
    Column("data", Text, nullable=False),
)
"""Who wrote the posts whose words are kept; gone with the last of them."""

posts = Table(
    "posts",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("key", String(24), nullable=False, unique=True),
    Column("parent", String(24), nullable=False),
    Column("root", String(24), nullable=False),
    Column("quote", String(24), nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String(10), nullable=False),
    Column("network", String(20)),
    Column("account", ForeignKey("accounts.key"), index=True),
    Column("links", Integer, nullable=False),
    Column("checked_at", Moment, index=True),
    Column("fingerprint", BigInteger),
    Column("data", Text),
    Column("asked_at", Moment),
)
"""A node of a thread, known by its ``key``; ``id`` only numbers the rows as they come, so that what hangs on them is
written side by side instead of all over an index.

``state``: ``kept`` (words in ``data``), ``bare`` (not to be kept), ``buried`` (gone from its network), ``erased`` (by
its author's wish). All but ``kept`` have keys, a time cut to the minute, and nothing else. ``fingerprint``: of what was
collected when it was last written, so that seeing it again costs no more than reading this number. ``asked_at``: when
it was last looked up in vain, so that the next ones have their turn.
"""

chat_posts = Table(
    "chat_posts",
    metadata,
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("post", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("in_thread", Boolean, nullable=False),
    Column("store", Boolean, nullable=False),
    Column("hold", Boolean, nullable=False),
    Column("search", Boolean, nullable=False),
    Column("why", String(30), nullable=False),
    Column("held", String(80), nullable=False, server_default=""),
    sqlite_with_rowid=False,  # small rows, always found by key: one tree instead of two
)
"""Where a post stands, and the verdict about it there. ``why``: ``consent.Reason``, or ``gone`` for a post that was
never kept and is not there any more; ``held``: why it waits for a person (``consent.Hold``), joined by spaces."""

left_out = Table(
    "left_out",
    metadata,
    Column("post", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("author", String(24), nullable=False, index=True),
    Column("called", String(24), nullable=False, index=True),
    Column("network", String(20), nullable=False),
    Column("ref", Text, nullable=False),
)
"""Where a bare post is that its author may still ask us to keep, by keyed hashes of the author's id and of the handle:
gone when the window of its chat closes, or its author leaves."""

pictures = Table(
    "pictures",
    metadata,
    Column("post", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("key", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", Moment, index=True),
    Column("sha256", String(64), index=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("data", LargeBinary),
)
"""Pictures of answers that are shown somewhere by their author's consent, and of no others: a row goes as soon as that
ends. ``position`` and ``key``: which of the post's ``media``; ``retry_at``: when it is to be fetched, null once it is
here or given up; ``data``: written anew by us, ``sha256`` its name."""

copies = Table(
    "copies",
    metadata,
    Column("copy", String(24), primary_key=True),
    Column("original", String(24), nullable=False, index=True),
)
"""Node keys of bridges' copies and of their originals; an empty original: there is none that we know."""

rulings = Table(
    "rulings",
    metadata,
    Column("post", String(24), primary_key=True),
    Column("at", Moment, primary_key=True, autoincrement=False),
    Column("kind", String(10), nullable=False),
    Column("words", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(80), nullable=False),
)
"""What people decided about posts, as events by node key; the latest counts, and all of them are the log."""

errands = Table(
    "errands",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("at", Moment, nullable=False),
    Column("data", Text),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", Moment),
    Column("error", Text, nullable=False),
    Column("done_at", Moment),
    Index(None, "account", "done_at"),
)
"""What is to be done on a network beside the outbox; ``data`` (address, handle, text) goes when it is done."""

set_aside = Table(
    "set_aside",
    metadata,
    Column("account", String, primary_key=True),
    Column("event", String, primary_key=True),
    Column("error", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
"""Events of streams that could not be read: which, and why; never what they said."""

answers = Table(
    "answers",
    metadata,
    Column("chat", String, primary_key=True),
    Column("post", Number, primary_key=True, autoincrement=False),
    Column("question", String, primary_key=True),
    Column("how", String(10), nullable=False),
    ForeignKeyConstraint(["chat", "post"], ["chat_posts.chat", "chat_posts.post"], ondelete="CASCADE"),
)

consents = Table(
    "consents",
    metadata,
    Column("account", String(24), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("series", String, primary_key=True),
    Column("at", Moment, primary_key=True, autoincrement=False),
    Column("source", String, nullable=False),
)
"""Wishes as events, by a keyed hash of the account's id: they outlive the account's erasure and name nobody."""

claims = Table(
    "claims",
    metadata,
    Column("by", String(24), primary_key=True),
    Column("other", String(24), primary_key=True),
    Column("kind", String(4), primary_key=True),
    Column("at", Moment, primary_key=True, autoincrement=False),
    Column("called", String(24), nullable=False),
    Column("source", String, nullable=False),
)
"""What accounts said of being one person with another (``linked.Claim``), by keyed hashes of their ids; ``called``: of
the handle that ``by`` had then. Gone when either leaves, and when it counts no more."""

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("post", String(24), primary_key=True),
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("account", String, nullable=False),
    Column("asked_at", Moment),
    Column("ended_at", Moment),
)
"""Whose authors asked to be asked what came of it, by their answer's node key: when they asked, and when they wanted no
more of it. The later counts. ``account``: which of ours asks. A row goes with its answer."""

sign_ups = Table(
    "sign_ups",
    metadata,
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("account", String(24), primary_key=True),
    Column("called", String(24), nullable=False),
    Column("network", String(20), nullable=False),
    Column("handle", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("coming", Boolean, nullable=False),
)
"""Who comes to an event, by keyed hashes of the account's id and handle, and its handle for the hosts; of who does not
come after all no handle stays. A row goes with who leaves, and 30 days after the event."""

permissions = Table(
    "permissions",
    metadata,
    Column("post", String(24), primary_key=True),
    Column("purpose", String, primary_key=True),
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("agreed", Boolean, nullable=False),
    Column("words", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", String, nullable=False),
)
"""What authors said last about an answer's use for a purpose, about which words, and who noted it. A row goes with its
answer."""

cursors = Table(
    "cursors",
    metadata,
    Column("account", String, primary_key=True),
    Column("stream", String, primary_key=True),
    Column("value", Text, nullable=False),
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("account", String, primary_key=True),
    Column("at", Moment, nullable=False),
)

# -- digest, archive, running --------------------------------------------------------------------------------------

picks = Table(
    "picks",
    metadata,
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("question", String, nullable=False),
    Column("answer", String(24), nullable=False, index=True),
    Column("why", Text, nullable=False),
)

digests = Table(
    "digests",
    metadata,
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("told", Boolean, nullable=False),
)
"""Digests that are held: chosen (``picks``) and not out. ``told``: the chat's hosts were sent what is held."""

host_sayings = Table(
    "host_sayings",
    metadata,
    Column("chat", ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Moment, primary_key=True, autoincrement=False),
    Column("kind", String(10), nullable=False),
    Column("answer", String(24), nullable=False, index=True),
    Column("words", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(80), nullable=False),
)
"""What hosts said about digests, as events; all of them are the log. ``answer``: the node key of the answer that is
meant, so that what was said about it goes with it. ``words``: the hosts' own, for the digest."""

page_marks = Table(
    "page_marks",
    metadata,
    Column("path", String, primary_key=True),
    Column("mark", String, nullable=False),
)

locks = Table(
    "locks",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("lease_until", Moment, nullable=False),
)

# -- alerts to operators -------------------------------------------------------------------------------------------

alerts = Table(
    "alerts",
    metadata,
    Column("key", String, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("told_at", Moment),
    Column("ended_at", Moment),
)
"""What is wrong, or was and is still to be said: since when, when it was seen last, when a message about it was written
last, and since when it is well again."""

notices = Table(
    "notices",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("message", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("data", Text),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", Moment),
    Column("error", Text, nullable=False),
    Column("done_at", Moment),
    Index(None, "at"),
)
"""Messages to operators, a row for each recipient; ``data`` (recipient and words) goes when it is done."""
