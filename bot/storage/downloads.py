"""Which records wait to be fetched: one for each account, among the cursors, under keyed hashes. They go with a wish
to leave or to wait (``wishes.py``), when words that may be in them are erased (``erasing.py``) or change, and when the
accounts that are in them are one person no more (``linked.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select

from bot.domain.downloads import OFFERED, TOLD_OF_DOWNLOADS, Download
from bot.domain.takingpart import RECORD_WRITTEN
from bot.storage.base import Base, put
from bot.storage.tables import cursors, errands

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Connection

_download = msgspec.json.Decoder(Download)
_OFFERED = select(cursors.c.value).where(cursors.c.stream == OFFERED)


class Downloads(Base):
    """The store's methods about one-time downloads (``ports.downloads.DownloadBook``)."""

    def offer(self, download: Download) -> None:
        """Remember that a record waits. What waited for the same account ends, and so does telling of it."""
        row = {"account": download.account, "stream": OFFERED, "value": msgspec.json.encode(download).decode()}
        with self._writing() as connection:
            self._erased |= forget_errands(connection, TOLD_OF_DOWNLOADS, download.account)
            put(connection, cursors, [row])

    def downloads(self) -> tuple[Download, ...]:
        """All that wait, fetched or too old ones among them until they are ended; in order of name."""
        with self._reading() as connection:
            found = connection.scalars(_OFFERED)
            return tuple(sorted(map(_download.decode, found), key=lambda one: one.name))

    def end_downloads(self, names: Collection[str]) -> None:
        """Forget those of these names."""
        for one in self.downloads():
            if one.name in names:
                this = cursors.c.account == one.account, cursors.c.stream == OFFERED
                value = msgspec.json.encode(one).decode()  # another may wait for the same account by now
                with self._writing() as connection:
                    connection.execute(delete(cursors).where(*this, cursors.c.value == value))


def end_downloads_of(connection: Connection, authors: Collection[str]) -> bool:
    """End the records with words of these accounts (by key), for such words are being erased, or changed.

    Those that asked wait for a record again. Gives whether a message with an address went, too.
    """
    gone = frozenset(authors)
    return _end(connection, lambda one: not gone.isdisjoint((one.account, *one.others)))


def end_downloads_of_parted(connection: Connection, persons: Mapping[str, tuple[str, ...]]) -> bool:
    """The same for records of several accounts that are not one person (``linked.persons``) any more."""
    return _end(connection, lambda one: not set(one.others) <= set(persons.get(one.account, ())))


def _end(connection: Connection, ends: Callable[[Download], bool]) -> bool:
    told = False
    for value in connection.scalars(_OFFERED).all():
        one = _download.decode(value)
        if ends(one):
            offered = cursors.c.account == one.account, cursors.c.stream == OFFERED
            written = cursors.c.account.in_((one.account, *one.others)), cursors.c.stream == RECORD_WRITTEN
            connection.execute(delete(cursors).where(*offered))
            connection.execute(delete(cursors).where(*written))
            told |= forget_errands(connection, TOLD_OF_DOWNLOADS, one.account)
    return told


def forget_errands(connection: Connection, beginning: str, account: str) -> bool:
    """Forget errands about an account (by key) that are not done, with their words; gives whether there were any."""
    theirs = errands.c.id.startswith(beginning, autoescape=True) & errands.c.id.endswith(account, autoescape=True)
    return bool(connection.execute(delete(errands).where(theirs, errands.c.done_at.is_(None))).rowcount)
