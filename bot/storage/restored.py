"""After a backup was put back: on which accounts it is known what was said since, and what was found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select, update

from bot.storage import codec
from bot.storage.base import RESTORED, Base, bump, drop_parts, put, restored_in
from bot.storage.engine import take_turns
from bot.storage.plans import close
from bot.storage.scrubbing import OPEN, scrub
from bot.storage.tables import deliveries, meta, parts, sweeps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.outbox import Draft, Part
    from bot.domain.restoring import Restored

_encode = msgspec.json.Encoder().encode


class Restoring(Base):
    """The store's methods for the first run after a backup was put back."""

    def restored(self) -> Restored | None:
        """That this store was put back from a backup; ``None`` where it never was."""
        with self._reading() as connection:
            return restored_in(connection)

    def draft(self, delivery: str) -> Draft | None:
        """What a delivery says, where that is frozen."""
        with self._reading() as connection:
            data = connection.scalar(select(deliveries.c.draft).where(deliveries.c.id == delivery))
            return None if data is None else codec.draft_from(data)

    def found_said(self, delivery: str, draft: Draft, parts: Sequence[Part], times: Mapping[int, datetime]) -> bool:
        """Note that a delivery, or some of it, was said before this store knew of it.

        Args:
            delivery: its id; one that is known to be ``sent`` is left as it is.
            draft: what it says.
            parts: all of it; those that were found are ``sent`` and have their addresses.
            times: when those went out, by position, UTC.

        Returns:
            Whether all of it is out.
        """
        whole = all(part.state == "sent" for part in parts)
        with self._writing() as connection:
            take_turns(connection)
            open_ones = update(deliveries).where(deliveries.c.id == delivery, deliveries.c.state != "sent")
            values = {"owner": None, "lease_until": None, "retry_at": None, "error": "", "draft": codec.to_json(draft)}
            state = {"state": "sent", "sent_at": max(times.values())} if whole else {"state": "frozen"}
            chat = connection.scalar(open_ones.values(values | state).returning(deliveries.c.chat))
            if chat is None:
                return whole
            drop_parts(connection, [delivery])
            rows = [
                codec.part_row(delivery, part, _answer_in(draft, part)) | {"sent_at": times.get(part.position)}
                for part in parts
            ]
            connection.execute(_parts.insert(), rows)
            self._erased |= scrub(connection, [delivery])
            bump(connection, [chat])
            return whole

    def not_said_again(self, delivery: str, why: str) -> bool:
        """Give up a delivery of which nothing is known to be out; false where there is none that is open."""
        with self._writing() as connection:
            take_turns(connection)
            this = select(deliveries.c.id).where(deliveries.c.id == delivery, deliveries.c.state.in_(OPEN))
            if connection.scalar(this.with_for_update()) is None:
                return False
            close(connection, [delivery], "missed")
            connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(error=codec.plain(why)))
            return True

    def settled(self, account: str, notes: Mapping[str, str]) -> None:
        """Note that it is known what an account of ours said since the backup; its chats are read anew.

        Args:
            account: its key.
            notes: by id, why deliveries that come to be written are not to be posted.
        """
        with self._writing() as connection:
            take_turns(connection)
            restored = restored_in(connection)
            if restored is None or account in restored.settled:
                return
            known = msgspec.structs.replace(
                restored, settled=(*restored.settled, account), notes={**restored.notes, **notes}
            )
            put(connection, meta, [{"name": RESTORED, "value": _encode(known)}])
            connection.execute(delete(sweeps).where(sweeps.c.account == account))


_parts = parts  # ``found_said`` has an argument of that name


def _answer_in(draft: Draft, part: Part) -> str:
    return draft.posts[part.post].answer if 0 <= part.post < len(draft.posts) else ""
