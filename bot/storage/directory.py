"""Who asked what of us, and who wants to be found: the directory of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from bot.domain.consent import Wish
from bot.domain.naming import naming
from bot.domain.people import together, wants_listing
from bot.domain.posts import handle_id
from bot.storage import codec
from bot.storage.base import Base
from bot.storage.tables import accounts, consents

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.domain.posts import Account

_ANYBODY_LISTED = select(exists().where(consents.c.kind == "listed"))


class Directory(Base):
    """The store's methods about people as people."""

    def listed(self) -> tuple[Account, ...]:
        """Who asked to be in the directory of people: only by their own name, and while words of theirs are kept.

        In order of the accounts' keys, which tells nothing.
        """
        with self._reading() as connection:
            if not connection.scalar(_ANYBODY_LISTED):
                return ()
            asked, people = _asked(connection), _people(connection)
        mine = ((account, self._wishes_of(key, account, asked)) for key, account in people.items())
        return tuple(account for account, wishes in mine if wants_listing(wishes) and naming(wishes) == "named")

    def wishing(self) -> tuple[tuple[Account | None, tuple[Wish, ...]], ...]:
        """Everybody who ever asked something of us, with all they asked; ``None`` for whom no words are kept.

        Of these only keyed hashes are known, several of one person. They are told to be one person's by what was asked
        under them at the same moment: enough to count people, though two who left at once may count as one.
        """
        with self._reading() as connection:
            asked, people = _asked(connection), _people(connection)
        named: list[tuple[Account | None, tuple[Wish, ...]]] = []
        for key, account in people.items():
            wishes = self._wishes_of(key, account, asked)
            if wishes:
                named.append((account, wishes))
            asked.pop(key, None)
            asked.pop(self._handle_key(account), None)
        return (*named, *((None, wishes) for wishes in together(asked.values())))

    def _wishes_of(self, key: str, account: Account, asked: dict[str, list[Wish]]) -> tuple[Wish, ...]:
        """What was asked under an account's id, and under its handle where only that was known; each event once."""
        both = (*asked.get(key, ()), *asked.get(self._handle_key(account), ()))
        return tuple(sorted(dict.fromkeys(both), key=lambda wish: (wish.at, wish.kind, wish.series)))

    def _handle_key(self, account: Account) -> str:
        return self.key(account.network, handle_id(account.handle))


def _asked(connection: Connection) -> dict[str, list[Wish]]:
    found: dict[str, list[Wish]] = {}
    for row in connection.execute(select(consents).order_by(consents.c.account, consents.c.at, consents.c.kind)):
        found.setdefault(row.account, []).append(Wish(kind=row.kind, series=row.series, at=row.at))
    return found


def _people(connection: Connection) -> dict[str, Account]:
    """Accounts of whom words are kept, by key."""
    rows = connection.execute(select(accounts).order_by(accounts.c.key))
    return {row.key: codec.account_from(row.data) for row in rows}
