"""Plan: what series say becomes chats, prompts and deliveries in the store. Running it twice changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.followups import follow_ups
from bot.domain.outbox import Delivery
from bot.domain.planning import keep_closing
from bot.domain.prompts import prompts
from bot.domain.schedule import planned_chats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.chats import Chat
    from bot.domain.followups import FollowUp
    from bot.domain.posts import NetworkName
    from bot.domain.prompts import Prompt
    from bot.domain.series import Series
    from bot.ports import Store


def plan(store: Store, series: Sequence[Series], networks: Mapping[str, NetworkName], now: datetime) -> None:
    """Make the stored plan equal what the series say, wherever nothing was sent yet.

    Args:
        store: the truth.
        series: all series as their files stand now; a stored one that is missing here has its unsent chats
            cancelled, and keeps its archive.
        networks: which network each account key speaks on.
        now: UTC.
    """
    stored_before = store.chats()
    known = {stored.chat.id: stored.chat for stored in stored_before}
    for one in series:
        chats = keep_closing(planned_chats(one), known, now)
        said = [prompt for chat in chats for prompt in prompts(one, chat) if prompt.kind != "digest"]
        deliveries = planned_deliveries(one, said, networks)
        by_id = {chat.id: chat for chat in chats}
        for asked in store.followed(one.slug):
            if asked.chat in by_id and asked.account in networks:
                later, theirs = planned_follow_ups(one, by_id[asked.chat], asked, networks)
                said, deliveries = [*said, *later], (*deliveries, *theirs)
        store.save_plan(one, chats, said, deliveries, now)
    wanted = {one.slug for one in series}
    for gone in {stored.series.slug: stored.series for stored in stored_before}.values():
        if gone.slug not in wanted:
            store.save_plan(gone, (), (), (), now)


def planned_follow_ups(
    series: Series, chat: Chat, asked: FollowUp, networks: Mapping[str, NetworkName]
) -> tuple[tuple[Prompt, ...], tuple[Delivery, ...]]:
    """What is asked about one answer later, on the account that was told to; see ``domain.followups``."""
    later = follow_ups(series, chat, asked.answer)
    here = msgspec.structs.replace(series, accounts=(asked.account,))
    return later, planned_deliveries(here, later, networks)


def planned_deliveries(
    series: Series, said: Sequence[Prompt], networks: Mapping[str, NetworkName]
) -> tuple[Delivery, ...]:
    """One delivery for each prompt on each of the series' accounts."""
    return tuple(
        Delivery(
            id=f"{prompt.id}@{account}",
            prompt=prompt.id,
            chat=prompt.chat,
            series=series.slug,
            account=account,
            network=networks[account],
            order=prompt.order,
            at=prompt.at,
            useful_until=prompt.useful_until,
        )
        for prompt in said
        for account in series.accounts
    )
