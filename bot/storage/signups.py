"""Who comes to an event: remembered until it is over and a while longer, and gone with who leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, or_, select, update

from bot.domain.teachmeets import FORGOTTEN_AFTER, SignUp
from bot.storage.base import Base, bump, note, put
from bot.storage.engine import take_turns
from bot.storage.tables import chats, sign_ups

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from bot.storage.erasures import Line

_COMING = select(sign_ups).where(sign_ups.c.coming).order_by(sign_ups.c.at, sign_ups.c.account)
_IN_CHAT = _COMING.where(sign_ups.c.chat == bindparam("of"))
_HOW_MANY = select(func.count()).where(sign_ups.c.chat == bindparam("of"), sign_ups.c.coming)
_OLD = sign_ups.c.chat.in_(select(chats.c.id).where(chats.c.ends_at <= bindparam("before")))


class SigningUp(Base):
    """The store's methods about lists of events."""

    def sign_up(self, one: SignUp) -> bool:
        """Remember that somebody comes, or does not; gives whether that is new. What was said last counts."""
        mine = (sign_ups.c.chat == one.chat, sign_ups.c.account == one.account)
        with self._writing() as connection:
            take_turns(connection)
            before = connection.execute(select(sign_ups).where(*mine)).one_or_none()
            coming = before is not None and before.coming
            if before and (before.at >= one.at or (coming and one.coming)):  # who says it again keeps their place
                return False
            put(connection, sign_ups, [_row(one)])
            if not one.coming:
                note(connection, "signed-off", key=one.account, chat=one.chat, at=one.at)
            if coming == one.coming:
                return False
            self._erased |= coming
            bump(connection, [one.chat])
            return True

    def signed_up(self, chat: str) -> tuple[SignUp, ...]:
        """Who comes to an event (by the id of its chat), who said so first first."""
        with self._reading() as connection:
            return tuple(SignUp(**row._mapping) for row in connection.execute(_IN_CHAT, {"of": chat}))  # noqa: SLF001

    def signed_up_as(self, keys: Collection[str]) -> tuple[SignUp, ...]:
        """Where somebody is on a list, by the keys of an account's id and handle."""
        with self._reading() as connection:
            rows = connection.execute(_COMING.where(_theirs(keys)))
            return tuple(SignUp(**row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's documented access by name

    def forget_sign_ups(self, now: datetime) -> int:
        """Forget the lists of events that have been over for ``FORGOTTEN_AFTER``; gives how many names went."""
        since = {"before": now - FORGOTTEN_AFTER}
        with self._reading() as connection:
            if connection.scalar(select(sign_ups.c.chat).where(_OLD).limit(1), since) is None:
                return 0
        with self._writing() as connection:
            take_turns(connection)
            old = set(connection.scalars(select(sign_ups.c.chat).where(_OLD), since))
            self._erased = True
            bump(connection, old)
            return connection.execute(delete(sign_ups).where(_OLD), since).rowcount


def coming_to(connection: Connection, chat: str) -> int:
    """How many people said that they come to an event."""
    return connection.scalar(_HOW_MANY, {"of": chat}) or 0


def take_off_lists(connection: Connection, keys: Collection[str]) -> bool:
    """Take somebody off all lists, by keys of an account's id and handle; gives whether they were on one."""
    touched = set(connection.scalars(select(sign_ups.c.chat).where(_theirs(keys))))
    if touched:
        connection.execute(delete(sign_ups).where(_theirs(keys)))
        bump(connection, touched)
    return bool(touched)


def sign_off_again(connection: Connection, lines: Iterable[Line]) -> None:
    """Take off lists, in a backup that does not know of it, who said that they do not come after all."""
    for line in lines:
        mine = (sign_ups.c.chat == line.chat, sign_ups.c.account == line.key, sign_ups.c.at < line.at)
        connection.execute(update(sign_ups).where(*mine).values(coming=False, handle="", at=line.at))


def _theirs(keys: Collection[str]) -> ColumnElement[bool]:
    return or_(sign_ups.c.account.in_(keys), sign_ups.c.called.in_(keys))


def _row(one: SignUp) -> dict[str, object]:
    return {name: getattr(one, name) for name in SignUp.__struct_fields__}
