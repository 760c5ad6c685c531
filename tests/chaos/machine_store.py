"""The real store over a file that begins anew with each play, with a point around each commit."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from bot.domain.outbox import DELIVERY_MOVES
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store


class Store(SqlStore):
    """The store, at whose commits a bot may die or be overtaken."""

    def __init__(self, engine: Engine, pepper: bytes, point: Callable[[str], None]) -> None:
        super().__init__(engine, pepper)
        self._point = point

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with super()._writing() as connection:
            yield connection
            self._point("in a transaction")
        self._point("committed")


class Database:
    """One file for all plays of a test. The engine stays, and with it every statement that it has compiled."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "staffroom.db"
        self._file.write_bytes(_template())
        opened = open_store(f"sqlite:///{self._file}", pepper_source=lambda: b"p" * 32)
        self._engine, self._pepper = opened._engine, opened._pepper
        # The file need not outlive a power cut; whoever dies in a play leaves it as SIGKILL would.
        event.listen(self._engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF").close())
        self._rows: sqlite3.Connection | None = None

    def begin(self, point: Callable[[str], None]) -> tuple[Store, sqlite3.Connection]:
        """An empty store, and a connection beside it for looking into its tables; both end with the next one's."""
        self.close()
        for rest in ("-wal", "-shm"):
            Path(f"{self._file}{rest}").unlink(missing_ok=True)
        self._file.write_bytes(_template())
        self._rows = sqlite3.connect(self._file, isolation_level=None)
        return Store(self._engine, self._pepper, point), self._rows

    def close(self) -> None:
        if self._rows is not None:
            self._rows.close()
        self._engine.dispose()


@cache
def _template() -> bytes:
    """An empty database that refuses every move of a delivery that the declared graph does not have."""
    allowed = " OR ".join(
        f"(old.state = '{before}' AND new.state = '{after}')"
        for before, moves in DELIVERY_MOVES.items()
        for after in moves
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "template.db")
        migrate(f"sqlite:///{file}")
        open_store(f"sqlite:///{file}", pepper_source=lambda: b"p" * 32).close()
        with sqlite3.connect(file) as rows:
            rows.execute(f"""
                CREATE TRIGGER only_declared_moves BEFORE UPDATE OF state ON deliveries
                WHEN old.state <> new.state AND NOT ({allowed})
                BEGIN SELECT RAISE(ABORT, 'a move that the graph does not have'); END""")
            rows.execute("""
                CREATE TRIGGER sent_is_sent BEFORE UPDATE ON parts
                WHEN old.state = 'sent' AND (new.state <> 'sent' OR new.remote IS NOT old.remote)
                BEGIN SELECT RAISE(ABORT, 'a part that was sent is not any more'); END""")
        rows.close()
        return file.read_bytes()
