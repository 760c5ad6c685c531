"""Connections, versions and migrations; what differs between databases, and what the contract suite cannot see."""

import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from bot.errors import StoreError, UserError
from bot.storage import engine as engine_module
from bot.storage.columns import micros, moment_of
from bot.storage.engine import connect, empty_wal, shrink, transaction
from bot.storage.migrate import configuration, migrate
from bot.storage.store import open_store, version
from bot.storage.tables import SCHEMA, metadata

if TYPE_CHECKING:
    from networks.postgres_server import PostgresServer


def pepper() -> bytes:
    return b"p" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.fresh_database()


def set_version(url: str, found: str) -> None:
    engine = connect(url)
    with transaction(engine, writing=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    engine.dispose()


def test_migrations_make_exactly_the_tables_of_the_code(url: str) -> None:
    migrate(url)
    engine = connect(url)
    with transaction(engine, writing=False) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrating_again_changes_nothing(url: str) -> None:
    assert migrate(url) == (None, SCHEMA)
    assert migrate(url) == (SCHEMA, SCHEMA)


def test_the_newest_migration_is_the_codes_version() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert scripts.get_current_head() == SCHEMA
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)  # numbered, so that older and newer can be told apart


def test_a_database_without_tables_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"no tables yet.*staffroom migrate"):
        open_store(url, pepper_source=pepper)


def test_opening_never_makes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(StoreError, match="staffroom migrate"):
        open_store(f"sqlite:///{path}", pepper_source=pepper)
    assert not path.exists()


def test_an_older_database_is_refused_and_mended_by_migrate(url: str) -> None:
    migrate(url)
    set_version(url, "0000")
    with pytest.raises(StoreError, match=r"older Staffroom.*staffroom migrate"):
        open_store(url, pepper_source=pepper)


def test_a_newer_database_is_refused(url: str) -> None:
    migrate(url)
    set_version(url, "9999")
    with pytest.raises(StoreError, match="newer Staffroom"):
        open_store(url, pepper_source=pepper)
    with pytest.raises(StoreError, match="newer Staffroom"):
        migrate(url)


def test_the_secret_is_made_once(url: str) -> None:
    migrate(url)
    first = open_store(url, pepper_source=lambda: b"a" * 32)
    second = open_store(url, pepper_source=lambda: b"b" * 32)
    assert first.key("bluesky", "at://x") == second.key("bluesky", "at://x") != ""
    assert first.key("mastodon", "at://x") != first.key("bluesky", "at://x")
    assert first.key("bluesky", "") == ""
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://host/db", "not in mysql"),
        ("nonsense", "cannot be read"),
    ],
)
def test_a_url_we_cannot_use_is_explained(url: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        migrate(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:planted@127.0.0.1:port/x",
        "postgresql://bot@127.0.0.1:planted/x",
        "postgresql://bot:planted@[::1/x",
        "postgresql://bot:pa@planted@127.0.0.1:1/x",
        "postgresql://bot:pa@host/planted@127.0.0.1:1/x",
    ],
)
def test_a_url_that_cannot_be_meant_is_not_repeated(url: str) -> None:
    with pytest.raises(UserError, match="URL cannot be read") as caught:
        connect(url)

    assert "planted" not in str(caught.value)


def test_a_name_with_an_at_sign_may_stand_before_the_password() -> None:
    assert connect("postgresql://bot@house:secret@127.0.0.1:1/x").url.username == "bot@house"


def test_an_option_that_no_driver_knows_is_explained() -> None:
    with pytest.raises(StoreError, match="nonsense"):
        migrate("postgresql://bot:planted@127.0.0.1:1/x?nonsense=1")


def test_plain_postgresql_urls_mean_our_driver() -> None:
    engine = connect("postgresql://amy:secret@localhost/chats")
    assert engine.dialect.driver == "psycopg"


def test_an_unreachable_database_is_explained_without_its_password() -> None:
    with pytest.raises(StoreError, match="cannot be used") as caught:
        migrate("postgresql://amy:hunter2@127.0.0.1:1/chats")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 200)
    with pytest.raises(StoreError, match="cannot be"):
        migrate(f"sqlite:///{path}")
    assert path.read_text().startswith("Dear diary")


def test_a_folder_that_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        migrate(f"sqlite:///{tmp_path / 'none' / 'x.db'}")


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    migrate(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sqlite_is_set_up_for_many_writers(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'x.db'}")
    with transaction(engine, writing=False) as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    engine.dispose()
    expected = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 15_000}
    assert found == expected


def test_a_database_that_another_program_keeps_writing_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot that was stopped in mid-write lets nobody else write: whoever is refused must learn where to look."""
    monkeypatch.setattr(engine_module, "_PRAGMAS", ("PRAGMA busy_timeout = 1", "PRAGMA journal_mode = WAL"))
    stopped, other = (connect(f"sqlite:///{tmp_path / 'x.db'}") for _ in range(2))
    with transaction(stopped, writing=True), pytest.raises(StoreError) as caught, transaction(other, writing=True):
        pass
    assert str(caught.value) == (
        f"The database sqlite:///{tmp_path / 'x.db'} cannot be used: another program has been writing to it for more "
        "than 15 s. If that is a Staffroom that was stopped in mid-write, let it go on or end it; "
        f"`fuser {tmp_path / 'x.db'}` names it. Nothing of this step was stored; it can be tried again."
    )
    stopped.dispose()
    other.dispose()


def test_writers_wait_for_each_other_and_lose_nothing(url: str) -> None:
    migrate(url)
    stores = [open_store(url, pepper_source=pepper) for _ in range(4)]

    def work(number: int) -> None:
        for step in range(25):
            stores[number].save_cursor("sky", f"stream {number} {step}", "x")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(stores[0].cursor("sky", f"stream {number} {step}") for number in range(4) for step in range(25))
    for each in stores:
        each.close()


def test_the_log_is_emptied_once_no_reader_holds_on_to_it(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    url = f"sqlite:///{path}"
    migrate(url)
    store = open_store(url, pepper_source=pepper)
    store.save_cursor("sky", "s", "before")
    assert (tmp_path / "x.db-wal").stat().st_size > 0
    assert empty_wal(store._engine)
    assert (tmp_path / "x.db-wal").stat().st_size == 0
    store.close()


def test_a_file_that_cannot_be_tidied_is_explained(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    migrate(url)
    engine = connect(url)
    event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA query_only = ON"))
    with pytest.raises(StoreError, match="could not be tidied: attempt to write"):
        shrink(engine)
    engine.dispose()


def test_a_migration_goes_back_without_losing_what_was_there(url: str) -> None:
    migrate(url)
    engine = connect(url)
    chat = "('s/1', 's', 0, 0, 1, FALSE, NULL, '')"
    post = "(1, 'k', '', '', '', 0, 'kept', 'bluesky', NULL, 0, 0, NULL, '', NULL)"
    rows = {
        "series": "('s', 0, 0, '')",
        "chats": chat,
        "posts": post,
        "chat_posts": "('s/1', 1, TRUE, TRUE, TRUE, TRUE, 'everyone', 'asked')",
        "answers": "('s/1', 1, 's/1/q1', 'reply')",
    }

    def run(act: Callable[[Connection], object]) -> None:
        with transaction(engine, writing=True) as connection:
            act(connection)

    def counts(connection: Connection) -> list[int]:
        return [connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one() for table in rows]  # noqa: S608 - our own names

    def fill(connection: Connection) -> None:
        for table, row in rows.items():
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES {row}")  # noqa: S608 - our own names

    run(fill)
    for _ in range(2):
        run(lambda connection: command.downgrade(configuration(connection), "0001"))
        assert version(engine) == "0001"
        run(lambda connection: command.upgrade(configuration(connection), SCHEMA))
        with transaction(engine, writing=False) as connection:
            assert counts(connection) == [1] * len(rows)
            # Until then a photo or a delicate label was why.
            assert connection.exec_driver_sql("SELECT held FROM chat_posts").scalar_one() == "photo"
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_an_error_of_ours_rolls_everything_back(url: str) -> None:
    migrate(url)
    store = open_store(url, pepper_source=pepper)

    class Ours(Exception):
        pass

    def fail() -> None:
        with store._writing() as connection:
            connection.exec_driver_sql("INSERT INTO cursors VALUES ('sky', 's', 'x')")
            raise Ours

    with pytest.raises(Ours):
        fail()
    assert store.cursor("sky", "s") == ""
    store.close()


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])))
def test_moments_survive_to_the_microsecond(moment: datetime) -> None:
    assert moment_of(micros(moment)) == moment
    assert moment_of(micros(moment)).tzinfo is UTC


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_moments_sort_as_times_do(one: datetime, other: datetime) -> None:
    assert (micros(one) < micros(other)) == (one < other)


def test_a_time_without_a_zone_is_a_bug() -> None:
    with pytest.raises(TypeError):
        micros(datetime(2027, 1, 1))  # noqa: DTZ001 - that is the mistake


def test_a_database_server_that_was_started_anew_costs_nobody_a_step(postgres_server: "PostgresServer") -> None:
    """Its old connections are gone, and the pool does not know."""
    url = postgres_server.fresh_database()
    engine, other = connect(url), connect(url)
    with transaction(engine, writing=False) as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    with transaction(other, writing=False) as connection:
        assert connection.scalar(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
    with transaction(engine, writing=True) as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != pid
    engine.dispose()
    other.dispose()
