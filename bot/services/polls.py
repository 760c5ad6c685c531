"""Polls that are the network's own: how people voted is read until they are over, and once after; only numbers come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.sweeps import poll_due
from bot.services.readings import note_poll_asked, polls_asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from bot.domain.posts import PostRef
    from bot.ports import Due, Network, Store


def polls_to_read(
    store: Store, opened: Iterable[Due], account: str, now: datetime, *, everything: bool = False
) -> Mapping[str, PostRef]:
    """The polls that an account asked in open chats and that are to be read now, by their deliveries.

    ``everything``: due or not, but for those that are over.
    """
    wanted = {}
    for due in opened:
        chat = due.stored.chat
        numbers = [number for number, question in enumerate(chat.questions, start=1) if question.poll]
        if not numbers or account not in due.stored.series.accounts:
            continue
        over = {delivery for delivery, count in store.poll_counts(chat.id).items() if count.over}
        asked = {
            post.prompt: post
            for post in store.sent_posts(chat.id)
            if post.account == account and post.kind == "question" and post.position == 0 and post.number in numbers
        }
        last = polls_asked(store, account, asked) if asked else {}
        for prompt, post in asked.items():
            delivery = f"{prompt}@{account}"
            if delivery not in over and (everything or poll_due(chat, last.get(prompt, post.at), now)):
                wanted[delivery] = post.ref
    return wanted


def read_polls(store: Store, network: Network, wanted: Mapping[str, PostRef], now: datetime) -> None:
    """Ask how people voted in these polls (by delivery), and keep it.

    Of a poll about which nothing sure is told, what was known stays known; it is asked again in its turn.
    """
    found = network.polls(tuple(wanted.values()))
    for delivery, ref in wanted.items():
        count = found.get(ref.id)
        if count is not None:
            store.save_poll_count(delivery, count, now)
        note_poll_asked(store, network.account, delivery.removesuffix(f"@{network.account}"), now)
