"""The store as a whole, and how to open it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, text

from bot.errors import StoreError
from bot.storage.alerts import Alerts
from bot.storage.badges import Badges
from bot.storage.base import inserting
from bot.storage.bridging import Bridging
from bot.storage.chronicling import Chronicling
from bot.storage.collecting import Collecting
from bot.storage.digests import Digests
from bot.storage.directory import Directory
from bot.storage.downloads import Downloads
from bot.storage.engine import connect, transaction
from bot.storage.errands import Errands
from bot.storage.following import Following
from bot.storage.gauges import Figures
from bot.storage.inviting import Inviting
from bot.storage.keeping import Keeping
from bot.storage.letters import Letters
from bot.storage.linked import Linked
from bot.storage.linking import Linking
from bot.storage.live import Live
from bot.storage.outbox import Outbox
from bot.storage.pages import Pages
from bot.storage.permitting import Permitting
from bot.storage.pictures import Pictures
from bot.storage.places import Places
from bot.storage.plans import Plans
from bot.storage.polls import Polls
from bot.storage.posts import Posts
from bot.storage.repeats import Repeats
from bot.storage.replaying import Replaying
from bot.storage.restored import Restoring
from bot.storage.review import Review
from bot.storage.ruling_log import RulingLog
from bot.storage.running import Running
from bot.storage.signups import SigningUp
from bot.storage.tables import SCHEMA, meta
from bot.storage.unnaming import Unnaming
from bot.storage.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from bot.ports import Store
    from bot.storage.erasures import Erasures


class SqlStore(  # one part for each verb's needs
    Replaying,
    Plans,
    Outbox,
    Collecting,
    Posts,
    Live,
    Bridging,
    Wishes,
    Inviting,
    Unnaming,
    Review,
    RulingLog,
    Directory,
    Errands,
    Repeats,
    Pictures,
    Keeping,
    Linked,
    Digests,
    Following,
    SigningUp,
    Permitting,
    Pages,
    Polls,
    Linking,
    Chronicling,
    Places,
    Running,
    Figures,
    Alerts,
    Letters,
    Badges,
    Downloads,
    Restoring,
):
    """``ports.Store`` over SQLite or PostgreSQL. May be used by several processes and threads at once."""


def open_store(url: str, *, pepper_source: Callable[[], bytes], erasures: Erasures | None = None) -> SqlStore:
    """Open a migrated database.

    Args:
        url: ``sqlite:///path`` or ``postgresql://…``.
        pepper_source: gives 16 to 64 secret random bytes (``secrets.token_bytes(32)``); asked once in the life of a
            database, the first time it is opened.
        erasures: the list that outlives the database; ``None`` for one that is never put back.

    Raises:
        StoreError: it cannot be reached, was never migrated, or is of another version than this program.
    """
    engine = connect(url)
    try:
        check_version(engine)
        store = SqlStore(engine, _pepper(engine, pepper_source), erasures)
        if erasures is not None:
            erasures.begin(store.database)
    except BaseException:
        engine.dispose()
        raise
    return store


def check_version(engine: Engine) -> None:
    """Refuse a database whose tables are older or newer than this program's.

    Raises:
        StoreError: says what to do.
    """
    found = version(engine)
    if found == SCHEMA:
        return
    where = engine.url.render_as_string(hide_password=True)
    if found is None:
        raise StoreError(f"The database {where} has no tables yet. Run `staffroom migrate`.")
    if found < SCHEMA:
        raise StoreError(f"The database {where} was made by an older Staffroom. Run `staffroom migrate`.")
    raise StoreError(
        f"The database {where} was made by a newer Staffroom (its version {found}, ours {SCHEMA}). "
        "Install that one or a later one; this one would not understand what it finds."
    )


def version(engine: Engine) -> str | None:
    """The revision of a database's tables; ``None`` where there are none."""
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        if not path.exists():  # asking SQLite would make it
            return None
    with transaction(engine, writing=False) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def _pepper(engine: Engine, source: Callable[[], bytes]) -> bytes:
    """This database's secret; made and kept if it has none. Of two that open it first, both get the same."""
    asked = select(meta.c.value).where(meta.c.name == "pepper")
    with transaction(engine, writing=False) as connection:
        pepper: bytes | None = connection.scalar(asked)
    if pepper is not None:
        return pepper
    with transaction(engine, writing=True) as connection:
        row = {"name": "pepper", "value": source()}
        connection.execute(inserting(connection, meta).on_conflict_do_nothing(), row)
        kept: bytes = connection.execute(asked).scalar_one()
        return kept


def _is_a_store(store: SqlStore) -> Store:
    """Let the type checker compare the class with its port."""
    return store
