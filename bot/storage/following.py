"""Who asked to be asked what came of what they try: remembered by their answer's node key, gone with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, exists, or_, select, update

from bot.domain.followups import FollowUp
from bot.storage import codec
from bot.storage.base import Base, chunks, inserting, note, put
from bot.storage.engine import take_turns
from bot.storage.plans import BEGUN, add_deliveries, close
from bot.storage.scrubbing import OPEN
from bot.storage.tables import chats, deliveries, follow_ups, posts, prompts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.domain.outbox import Delivery
    from bot.domain.prompts import Prompt

_ASKED = and_(
    follow_ups.c.asked_at.is_not(None),
    or_(follow_ups.c.ended_at.is_(None), follow_ups.c.ended_at < follow_ups.c.asked_at),
)

_FOLLOWED = select(follow_ups.c.post, follow_ups.c.chat, follow_ups.c.account).where(_ASKED).order_by(follow_ups.c.post)
_FOLLOWED_IN = _FOLLOWED.join(chats, chats.c.id == follow_ups.c.chat).where(chats.c.series == bindparam("series"))


class Following(Base):
    """The store's methods about follow-ups."""

    def follow(self, asked: FollowUp, at: datetime, prompts: Sequence[Prompt], deliveries: Sequence[Delivery]) -> bool:
        """Remember that an author asked to be asked about an answer, and plan it; gives whether that is new.

        The later of asking and ending counts, so that the same words met again change nothing.
        """
        with self._writing() as connection:
            take_turns(connection)
            before = connection.execute(select(follow_ups).where(follow_ups.c.post == asked.answer)).one_or_none()
            ended = before.ended_at if before else None
            if (before and before.asked_at and before.asked_at >= at) or (ended and ended >= at):
                return False
            row = {"post": asked.answer, "chat": asked.chat, "account": asked.account, "asked_at": at}
            put(connection, follow_ups, [row | {"ended_at": ended}])
            _drop_planned(connection, [asked.answer], cancelled=True)
            rows = [codec.prompt_row(prompt) for prompt in prompts]
            if rows:
                connection.execute(inserting(connection, _prompts).on_conflict_do_nothing(), rows)
            add_deliveries(connection, deliveries)
            return True

    def unfollow(self, asked: FollowUp, at: datetime) -> bool:
        """Remember that somebody wants no follow-ups about an answer any more; gives whether there were any to come.

        What is on its way already is finished; all else is cancelled in the same transaction.
        """
        with self._writing() as connection:
            take_turns(connection)
            before = connection.execute(select(follow_ups).where(follow_ups.c.post == asked.answer)).one_or_none()
            if before and before.ended_at and before.ended_at >= at:
                return False
            row = {"post": asked.answer, "chat": asked.chat, "account": asked.account, "ended_at": at}
            put(connection, follow_ups, [row])
            note(connection, "unfollowed", key=asked.answer, at=at)
            cancel_planned(connection, [asked.answer])
            return bool(before and before.asked_at and (before.ended_at is None or before.ended_at < before.asked_at))

    def followed(self, series: str = "") -> tuple[FollowUp, ...]:
        """Who wants to be asked now (in one series), in the order of answers' keys."""
        with self._reading() as connection:
            rows = connection.execute(_FOLLOWED_IN, {"series": series}) if series else connection.execute(_FOLLOWED)
            return tuple(FollowUp(row.post, row.chat, row.account) for row in rows)

    def followed_of(self, account_key: str) -> tuple[FollowUp, ...]:
        """The same of one person, by the key of an account whose words are kept."""
        query = (
            select(follow_ups.c.post, follow_ups.c.chat, follow_ups.c.account)
            .join(posts, posts.c.key == follow_ups.c.post)
            .where(_ASKED, posts.c.account == account_key)
            .order_by(follow_ups.c.post)
        )
        with self._reading() as connection:
            return tuple(FollowUp(row.post, row.chat, row.account) for row in connection.execute(query))


def cancel_planned(connection: Connection, keys: Collection[str]) -> None:
    """Cancel what is still to be asked about answers, where nothing of it is, or may be, on its network."""
    for some in chunks(keys):
        about = select(prompts.c.id).where(prompts.c.answer.in_(some))
        unsent = select(deliveries.c.id).where(deliveries.c.prompt.in_(about), deliveries.c.state.in_(OPEN), ~BEGUN)
        close(connection, connection.scalars(unsent).all(), "cancelled")


def forget_follow_ups(connection: Connection, keys: Collection[str], chat: str = "") -> None:
    """Forget that follow-ups were asked for about answers that go (from one chat), and those that never went out."""
    for some in chunks(keys):
        rows = delete(follow_ups).where(follow_ups.c.post.in_(some))
        connection.execute(rows.where(follow_ups.c.chat == chat) if chat else rows)
    _drop_planned(connection, keys, chat)


def end_again(connection: Connection, ended: Sequence[tuple[str, datetime]]) -> None:
    """End follow-ups anew, in a backup that does not know of it: by answer's node key, and when that was said."""
    for key, at in ended:
        later = or_(follow_ups.c.ended_at.is_(None), follow_ups.c.ended_at < at)
        connection.execute(update(follow_ups).where(follow_ups.c.post == key, later).values(ended_at=at))
        asked = select(follow_ups.c.post).where(follow_ups.c.post == key, _ASKED)
        if connection.scalar(asked) is None:
            cancel_planned(connection, [key])


def _drop_planned(connection: Connection, keys: Collection[str], chat: str = "", *, cancelled: bool = False) -> None:
    """Delete prompts about answers of which nothing is, or may be, on a network; only cancelled ones, if so asked."""
    for some in chunks(keys):
        begun = exists().where(deliveries.c.prompt == prompts.c.id, BEGUN)
        gone = select(prompts.c.id).where(prompts.c.answer.in_(some), prompts.c.answer != "", ~begun)
        if chat:
            gone = gone.where(prompts.c.chat == chat)
        if cancelled:
            still = exists().where(deliveries.c.prompt == prompts.c.id, deliveries.c.state != "cancelled")
            gone = gone.where(~still)
        ids = connection.scalars(gone).all()
        for these in chunks(ids):
            connection.execute(delete(deliveries).where(deliveries.c.prompt.in_(these)))
            connection.execute(delete(prompts).where(prompts.c.id.in_(these)))


# ``follow`` has arguments of these names, as the port says.
_prompts = prompts
