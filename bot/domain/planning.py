"""What has to change in the outbox when a plan is saved: stored deliveries on one side, wanted ones on the other.

A delivery of which anything left for a network, perhaps or for certain, is never touched: it is finished as it was
begun. Everything else follows the plan. See ``difference``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.outbox import Delivery
from bot.domain.series import at_the_end

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from bot.domain.chats import Chat
    from bot.domain.series import Series


class Changes(msgspec.Struct, frozen=True):
    """What to do with the outbox.

    Attributes:
        add: new rows.
        reset: rows that are ``planned`` from now on with these values, without parts, lease, retry or error.
        cancel: ids of rows that become ``cancelled``.
    """

    add: tuple[Delivery, ...] = ()
    reset: tuple[Delivery, ...] = ()
    cancel: tuple[str, ...] = ()


def begun(delivery: Delivery) -> bool:
    """Whether anything of it is on its network, or may be."""
    return any(part.state != "ready" for part in delivery.parts)


def same_source(before: Series, after: Series) -> bool:
    """Whether a series says the same, but for what changes no other chat.

    Dated entries, events and stories each count for themselves alone; evidence is in no chat.
    """
    bare = {"chats": (), "events": (), "stories": (), "evidence": ()}
    return msgspec.structs.replace(before, **bare) == msgspec.structs.replace(after, **bare)


def over(chats: Sequence[Chat], now: datetime) -> frozenset[str]:
    """Ids of chats that have ended: nothing new is planned for them."""
    return frozenset(chat.id for chat in chats if chat.ends_at <= now)


def keep_closing(chats: Sequence[Chat], known: Mapping[str, Chat], now: datetime) -> tuple[Chat, ...]:
    """The same chats, of which those that are over keep the questions that were asked at their end, or none.

    The series' file says them for all chats at once. Who changes or drops them there does not mean those that were
    asked.

    Args:
        chats: as the series' file has them now.
        known: chats as they were stored before, by id.
        now: UTC.
    """
    return tuple(chat if chat.ends_at > now else _asked_before(chat, known.get(chat.id)) for chat in chats)


def _asked_before(chat: Chat, before: Chat | None) -> Chat:
    asked = [question for question in chat.questions if not at_the_end(question)]
    closing = [question for question in before.questions if at_the_end(question)] if before else []
    return msgspec.structs.replace(chat, questions=(*asked, *closing))


def difference(
    stored: Sequence[Delivery],
    wanted: Sequence[Delivery],
    *,
    changed: Collection[str],
    closed: Collection[str],
    ended: Collection[str],
    now: datetime,
    since: datetime | None = None,
) -> Changes:
    """Compare the outbox of one series with what its plan wants.

    Args:
        stored: all deliveries of the series as they are.
        wanted: all deliveries of the plan, as ``planned`` ones.
        changed: ids of chats whose words may be others than before (the chat's entry or the series changed).
        closed: ids of chats that a moderator cancelled; the plan does not bring them back.
        ended: ids of chats that are over; they get no new deliveries.
        now: UTC; what is past its useful life by then is neither added nor brought back.
        since: in place of ``now`` for what is added, where it is not known what was said from then on.
    """
    added_from = now if since is None else since
    known = {delivery.id: delivery for delivery in stored}
    plan = {delivery.id: delivery for delivery in wanted if delivery.chat not in closed}
    return Changes(
        add=tuple(
            delivery
            for delivery in plan.values()
            if delivery.id not in known and delivery.useful_until > added_from and delivery.chat not in ended
        ),
        reset=_resets(known, plan, changed, now),
        cancel=tuple(
            delivery.id
            for delivery in stored
            if delivery.id not in plan and delivery.state in ("planned", "frozen") and not begun(delivery)
        ),
    )


def _resets(
    known: Mapping[str, Delivery], plan: Mapping[str, Delivery], changed: Collection[str], now: datetime
) -> tuple[Delivery, ...]:
    return tuple(
        after
        for after in plan.values()
        if after.id in known and _starts_anew(known[after.id], after, after.chat in changed, now)
    )


def _starts_anew(before: Delivery, after: Delivery, changed: bool, now: datetime) -> bool:  # noqa: FBT001 - private
    """Whether a stored delivery becomes ``planned`` (again) with the plan's values."""
    if begun(before):
        return False
    match before.state:
        case "planned" | "frozen":
            return changed or _moved(before, after)
        case "missed":  # one that was not to be said again, though its time is not over, stays so unless it is moved
            return after.useful_until > now and _moved(before, after)
        case "cancelled":
            return after.useful_until > now
        case "refused":
            return changed and after.useful_until > now
        case "sent":
            return False


def _moved(before: Delivery, after: Delivery) -> bool:
    return (before.at, before.useful_until, before.order, before.network) != (
        after.at,
        after.useful_until,
        after.order,
        after.network,
    )
