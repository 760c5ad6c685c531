"""Taking back what digests chose, where it may not be shown any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from bot.domain.holding import preview_errands
from bot.storage.base import chunks
from bot.storage.tables import digests, errands, picks

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def unpick(connection: Connection, keys: Collection[str], chat: str = "") -> None:
    """Forget that digests (of one chat) chose answers (by node key).

    Where such a digest is held and its hosts have not been sent yet what is chosen, they are told anew: what was to be
    sent has the answers' addresses in it.
    """
    here = (picks.c.chat == chat,) if chat else ()
    for some in chunks(keys):
        these = (picks.c.answer.in_(some), *here)
        held = select(digests.c.chat).join(picks, picks.c.chat == digests.c.chat).where(*these).distinct()
        for one in sorted(connection.scalars(held)):
            of_this = errands.c.id.startswith(preview_errands(one), autoescape=True)
            if connection.execute(delete(errands).where(of_this, errands.c.done_at.is_(None))).rowcount:
                connection.execute(update(digests).where(digests.c.chat == one).values(told=False))
        connection.execute(delete(picks).where(*these))
