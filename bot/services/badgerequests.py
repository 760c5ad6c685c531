"""END MY BADGES: whoever has badges ends them, before or after leaving, without asking anybody."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.badges import BADGES_ENDED
from bot.services.door import person_keys

if TYPE_CHECKING:
    from bot.ports import Store
    from bot.services.door import Request


def end_badges(store: Store, request: Request, said: datetime) -> bool:
    """Revoke all badges of the account that asks for it; gives whether any was good until now.

    The same request is met again with every sweep: a badge that was made since is not meant. What is published about it
    is signed anew before the next pages are (``bootstrap.issuer.vouch``).

    Args:
        store: the truth.
        request: theirs.
        said: when they said it, UTC.
    """
    mine = person_keys(store, request.post.author)[0]  # by its id alone: a handle may get another owner
    before = store.cursor(mine, BADGES_ENDED)
    if before and datetime.fromisoformat(before) >= said:
        return False
    ended = store.revoke_badges([mine])
    store.save_cursor(mine, BADGES_ENDED, said.isoformat())
    return ended > 0
